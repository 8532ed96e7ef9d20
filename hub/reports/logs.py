"""The connector log, newest first, read in windows so that a rare word cannot stop the hub."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from hub.reports.bounded import last_id_before, like
from hub.store.tables import Connector, LogEntry

LEVELS = ("debug", "info", "warning", "error")
SIZE = 50
WINDOW = 20_000
"""Entries looked through for one page; then the page says how far it looked."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """``level`` is the least level shown; ``begin`` and ``end`` are moments, ``end`` excluded."""

    level: str = ""
    flow: str = ""
    connector: str = ""
    text: str = ""
    begin: datetime | None = None
    end: datetime | None = None


@dataclass(slots=True)
class LogPage:
    """Entries with their connector's key. ``older`` and ``newer`` are where to go on, if anywhere.

    ``looked_back_to`` is set when the window ended before the page was full.
    """

    rows: list[tuple[LogEntry, str | None]] = field(default_factory=list)
    older: int = 0
    newer: bool = False
    looked_back_to: datetime | None = None


def _window(session: Session, wanted: LogFilter, before: int) -> Any:
    query = select(LogEntry)
    if wanted.connector:
        ids = select(Connector.id).where(Connector.key == wanted.connector).scalar_subquery()
        query = query.where(LogEntry.connector_id == ids)
    if before:
        query = query.where(LogEntry.id < before)
    if wanted.end is not None:
        query = query.where(LogEntry.id <= last_id_before(session, LogEntry, wanted.end))
    if wanted.begin is not None:
        query = query.where(LogEntry.id > last_id_before(session, LogEntry, wanted.begin))
    return query.order_by(LogEntry.id.desc()).limit(WINDOW)


def page(session: Session, wanted: LogFilter, *, before: int = 0, size: int = SIZE) -> LogPage:
    """Return one page of entries older than the entry ``before`` (0 = the newest)."""
    inner = _window(session, wanted, before).subquery()
    entry = aliased(LogEntry, inner)
    query = select(entry, Connector.key).outerjoin(Connector, Connector.id == entry.connector_id)
    if wanted.level in LEVELS:
        query = query.where(entry.level.in_(LEVELS[LEVELS.index(wanted.level) :]))
    if wanted.flow:
        query = query.where(entry.flow_key == wanted.flow)
    if wanted.text:
        pattern = like(wanted.text)
        columns = (entry.message, entry.description, entry.entity_url, entry.user)
        query = query.where(or_(*(column.ilike(pattern, escape="\\") for column in columns)))
    found = LogPage(newer=bool(before))
    rows = session.execute(query.order_by(entry.id.desc()).limit(size + 1)).all()
    found.rows = [(row[0], row[1]) for row in rows[:size]]
    if len(rows) > size:
        found.older = found.rows[-1][0].id
    else:
        _note_end(session, wanted, before, found)
    return found


def _note_end(session: Session, wanted: LogFilter, before: int, found: LogPage) -> None:
    """Say how far was looked when the window, not the log, ended the page."""
    window = _window(session, wanted, before).subquery()
    oldest, at, count = session.execute(
        select(func.min(window.c.id), func.min(window.c.at), func.count())
    ).one()
    if count == WINDOW:
        found.older, found.looked_back_to = oldest, at


def any_entry(session: Session) -> bool:
    """True when there is anything in the log."""
    return session.scalar(select(LogEntry.id).limit(1)) is not None
