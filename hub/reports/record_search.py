"""Finding records by key, name, e-mail or reference ID, with a bounded amount of reading."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from hub.reports.bounded import CAP, capped, holds
from hub.store.tables import Binding, Connection, RecordRow

BUDGET = 200_000
"""Names, and as many keys, that one search looks into; a larger hub's kinds share it."""
MOST = 5_000
"""Records that a search over every entity goes on with."""
LAST = "\U0010ffff"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: at most so many ``ids`` as were asked for, ``more`` when there are more.

    ``share``: so many names and keys of each kind were looked into because there are more than
    ``BUDGET``; 0 when every one was.
    """

    ids: tuple[int, ...]
    more: bool = False
    share: int = 0


def kinds(session: Session) -> list[tuple[int, str]]:
    """Return which entities each connection has records of, by jumps over the index."""
    found: list[tuple[int, str]] = []
    connection, entity = 0, ""
    while True:
        # Two steps: a pair compared as one would go through every record of the connection.
        following = session.scalar(
            select(func.min(RecordRow.entity)).where(
                RecordRow.connection_id == connection, RecordRow.entity > entity
            )
        )
        if following is not None:
            entity = following
            found.append((connection, entity))
            continue
        later = session.scalar(
            select(func.min(RecordRow.connection_id)).where(RecordRow.connection_id > connection)
        )
        if later is None:
            return found
        connection, entity = later, ""


def spellings(text: str) -> list[str]:
    """Return the ways a person's word may stand in the ERP.

    A database that folds only the letters A to Z finds MÜLLER and Müller by these.
    """
    ways = [text, text.upper(), text.lower(), text.capitalize(), text.title()]
    return list(dict.fromkeys(ways))


def folded(text: str) -> list[str]:
    """Return the spellings that differ by more than the letters A to Z in upper or lower case."""
    ways = {re.sub("[A-Z]", lambda found: found[0].lower(), way): way for way in spellings(text)}
    return list(ways.values())


def clean(text: str) -> str:
    """Return the text without control characters, which stand in no name."""
    return _CONTROL.sub("", text).strip()


def search(session: Session, text: str, among: Sequence[tuple[int, str]], most: int = CAP) -> Found:
    """Return the records of these kinds whose key or name holds ``text``, or whose e-mail or
    reference ID is ``text``; none when there is nothing to look for.

    All names and keys are looked into up to ``BUDGET``. A larger hub looks into the first of each
    kind and finds the rest by beginnings; ``Found.share`` says so.
    """
    text = clean(text)
    if not text or not among:
        return Found(())
    share = _share(session, among)
    parts = [
        part
        for kind in among
        for column in (RecordRow.key, RecordRow.title)
        for part in _of_kind(*kind, column, text, share)
    ]
    parts += _exact(text, among)
    together = union_all(*parts).subquery()
    found = tuple(session.scalars(select(together.c[0]).distinct().limit(most + 1)))
    return Found(found[:most], len(found) > most, share)


def holding(text: str, kind: tuple[int, str]) -> ColumnElement[bool]:
    """Return what ``search`` looks for as a condition, for a walk over records of one kind."""
    text = clean(text)
    inside = [holds(c, word) for c in (RecordRow.title, RecordRow.key) for word in folded(text)]
    return or_(*inside, *(RecordRow.id.in_(part) for part in _exact(text, [kind])))


def _share(session: Session, among: Sequence[tuple[int, str]]) -> int:
    """Return how many records of each kind are looked into; 0 for all of them."""
    # Ids only grow, so this is never below the number of records, and costs nothing.
    if int(session.scalar(select(func.max(RecordRow.id))) or 0) <= BUDGET:
        return 0
    left = BUDGET
    for connection_id, entity in among:
        left -= capped(session, select(RecordRow.id).where(_kind(connection_id, entity)), left)
        if left < 0:
            return max(BUDGET // len(among), 1)
    return 0


def _kind(connection_id: int, entity: str) -> ColumnElement[bool]:
    return and_(RecordRow.connection_id == connection_id, RecordRow.entity == entity)


def _of_kind(connection_id: int, entity: str, column: Any, text: str, share: int) -> list[Any]:
    """Return the SELECTs over one column: an index holds it, so no row of the table is read."""
    kind, words = _kind(connection_id, entity), folded(text)
    if not share:
        inside = or_(*(holds(column, word) for word in words))
        return [select(RecordRow.id.label("id")).where(kind, inside)]
    window = select(RecordRow.id.label("id"), column.label("word")).where(kind).order_by(column)
    looked = window.limit(share).subquery()
    begins = or_(*(and_(column >= word, column < word + LAST) for word in spellings(text)))
    return [
        select(looked.c.id).where(or_(*(holds(looked.c.word, word) for word in words))),
        select(RecordRow.id).where(kind, begins),
    ]


def _exact(text: str, among: Sequence[tuple[int, str]]) -> list[Any]:
    # "+ 0" leaves the planner only the index on the e-mail, or the record's own id.
    of_kinds = and_(
        (RecordRow.connection_id + 0).in_({connection_id for connection_id, _ in among}),
        RecordRow.entity.in_({entity for _, entity in among}),
    )
    return [
        select(RecordRow.id).where(RecordRow.email.in_([text, text.lower()]), of_kinds),
        select(Binding.record_id)
        .join(RecordRow, RecordRow.id == Binding.record_id)
        .where(
            # Named, so that the index that begins with the connection is used.
            Binding.connection_id.in_(select(Connection.id)),
            Binding.entity.in_({entity for _, entity in among}),
            Binding.external_id == text,
            of_kinds,
        ),
    ]
