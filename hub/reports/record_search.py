"""Finding records by key, name, e-mail or reference ID, with a bounded amount of reading."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub.reports.bounded import like
from hub.store.tables import Binding, Connection, RecordRow

MOST = 500
WINDOW = 50_000
"""Records of one entity that are looked through for a word inside a name or key."""
LAST = "\U0010ffff"


def kinds(session: Session) -> list[tuple[int, str]]:
    """Return which entities each connection has records of, by jumps over the index."""
    found: list[tuple[int, str]] = []
    at = (0, "")
    while True:
        row = session.execute(
            select(RecordRow.connection_id, RecordRow.entity)
            .where(
                or_(
                    RecordRow.connection_id > at[0],
                    (RecordRow.connection_id == at[0]) & (RecordRow.entity > at[1]),
                )
            )
            .order_by(RecordRow.connection_id, RecordRow.entity)
            .limit(1)
        ).first()
        if row is None:
            return found
        at = (row[0], row[1])
        found.append(at)


def spellings(text: str) -> list[str]:
    """Return the ways a person's word may stand in the ERP."""
    return list(dict.fromkeys([text, text.upper(), text.capitalize(), text.title()]))


def find_records(
    session: Session, text: str, among: Sequence[tuple[int, str]] | None = None
) -> list[int]:
    """Return the ids of records whose key or name holds ``text``, or whose e-mail or reference
    ID is ``text``; at most ``MOST``.
    """
    text = text.strip()
    if not text:
        return []
    ids: dict[int, None] = {}
    direct = select(RecordRow.id).where(RecordRow.email.in_([text, text.lower()])).limit(MOST)
    ids.update(dict.fromkeys(session.scalars(direct)))
    for connection_id, entity in kinds(session) if among is None else among:
        for found in _of_kind(session, connection_id, entity, text):
            ids[found] = None
        if len(ids) >= MOST:
            break
    bound = select(Binding.record_id).where(
        Binding.external_id == text, Binding.entity.in_({e for _, e in kinds(session)}),
        Binding.connection_id.in_(select(Connection.id)),
    )  # fmt: skip
    ids.update(dict.fromkeys(session.scalars(bound.limit(MOST))))
    return list(ids)[:MOST]


def _of_kind(session: Session, connection_id: int, entity: str, text: str) -> list[int]:
    kind = (RecordRow.connection_id == connection_id, RecordRow.entity == entity)
    ids: list[int] = []
    for word in spellings(text):
        for column in (RecordRow.key, RecordRow.title):
            prefix = select(RecordRow.id).where(*kind, column >= word, column < word + LAST)
            ids += session.scalars(prefix.order_by(column).limit(MOST))
    window = (
        select(RecordRow.id, RecordRow.key, RecordRow.title)
        .where(*kind)
        .order_by(RecordRow.key)
        .limit(WINDOW)
        .subquery()
    )
    pattern = like(text)
    inside = select(window.c.id).where(
        or_(window.c.title.ilike(pattern, escape="\\"), window.c.key.ilike(pattern, escape="\\"))
    )
    ids += session.scalars(inside.limit(MOST))
    return ids
