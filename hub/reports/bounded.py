"""Reading that stays fast at a million rows: capped counts, and ids instead of times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, literal_column, select, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from hub.store.tables import Flow, LogEntry, Message

CAP = 10_000
"""Nothing is counted further; a count above it is shown as "10,000+"."""
TOGETHER = 20
PAGE = 25
"""Rows of a page of a list."""


def capped(session: Session, query: Any, cap: int = CAP) -> int:
    """Return how many rows ``query`` has, at most ``cap`` + 1."""
    inner = query.with_only_columns(literal_column("1")).order_by(None).limit(cap + 1).subquery()
    return int(session.scalar(select(func.count()).select_from(inner)) or 0)


def count_messages(
    session: Session, flow_ids: Sequence[int], statuses: Sequence[str], cap: int = CAP
) -> int:
    """Return how many messages of these flows have one of these statuses, at most ``cap`` + 1."""
    parts = [
        select(func.count()).select_from(
            select(literal_column("1"))
            .where(Message.flow_id == flow_id, Message.status == status)
            .limit(cap + 1)
            .subquery()
        )
        for flow_id in flow_ids
        for status in statuses
    ]
    found = 0
    # A few at a time: one statement costs less than many, and most tabs are full at once.
    for start in range(0, len(parts), TOGETHER):
        together = union_all(*parts[start : start + TOGETHER])
        found += sum(session.scalars(together))
        if found > cap:
            return cap + 1
    return found


def all_flow_ids(session: Session) -> list[int]:
    """Return every flow, in order."""
    return list(session.scalars(select(Flow.id).order_by(Flow.id)))


def last_id_before(session: Session, table: type[Message | LogEntry], moment: datetime) -> int:
    """Return the greatest id of a row made before ``moment``; 0 when there is none.

    Ids grow with time, so a search by halves over the primary key needs no index on the time.
    """
    made = LogEntry.at if table is LogEntry else Message.created_at
    high = int(session.scalar(select(func.max(table.id))) or 0)
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        row = session.execute(
            select(table.id, made).where(table.id <= middle).order_by(table.id.desc()).limit(1)
        ).first()
        if row is None or row[1] < moment:
            low = middle
        else:
            high = row[0] - 1
    return low


def like(text: str) -> str:
    r"""Return a LIKE pattern (escape character ``\\``) for texts that contain ``text``."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


class _Holds(GenericFunction[bool]):
    """``holds(column, pattern)``; see ``holds``."""

    name = "hub_holds"
    inherit_cache = True


@compiles(_Holds)
def _holds(element: Any, compiler: Any, **more: Any) -> str:
    column, pattern = (compiler.process(part, **more) for part in element.clauses)
    return f"{column} ILIKE {pattern} ESCAPE '\\'"


@compiles(_Holds, "sqlite")
def _holds_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    # Its LIKE folds A to Z by itself; lower() around both sides would double the time.
    column, pattern = (compiler.process(part, **more) for part in element.clauses)
    return f"{column} LIKE {pattern} ESCAPE '\\'"


def holds(column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that ``column`` contains ``text`` in upper or lower case."""
    return _Holds(column, literal(like(text)))
