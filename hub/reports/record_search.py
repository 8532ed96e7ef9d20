"""Finding records by key, name, e-mail or reference ID, with a bounded amount of reading."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from hub.reports.bounded import like
from hub.store.tables import Binding, RecordRow

WINDOW = 50_000
"""Records of one entity that are looked through for a word inside a name or key."""
MOST = 5_000
"""Records that a search over every entity goes on with."""
LAST = "\U0010ffff"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def kinds(session: Session) -> list[tuple[int, str]]:
    """Return which entities each connection has records of, by jumps over the index."""
    found: list[tuple[int, str]] = []
    at = (0, "")
    while True:
        row = session.execute(
            select(RecordRow.connection_id, RecordRow.entity)
            # Compared as a pair, which an index answers; spelled out with OR it would be scanned.
            .where(tuple_(RecordRow.connection_id, RecordRow.entity) > at)
            .order_by(RecordRow.connection_id, RecordRow.entity)
            .limit(1)
        ).first()
        if row is None:
            return found
        at = (row[0], row[1])
        found.append(at)


def spellings(text: str) -> list[str]:
    """Return the ways a person's word may stand in the ERP.

    A database that folds only the letters A to Z finds MÜLLER and Müller by these.
    """
    ways = [text, text.upper(), text.lower(), text.capitalize(), text.title()]
    return list(dict.fromkeys(ways))


def clean(text: str) -> str:
    """Return the text without control characters, which stand in no name."""
    return _CONTROL.sub("", text).strip()


def matching(text: str, among: Sequence[tuple[int, str]]) -> Any:
    """Return the SELECT of the ids of records whose key or name holds ``text``, or whose e-mail or
    reference ID is ``text``; nobody's when there is nothing to look for.

    The first ``WINDOW`` records of each entity are looked through, the rest is found by beginnings.
    """
    text = clean(text)
    if not text or not among:
        return select(RecordRow.id).where(RecordRow.id < 0)
    parts = [part for kind in among for part in _of_kind(*kind, text)]
    parts.append(select(RecordRow.id).where(RecordRow.email.in_([text, text.lower()])))
    parts.append(
        select(Binding.record_id).where(
            Binding.external_id == text, Binding.entity.in_({entity for _, entity in among})
        )
    )
    return select(union_all(*parts).subquery().c[0])


def _of_kind(connection_id: int, entity: str, text: str) -> list[Any]:
    kind = and_(RecordRow.connection_id == connection_id, RecordRow.entity == entity)
    words = spellings(text)
    window = (
        select(RecordRow.id, RecordRow.key, RecordRow.title)
        .where(kind)
        .order_by(RecordRow.key)
        .limit(WINDOW)
        .subquery()
    )
    folded = words if not text.isascii() else [text]
    inside = [
        column.ilike(like(word), escape="\\")
        for word in folded
        for column in (window.c.title, window.c.key)
    ]
    begins = [
        select(RecordRow.id).where(
            kind, or_(*(and_(column >= word, column < word + LAST) for word in words))
        )
        for column in (RecordRow.key, RecordRow.title)
    ]
    return [select(window.c.id).where(or_(*inside)), *begins]
