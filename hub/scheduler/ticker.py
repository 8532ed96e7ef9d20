"""Hop 1: which flows are due now. Any number of processes may tick; one leads, one run per tick."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.engine.context import Tools
from hub.gate import sign_in_digest
from hub.scheduler.times import last_due
from hub.sdk import HubError
from hub.store.base import to_ms
from hub.store.tables import CommonConfiguration, Connection, Connector, Flow, Lease, Run, Schedule

log = logging.getLogger(__name__)

LEADER = "scheduler"
LEADER_MS = 45_000
SET_BACK = timedelta(seconds=60)
"""A last time so far ahead of now means that the clock was set back, not merely adjusted."""

WAIT_FROM_NOW = text("""
UPDATE message SET due_at = :now, hold_until = hold_until - due_at + :ahead
WHERE status IN ('pending','unknown') AND due_at > :ahead
""")
"""What waits for a time of the clock as it was; the rest of a hold is kept, rounded up (R10.6)."""


@dataclass(frozen=True, slots=True)
class Due:
    """A flow whose time has come."""

    flow_id: int
    due_at: datetime
    mode: str


class Ticker:
    """Finds due flows and inserts their runs; ``ring`` is told of each."""

    def __init__(self, tools: Tools, ring: Callable[[int], None]) -> None:
        self._tools = tools
        self._ring = ring

    def lead(self) -> bool:
        """Take or keep the leader's lease; False while another live process leads."""
        tools = self._tools
        now_ms = tools.now_ms()
        with tools.database.write() as session:
            lease = session.get(Lease, LEADER)
            if lease is not None and lease.owner != tools.owner:
                alive = now_ms < to_ms(lease.until) < now_ms + 10 * LEADER_MS
                if alive and not tools.is_dead(lease.owner):
                    return False
            session.execute(
                text(
                    "INSERT INTO lease (name, owner, until) VALUES (:name, :owner, :until) "
                    "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, "
                    "until = excluded.until"
                ),
                {"name": LEADER, "owner": tools.owner, "until": now_ms + LEADER_MS},
            )
        return True

    def tick(self) -> list[Due]:
        """Insert a run for each flow that is due and ring; returns them."""
        with self._tools.database.read() as session:
            ahead = self._ahead(session)
        if ahead:
            self._follow_clock(ahead)
        with self._tools.database.read() as session:
            due = self._due(session)
        started: list[Due] = []
        for item in due:
            if self._insert(item):
                started.append(item)
                self._ring(item.flow_id)
        return started

    def _ahead(self, session: Session) -> list[int]:
        """Return the flows whose last time lies in the future: the clock was set back."""
        late = self._tools.clock.now() + SET_BACK
        rows = session.query(Schedule.flow_id).filter(
            or_(Schedule.last_due > late, Schedule.last_full_due > late)
        )
        return [row.flow_id for row in rows]

    def _follow_clock(self, flow_ids: list[int]) -> None:
        """Count from now on, or nothing would be due until the old time has come again (R18)."""
        now = self._tools.clock.now()
        with self._tools.database.write() as session:
            for schedule in session.query(Schedule).filter(Schedule.flow_id.in_(flow_ids)):
                if schedule.last_due is not None:
                    schedule.last_due = min(schedule.last_due, now)
                if schedule.last_full_due is not None:
                    schedule.last_full_due = min(schedule.last_full_due, now)
            session.execute(WAIT_FROM_NOW, {"now": to_ms(now), "ahead": to_ms(now + SET_BACK)})
        log.warning("The clock was set back; the syncs follow their schedules from now on")

    def _due(self, session: Session) -> list[Due]:
        now = self._tools.clock.now()
        zone_row = session.get(CommonConfiguration, "time_zone")
        zone = str(zone_row.value) if zone_row and zone_row.value else "UTC"
        rows = (
            session.query(Flow, Schedule, Connector)
            .join(Schedule, Schedule.flow_id == Flow.id)
            .join(Connector, Connector.id == Flow.connector_id)
            .filter(Connector.active.is_(True), Flow.enabled.is_(True), Flow.stopped_reason == "")
            .order_by(Flow.id)
        )
        stuck = {
            row.id
            for row in session.query(Connection).filter(Connection.state == "needs_sign_in")
            if not self._mended(row)
        }
        found: list[Due] = []
        for flow, schedule, connector in rows:
            if connector.erp_id in stuck or connector.store_id in stuck:
                continue
            item = self._next(flow.id, schedule, connector, now, zone)
            if item is None or self._tools.settings.why_off(connector.id, flow.key):
                continue
            if not self._tools.settings.why_away(connector.id):
                found.append(item)
        return found

    def _mended(self, connection: Connection) -> bool:
        """True when the values now differ from the refused ones: a secret of the environment or a
        file was corrected, and nobody had to tell the hub.
        """
        try:
            _, plugin, values = self._tools.settings.opening(connection.id)
        except HubError:
            return False
        now = sign_in_digest(self._tools.gate.vault, plugin, values)
        return connection.refused_digest not in (None, now)

    def _next(
        self, flow_id: int, schedule: Schedule, connector: Connector, now: datetime, zone: str
    ) -> Due | None:
        origin = connector.initialized_at or connector.created_at
        if schedule.full_cron and schedule.cron:
            full = last_due(schedule.full_cron, schedule.last_full_due or origin, now, zone)
            if full is not None:
                return Due(flow_id, full, "full")
        if schedule.cron:
            if schedule.last_due is None:
                # A flow that never ran starts when it is switched on, not a whole interval later.
                return Due(flow_id, now.replace(microsecond=0), "incremental")
            due = last_due(schedule.cron, schedule.last_due, now, zone)
            if due is not None:
                return Due(flow_id, due, "incremental")
        return None

    def _insert(self, due: Due) -> bool:
        """Insert the waiting run, or record the tick as skipped while one is running (R5)."""
        tools = self._tools
        try:
            with tools.database.write() as session:
                schedule = session.get_one(Schedule, due.flow_id, with_for_update=True)
                if self._has_its_run(schedule, due):
                    return False
                if due.mode == "full":
                    schedule.last_full_due = due.due_at
                else:
                    schedule.last_due = due.due_at
                if schedule.last_due is None or schedule.last_due < due.due_at:
                    schedule.last_due = due.due_at
                open_run = (
                    session.query(Run)
                    .filter(Run.flow_id == due.flow_id, Run.status.in_(("running", "waiting")))
                    .first()
                )
                if open_run is not None and due.mode == "full":
                    # The running one may be a delta: everything is read by the run after it.
                    session.get_one(Flow, due.flow_id).full_next = True
                session.add(
                    Run(
                        flow_id=due.flow_id,
                        due_at=self._free_moment(session, due),
                        mode=due.mode,
                        trigger="schedule",
                        status="skipped" if open_run is not None else "waiting",
                        finished_at=tools.clock.now() if open_run is not None else None,
                        error="The run before was still under way." if open_run else "",
                        counts={},
                        pages=[],
                    )
                )
                return open_run is None
        except IntegrityError:
            return False

    @staticmethod
    def _has_its_run(schedule: Schedule, due: Due) -> bool:
        """True when another process was first with this tick."""
        last = schedule.last_full_due if due.mode == "full" else schedule.last_due
        return last is not None and last >= due.due_at

    @staticmethod
    def _free_moment(session: Session, due: Due) -> datetime:
        """The scheduled time; a moment later where it came before the clock was set back."""
        moment = due.due_at
        while session.query(Run.id).filter_by(flow_id=due.flow_id, due_at=moment).first():
            moment += timedelta(milliseconds=1)
        return moment

    def flows_with_work(self) -> list[int]:
        """Return flows with due or unknown messages: the sweep rings for them."""
        now_ms = self._tools.now_ms()
        with self._tools.database.read() as session:
            rows = session.execute(
                text(
                    "SELECT DISTINCT m.flow_id FROM message AS m "
                    "JOIN flow AS f ON f.id = m.flow_id JOIN connector AS c "
                    "ON c.id = f.connector_id WHERE c.active AND NOT c.paused AND NOT f.paused "
                    "AND f.enabled AND f.stopped_reason = '' AND m.status IN ('pending','unknown') "
                    "AND m.due_at <= :now"
                ),
                {"now": now_ms},
            )
            return [int(row[0]) for row in rows]

    def flows_with_runs(self) -> list[int]:
        """Return flows with a run that no worker has begun."""
        with self._tools.database.read() as session:
            rows = session.execute(
                text("SELECT DISTINCT flow_id FROM run WHERE status = 'waiting'")
            )
            return [int(row[0]) for row in rows]
