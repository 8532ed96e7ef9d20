"""A run's row: made once per tick, kept up to date while it runs, ended with its reason."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.engine.context import Tools
from hub.store.base import to_ms
from hub.store.owner import owner_is_dead
from hub.store.tables import Lease, Run

FLOW_LEASE_MS = 90_000
_LOCK = threading.Lock()
_RUNNING: Counter[tuple[str, int]] = Counter()
"""What this process runs now, by database and flow: its own leases beyond that are left over."""


class FlowBusy(Exception):
    """Another worker is running this flow now."""


@dataclass(slots=True)
class Progress:
    """Counts of one run, written to its row at most once a second."""

    tools: Tools
    run_id: int
    counts: Counter[str] = field(default_factory=Counter)
    pages: list[dict[str, Any]] = field(default_factory=list)
    written_at: float = -10.0

    def write(self, *, at_once: bool = False) -> None:
        """Store the counts, so that pages and other processes see them."""
        now = self.tools.clock.monotonic()
        if not at_once and now - self.written_at < 1.0:
            return
        self.written_at = now
        with self.tools.database.write() as session:
            run = session.get_one(Run, self.run_id)
            run.counts = dict(self.counts)
            run.pages = self.pages[-200:]
            run.heartbeat_at = self.tools.clock.now()


def start_run(
    tools: Tools,
    flow_id: int,
    *,
    mode: str,
    trigger: str,
    who: str = "",
    due_at: datetime | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    status: str = "running",
) -> int:
    """Insert the run's row and return its id.

    Raises IntegrityError when this tick has its run already (R5); a run by hand takes the first
    free millisecond.
    """
    now = tools.clock.now()
    with tools.database.write() as session:
        moment = due_at or now
        if due_at is None:
            last = session.query(Run).filter_by(flow_id=flow_id).order_by(Run.due_at.desc()).first()
            if last is not None and to_ms(last.due_at) >= to_ms(moment):
                moment = last.due_at.fromtimestamp(
                    (to_ms(last.due_at) + 1) / 1000, tz=last.due_at.tzinfo
                )
        run = Run(
            flow_id=flow_id,
            due_at=moment,
            mode=mode,
            trigger=trigger,
            status=status,
            owner=tools.owner if status == "running" else "",
            started_at=now if status == "running" else None,
            heartbeat_at=now if status == "running" else None,
            since=since,
            until=until,
            counts={},
            pages=[],
            started_by=who,
        )
        session.add(run)
        session.flush()
        return run.id


def queue_run(
    tools: Tools,
    flow_id: int,
    *,
    mode: str,
    who: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Insert a run by hand that a worker picks up, and return its id."""
    return start_run(
        tools,
        flow_id,
        mode=mode,
        trigger="manual",
        who=who,
        since=since,
        until=until,
        status="waiting",
    )


def next_waiting_run(tools: Tools, flow_id: int) -> int | None:
    """Return the oldest run of a flow that no worker has begun."""
    with tools.database.read() as session:
        run = (
            session.query(Run)
            .filter_by(flow_id=flow_id, status="waiting")
            .order_by(Run.due_at)
            .first()
        )
        return run.id if run else None


def skip_waiting_runs(tools: Tools, flow_id: int, reason: str) -> None:
    """Close runs that will not begin, because their flow is off."""
    with tools.database.write() as session:
        for run in session.query(Run).filter_by(flow_id=flow_id, status="waiting"):
            run.status, run.error, run.finished_at = "skipped", reason, tools.clock.now()


def begin_run(tools: Tools, run_id: int) -> Run | None:
    """Begin a waiting run; None when another worker did or it was cancelled."""
    now = tools.clock.now()
    with tools.database.write() as session:
        run = session.get(Run, run_id)
        if run is None or run.status != "waiting":
            return None
        run.status, run.owner = "running", tools.owner
        run.started_at = run.heartbeat_at = now
        return run


def finish_run(
    tools: Tools, progress: Progress, status: str, error: str = "", remedy: str = ""
) -> None:
    """End the run's row."""
    with tools.database.write() as session:
        run = session.get_one(Run, progress.run_id)
        run.counts = dict(progress.counts)
        run.pages = progress.pages[-200:]
        run.status = status
        run.error = error
        run.remedy = remedy
        run.finished_at = tools.clock.now()


def cancel_requested(tools: Tools, run_id: int) -> bool:
    """True when somebody pressed Cancel."""
    with tools.database.read() as session:
        run = session.get(Run, run_id)
        return run is None or run.cancel_requested


@contextmanager
def holding_flow(tools: Tools, flow_id: int) -> Iterator[None]:
    """Hold the flow's lease: one worker reads and sends a flow at a time.

    Raises ``FlowBusy`` while a live worker has it.
    """
    here = (str(tools.database.url), flow_id)
    with _LOCK:
        alone = not _RUNNING[here]
        _RUNNING[here] += 1
    try:
        take_flow(tools, flow_id, alone=alone)
        try:
            yield
        finally:
            release_flow(tools, flow_id)
    finally:
        with _LOCK:
            _RUNNING[here] -= 1


def take_flow(tools: Tools, flow_id: int, *, alone: bool) -> None:
    """Write the flow's lease. Raises ``FlowBusy`` while a live worker has it.

    A dead one's lease is taken over at once. So is one of this process, where it is ``alone``: it
    could not be given back because the database was away.
    """
    now_ms = tools.now_ms()
    name = f"flow:{flow_id}"
    with tools.database.write() as session:
        lease = session.get(Lease, name)
        if lease is None:
            lease = Lease(name=name, owner=tools.owner, until=tools.clock.now())
            session.add(lease)
        else:
            until = to_ms(lease.until)
            lasts = now_ms < until <= now_ms + 10 * FLOW_LEASE_MS
            left_over = alone and lease.owner == tools.owner
            if lasts and not left_over and not owner_is_dead(lease.owner):
                raise FlowBusy(f"flow {flow_id} is running in another worker")
        lease.owner = tools.owner
        session.flush()
        session.execute(
            text("UPDATE lease SET until = :until WHERE name = :name"),
            {"until": now_ms + FLOW_LEASE_MS, "name": name},
        )


def renew_flow(tools: Tools, flow_id: int) -> bool:
    """Keep the flow's lease while it runs; False when another worker took the flow over."""
    with tools.database.begin() as connection:
        renewed = connection.execute(
            text("UPDATE lease SET until = :until WHERE name = :name AND owner = :owner"),
            {
                "until": tools.now_ms() + FLOW_LEASE_MS,
                "name": f"flow:{flow_id}",
                "owner": tools.owner,
            },
        )
    return bool(renewed.rowcount == 1)


def release_flow(tools: Tools, flow_id: int) -> None:
    """Give the flow's lease back."""
    with tools.database.begin() as connection:
        connection.execute(
            text("DELETE FROM lease WHERE name = :name AND owner = :owner"),
            {"name": f"flow:{flow_id}", "owner": tools.owner},
        )


def _is_held(session: Session, flow_id: int, now: datetime) -> bool:
    lease = session.get(Lease, f"flow:{flow_id}")
    return lease is not None and lease.until > now


def close_dead_runs(tools: Tools) -> int:
    """Mark runs whose worker is gone; their messages and cursors are safe and go on."""
    now = tools.clock.now()
    closed = 0
    with tools.database.write() as session:
        for run in session.query(Run).filter(Run.status == "running"):
            quiet = 601.0 if run.heartbeat_at is None else (now - run.heartbeat_at).total_seconds()
            # Our own, too: the database was away when the run ended, so nobody could write it.
            left = quiet > 120 and not _is_held(session, run.flow_id, now)
            if owner_is_dead(run.owner) or left or (quiet > 600 and run.owner != tools.owner):
                run.status = "failed"
                run.error = "The hub stopped while this run was under way."
                run.remedy = "Nothing was lost: the next run goes on where this one stopped."
                run.finished_at = now
                closed += 1
    return closed
