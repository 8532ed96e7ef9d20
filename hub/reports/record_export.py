"""Records as rows of a file that `hub records import` reads again."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports import records
from hub.reports.record_search import kinds
from hub.store.tables import Binding, Connector, Enablement, RecordRow

HEAD = ("connector", "entity", "entity_key", "name", "enabled", "reference_id")
PAGE = 1_000


def everything(
    session: Session, *, connector: str | None = None, entity: str | None = None
) -> Iterator[list[str]]:
    """Yield every known record once per connector that reads its connection, by key."""
    query = select(Connector).order_by(Connector.key)
    found = kinds(session)
    for owner in session.scalars(query.where(Connector.key == connector) if connector else query):
        for connection_id, name in found:
            if connection_id == owner.erp_id and entity in (None, "", name):
                yield from matching(session, owner, records.RecordFilter(entity=name))


def matching(
    session: Session, connector: Connector, wanted: records.RecordFilter
) -> Iterator[list[str]]:
    """Yield the records that match, as one connector sees them, a page in memory at a time."""
    wanted = records.looked_up(session, connector, wanted)
    query = _columns(records.query_of(connector, wanted), connector, wanted.entity)
    after: str | None = None
    while True:
        page = query if after is None else query.where(RecordRow.key > after)
        rows: Sequence[Any] = session.execute(page.limit(PAGE)).all()
        for key, title, enabled, reference in rows:
            yield [
                connector.key, wanted.entity, key, title,
                "no" if enabled is False else "yes", reference or "",
            ]  # fmt: skip
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def _columns(query: Any, connector: Connector, entity: str) -> Any:
    return (
        query.with_only_columns(
            RecordRow.key, RecordRow.title, Enablement.enabled, Binding.external_id
        )
        .outerjoin(
            Enablement,
            (Enablement.connector_id == connector.id) & (Enablement.record_id == RecordRow.id),
        )
        .outerjoin(
            Binding,
            (Binding.connection_id == connector.store_id)
            & (Binding.record_id == RecordRow.id) & (Binding.entity == entity),
        )
    )  # fmt: skip
