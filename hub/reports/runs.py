"""Runs of a flow: one page's figures, and the list in which quiet ones are hidden and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports.bounded import capped
from hub.store.tables import Attempt, RecordRow, Run

MOVED = ("created", "updated", "adopted", "deleted")
WINDOW = 500
"""Runs looked through for one page of the list."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seven counts; the last six add up to ``read``. ``before``: had waited from earlier runs."""

    read: int
    created: int
    updated: int
    unchanged: int
    filtered: int
    waiting: int
    parked: int
    before: int
    linked: int
    deleted: int

    @property
    def settled(self) -> int:
        """Records of this run whose end is known."""
        return self.created + self.updated + self.unchanged + self.filtered + self.parked

    @property
    def sent(self) -> int:
        """Records that changed something in the target."""
        return self.created + self.updated


@dataclass(frozen=True, slots=True)
class PageRow:
    """One page that was read: its records from – to, how many were unchanged, and seconds."""

    number: int
    first: int
    last: int
    unchanged: int
    seconds: float


@dataclass(slots=True)
class Sending:
    """What the calls to the target took: how many, seconds in all."""

    calls: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class RunList:
    """Runs with changes or problems; ``hidden`` quiet ones lie between them."""

    rows: list[Run] = field(default_factory=list)
    hidden: int = 0
    more: bool = False


def figures(counts: Mapping[str, Any]) -> Figures:
    """Return the figures of a run from its row.

    ``unchanged`` has those seen at reading and those seen before sending; what was read and has no
    end yet is waiting.
    """
    got = {name: int(counts.get(name) or 0) for name in (*MOVED, "read", "unchanged")}
    filtered, parked = int(counts.get("filtered") or 0), int(counts.get("parked") or 0)
    updated = got["updated"] + got["adopted"] + got["deleted"]
    unchanged = got["unchanged"] + int(counts.get("duplicates") or 0)
    settled = got["created"] + updated + unchanged + filtered + parked
    return Figures(
        max(got["read"], settled), got["created"], updated, unchanged, filtered,
        max(0, got["read"] - settled), parked, max(0, settled - got["read"]),
        got["adopted"], got["deleted"],
    )  # fmt: skip


def page_rows(pages: Sequence[Mapping[str, Any]]) -> list[PageRow]:
    """Return the pages of a run; the stored counts are running totals."""
    rows: list[PageRow] = []
    read = unchanged = 0
    for number, page in enumerate(pages, start=1):
        now_read, now_same = int(page.get("read") or 0), int(page.get("unchanged") or 0)
        rows.append(
            PageRow(
                number, read + 1, max(now_read, read), max(0, now_same - unchanged),
                float(page.get("seconds") or 0),
            )
        )  # fmt: skip
        read, unchanged = now_read, now_same
    return rows


def sending(session: Session, run: Run) -> Sending:
    """Return what the calls of a run to its target took."""
    if run.started_at is None:
        return Sending()
    query = (
        select(Attempt.sent_at, Attempt.ended_at)
        .where(
            Attempt.flow_id == run.flow_id, Attempt.sent_at >= run.started_at,
            Attempt.run_id == run.id,
        )
        .limit(5_000)
    )  # fmt: skip
    if run.finished_at is not None:
        query = query.where(Attempt.sent_at <= run.finished_at)
    found = Sending()
    for sent_at, ended_at in session.execute(query):
        found.calls += 1
        found.seconds += (ended_at - sent_at).total_seconds() if ended_at else 0.0
    return found


def is_quiet(run: Run) -> bool:
    """True when a run read, found nothing to do, and said nothing."""
    moved = figures(run.counts or {})
    busy = moved.sent or moved.parked or moved.waiting or moved.filtered
    return run.status in ("finished", "skipped") and not busy and run.mode == "incremental"


def listed(
    session: Session, flow_id: int, *, quiet: bool = False, before: datetime | None = None,
    size: int = 15,
) -> RunList:  # fmt: skip
    """Return the newest runs, before a moment; quiet ones only when asked for."""
    query = select(Run).where(Run.flow_id == flow_id)
    if before is not None:
        query = query.where(Run.due_at < before)
    found = RunList()
    for run in session.scalars(query.order_by(Run.due_at.desc()).limit(WINDOW)):
        if not quiet and is_quiet(run):
            found.hidden += 1
            continue
        if len(found.rows) == size:
            found.more = True
            break
        found.rows.append(run)
    return found


def earlier(session: Session, run: Run, count: int = 10) -> list[Run]:
    """Return finished runs of the same flow and mode that began before this one."""
    if run.started_at is None:
        return []
    query = (
        select(Run)
        .where(Run.flow_id == run.flow_id, Run.started_at < run.started_at)
        .order_by(Run.started_at.desc())
        .limit(WINDOW)
    )
    same = (r for r in session.scalars(query) if r.mode == run.mode and r.status == "finished")
    return [found for found, _ in zip(same, range(count), strict=False)]


def usual(runs: Sequence[Run]) -> tuple[timedelta, timedelta] | None:
    """Return the shortest and longest duration of these runs; None with fewer than two."""
    took = [r.finished_at - r.started_at for r in runs if r.finished_at and r.started_at]
    return (min(took), max(took)) if len(took) > 1 else None


def count_of_month(session: Session, flow_id: int, now: datetime) -> int:
    """Return how many runs began in the last 30 days."""
    query = select(Run.id).where(Run.flow_id == flow_id, Run.started_at >= now - timedelta(days=30))
    return capped(session, query)


def known_records(session: Session, connection_id: int, entity: str) -> int:
    """Return how many records of the flow's entity the hub knows: what a full run will read."""
    query = select(RecordRow.id).where(
        RecordRow.connection_id == connection_id, RecordRow.entity == entity
    )
    return capped(session, query, 100_000)
