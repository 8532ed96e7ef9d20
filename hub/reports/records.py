"""Records as one connector sees them: enabled, linked, last settled, and why not."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import false, func, select
from sqlalchemy.orm import Session

from hub.reports.bounded import CAP, PAGE, capped
from hub.reports.record_search import Found, holding, search
from hub.sdk.canonical import PARENT_ENTITY
from hub.store.tables import Binding, Connector, Enablement, Flow, FlowState, Message, RecordRow


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """``enabled`` and ``linked``: yes, no or empty; ``parent`` is the key of the customer.

    ``found``: the text looked up once, for a page and its count.
    """

    entity: str = "customer"
    text: str = ""
    record_class: str = ""
    enabled: str = ""
    linked: str = ""
    parent: str = ""
    found: Found | None = None


@dataclass(slots=True)
class RecordView:
    """One record for one connector. ``message`` is the newest of its flow."""

    record: RecordRow
    enabled: bool
    enablement: Enablement | None
    binding: Binding | None
    state: FlowState | None
    message: Message | None
    also_in: list[str] = field(default_factory=list)


def looked_up(session: Session, connector: Connector, wanted: RecordFilter) -> RecordFilter:
    """Return the filter with its text looked up."""
    if not wanted.text.strip() or wanted.found is not None:
        return wanted
    among = [(connector.erp_id, wanted.entity)]
    return replace(wanted, found=search(session, wanted.text, among))


def query_of(connector: Connector, wanted: RecordFilter) -> Any:
    """Return the SELECT of the records that match, in the order of their keys.

    The filter's text has been looked up.
    """
    query = select(RecordRow)
    if wanted.found is None or wanted.found.more:
        query = query.where(
            RecordRow.connection_id == connector.erp_id, RecordRow.entity == wanted.entity
        )
    if wanted.found is not None and wanted.found.more:
        # So many that a walk in the order of the keys meets them soon.
        query = query.where(holding(wanted.text, (connector.erp_id, wanted.entity)))
    elif wanted.found is not None:
        ids = wanted.found.ids
        query = query.where(RecordRow.id.in_(ids) if ids else false())
    if wanted.record_class:
        query = query.where(RecordRow.record_class == wanted.record_class)
    if wanted.parent:
        query = query.where(RecordRow.parent_key == wanted.parent)
    off = select(Enablement.record_id).where(
        Enablement.connector_id == connector.id, Enablement.enabled.is_(False)
    )
    if wanted.enabled:
        query = query.where(
            RecordRow.id.not_in(off) if wanted.enabled == "yes" else RecordRow.id.in_(off)
        )
    if wanted.linked:
        bound = (
            select(Binding.id)
            .where(
                Binding.connection_id == connector.store_id, Binding.record_id == RecordRow.id,
                Binding.entity == wanted.entity,
            )
            .exists()
        )  # fmt: skip
        query = query.where(bound if wanted.linked == "yes" else ~bound)
    return query.order_by(RecordRow.key)


def page(
    session: Session, connector: Connector, wanted: RecordFilter, *, after: str = "",
    before: str = "", size: int = PAGE,
) -> tuple[list[RecordView], bool, bool]:  # fmt: skip
    """Return one page by keyset, whether there is more, and whether there is something before."""
    query = query_of(connector, looked_up(session, connector, wanted))
    if before:
        query = query.where(RecordRow.key < before).order_by(None).order_by(RecordRow.key.desc())
    elif after:
        query = query.where(RecordRow.key > after)
    rows = list(session.scalars(query.limit(size + 1)))
    extra, rows = len(rows) > size, rows[:size]
    if before:
        rows.reverse()
    more, less = (True, extra) if before else (extra, bool(after))
    return views(session, connector, wanted.entity, rows), more, less


def count(session: Session, connector: Connector, wanted: RecordFilter) -> int:
    """Return how many records match, at most ``CAP`` + 1."""
    wanted = looked_up(session, connector, wanted)
    if wanted.found is not None and not _narrower(wanted):
        return len(wanted.found.ids) + wanted.found.more
    return capped(session, query_of(connector, wanted))


def _narrower(wanted: RecordFilter) -> bool:
    return bool(wanted.record_class or wanted.enabled or wanted.linked or wanted.parent)


def ids_of(
    session: Session, connector: Connector, wanted: RecordFilter, limit: int = 100_000
) -> list[int]:
    """Return the ids of the records that match."""
    wanted = looked_up(session, connector, wanted)
    query = query_of(connector, wanted).with_only_columns(RecordRow.id)
    return list(session.scalars(query.limit(limit)))


def views(
    session: Session, connector: Connector, entity: str, rows: Sequence[RecordRow]
) -> list[RecordView]:
    """Add to these records what the connector knows of them: five queries for any number."""
    ids = [row.id for row in rows]
    flow_ids = list(session.scalars(select(Flow.id).where(Flow.connector_id == connector.id)))
    enablements = _by_record(
        session, select(Enablement).where(
            Enablement.connector_id == connector.id, Enablement.record_id.in_(ids)
        )
    )  # fmt: skip
    bindings = _by_record(
        session, select(Binding).where(
            Binding.connection_id == connector.store_id, Binding.record_id.in_(ids),
            Binding.entity == entity,
        )
    )  # fmt: skip
    newest = newest_messages(session, flow_ids, ids)
    states = _by_record(
        session, select(FlowState).where(
            FlowState.flow_id.in_(flow_ids), FlowState.record_id.in_(ids)
        )
    )  # fmt: skip
    others = _also_in(session, connector, entity, ids)
    return [
        RecordView(
            row, row.id not in enablements or enablements[row.id].enabled,
            enablements.get(row.id), bindings.get(row.id), states.get(row.id),
            newest.get(row.id), others.get(row.id, []),
        )
        for row in rows
    ]  # fmt: skip


def _by_record(session: Session, query: Any) -> dict[int, Any]:
    return {row.record_id: row for row in session.scalars(query)}


def newest_messages(
    session: Session, flow_ids: Sequence[int], record_ids: Sequence[int]
) -> dict[int, Message]:
    """Return the newest message of each record in these flows."""
    newest = (
        select(func.max(Message.id))
        .where(Message.record_id.in_(record_ids), (Message.flow_id + 0).in_(flow_ids))
        .group_by(Message.record_id)
    )
    return _by_record(session, select(Message).where(Message.id.in_(newest)))


def _also_in(
    session: Session, connector: Connector, entity: str, ids: Sequence[int]
) -> dict[int, list[str]]:
    query = (
        select(Binding.record_id, Connector.name, Connector.key)
        .join(Connector, Connector.store_id == Binding.connection_id)
        .where(
            Binding.record_id.in_(ids), Binding.entity == entity, Connector.id != connector.id,
            Connector.erp_id == connector.erp_id,
        )
    )  # fmt: skip
    found: dict[int, list[str]] = {}
    for record_id, name, key in session.execute(query):
        found.setdefault(record_id, []).append(name or key)
    return found


def classes(session: Session, connector: Connector, entity: str) -> list[str]:
    """Return the classes of the first ``CAP`` records, for the filter."""
    rows = (
        select(RecordRow.record_class)
        .where(RecordRow.connection_id == connector.erp_id, RecordRow.entity == entity)
        .limit(CAP)
        .subquery()
    )
    found = session.scalars(select(rows.c.record_class).distinct())
    return sorted(name for name in found if name)


def entity_counts(
    session: Session, connector: Connector, entities: Sequence[str]
) -> dict[str, int]:
    """Return how many records of each entity the connector's ERP has, capped."""
    return {
        entity: capped(
            session,
            select(RecordRow.id).where(
                RecordRow.connection_id == connector.erp_id, RecordRow.entity == entity
            ),
        )
        for entity in entities
    }


def children(session: Session, record: RecordRow) -> dict[str, int]:
    """Return how many records of each entity belong to this one, capped."""
    return {
        entity: capped(session, children_query(record, entity))
        for entity, parent in PARENT_ENTITY.items()
        if parent == record.entity
    }


def children_query(record: RecordRow, entity: str) -> Any:
    """Return the SELECT of a record's children of one entity."""
    return select(RecordRow.id).where(
        RecordRow.connection_id == record.connection_id, RecordRow.entity == entity,
        RecordRow.parent_key == record.key,
    )  # fmt: skip


def parent_of(session: Session, record: RecordRow) -> RecordRow | None:
    """Return the record that this one belongs to, if the hub knows it."""
    entity = PARENT_ENTITY.get(record.entity)
    if entity is None or not record.parent_key:
        return None
    return session.scalar(
        select(RecordRow).where(
            RecordRow.connection_id == record.connection_id, RecordRow.entity == entity,
            RecordRow.key == record.parent_key,
        )
    )  # fmt: skip


def history(session: Session, record_id: int, limit: int = 30) -> list[Message]:
    """Return the newest messages of a record, over all connectors."""
    query = select(Message).where(Message.record_id == record_id)
    return list(session.scalars(query.order_by(Message.id.desc()).limit(limit)))
