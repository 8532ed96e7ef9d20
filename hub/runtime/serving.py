"""Clock, workers and sweeps of a serving process."""

import logging
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from hub.dispatch import Bell, ThreadDoorbell, postgres_bell
from hub.engine.runs import FlowBusy, next_waiting_run, skip_waiting_runs
from hub.runtime.stuck import relieve
from hub.scheduler import LEADER, Cleaning, SchedulerLoop, Ticker
from hub.settings.imports import queue_left_over
from hub.settings.presence import describe
from hub.settings.users import any_user
from hub.store.base import to_ms
from hub.store.owner import owner_is_dead
from hub.store.tables import Connector, Flow, Lease

if TYPE_CHECKING:
    from hub.runtime.runtime import Runtime

log = logging.getLogger(__name__)

SERVING = "serving"
SERVING_MS = 60_000
SWEEP_SECONDS = 15.0
STOP_SECONDS = 25.0


class AlreadyServing(Exception):
    """Another process serves this SQLite database (R20)."""


class Serving:
    """The working half of ``hub run``: ticks, sweeps, worker threads, idle sign-outs.

    ``clock`` off: runs are made elsewhere. ``workers`` 0: they are worked off elsewhere, and a ring
    goes to the others through the database.
    """

    def __init__(self, runtime: "Runtime", workers: int, *, clock: bool = True) -> None:
        self._runtime = runtime
        self._clock = clock
        self._workers = workers
        self._bell: Bell | None = None
        if not runtime.database.is_sqlite:
            heard = self._ring_here if workers else None
            self._bell = postgres_bell(
                runtime.database.engine, runtime.clock, heard, self._look_at_all
            )
        self._doorbell = ThreadDoorbell(self._work, runtime.clock, workers)
        self._ticker = Ticker(runtime.tools, self.ring)
        self._cleaning = Cleaning(runtime.tools)
        self._loop = SchedulerLoop(getattr(runtime.clock, "host", runtime.clock), self._tick)
        self._swept_at = -SWEEP_SECONDS
        self._leads = False
        self._yielded = False

    def start(self) -> None:
        """Take the database for this process, sweep dead local work, start clock and workers.

        Raises ``AlreadyServing`` while another process serves it.
        """
        self._take_serving()
        if self._workers:
            self._runtime.mover.sweep()
            self._doorbell.start()
        self._loop.start()
        if self._bell is not None:
            self._bell.start()

    def stop(self) -> bool:
        """Stop claiming, let running calls end (25 s), sign out; True when all ended (R19)."""
        self._runtime.stopping.set()
        self._loop.stop()
        if self._bell is not None:
            self._bell.stop()
        ended = self._doorbell.stop(STOP_SECONDS) if self._workers else True
        self._runtime.sign_out_idle(0.0)
        try:
            with self._runtime.write() as session:
                for name in (self._lease_name(), LEADER):
                    lease = session.get(Lease, name)
                    if lease is not None and lease.owner == self._runtime.owner:
                        session.delete(lease)
        except SQLAlchemyError:
            log.warning("The database is away; the leases of this process run out by themselves")
        return ended

    def _lease_name(self) -> str:
        """On SQLite one process serves; on PostgreSQL each says that it does, whatever its part is.

        Only those that deliver do so as ``serving:…``: they are what the others' readiness means.
        """
        if self._runtime.database.is_sqlite:
            return SERVING
        part = "" if self._workers else "-clock" if self._clock else "-pages"
        return f"{SERVING}{part}:{sha256(self._runtime.owner.encode()).hexdigest()[:24]}"

    def ring(self, flow_id: int) -> None:
        """Let a worker look at a flow: one of this process, else one of another."""
        if self._workers:
            self._ring_here(flow_id)
        elif self._bell is not None:
            self._bell.ring(flow_id)

    def _ring_here(self, flow_id: int) -> None:
        self._doorbell.ring(flow_id)

    def ring_all(self) -> None:
        """Let the workers look at every flow with due messages."""
        for flow_id in self._ticker.flows_with_work():
            self.ring(flow_id)

    def _look_at_all(self) -> None:
        """What was rung for while nobody listened."""
        for flow_id in {*self._ticker.flows_with_work(), *self._ticker.flows_with_runs()}:
            self._ring_here(flow_id)

    def alive(self) -> tuple[bool, str]:
        """Say whether clock and workers run."""
        if self._yielded:
            return False, "Another hub serves this database; this one rests"
        ok = all(self.ready().values())
        return ok, "Clock and workers running" if ok else "Clock or workers stopped"

    def ready(self) -> dict[str, bool]:
        """The checks of /readyz; what this process leaves to others counts while they live."""
        ticks = self._loop.running if self._clock else self._others(f"name = '{LEADER}'")
        works = self._doorbell.alive > 0 if self._workers else self._others("name LIKE 'serving:%'")
        return {"scheduler": ticks, "workers": works}

    def _others(self, where: str) -> bool:
        found = text(f"SELECT 1 FROM lease WHERE {where} AND owner <> :me AND until > :now LIMIT 1")
        bound = {"me": self._runtime.owner, "now": self._runtime.tools.now_ms()}
        with self._runtime.read() as session:
            return session.execute(found, bound).first() is not None

    def _take_serving(self) -> None:
        shared = self._workers and not self._runtime.database.is_sqlite
        if shared and self._others("name LIKE 'serving:%'"):
            log.warning(
                "Another hub works on this database too. They share the work: each run and "
                "each record goes to one of them. Stop one if this was not meant."
            )
        self._renew_serving()

    def _renew_serving(self) -> None:
        """Take or keep this process's lease. Raises ``AlreadyServing`` (SQLite)."""
        runtime = self._runtime
        until = runtime.clock.now() + timedelta(milliseconds=SERVING_MS)
        with runtime.write() as session:
            if runtime.database.is_sqlite:
                self._refuse_second(session.get(Lease, SERVING))
            session.merge(Lease(name=self._lease_name(), owner=runtime.owner, until=until))
            session.execute(
                text("DELETE FROM lease WHERE name LIKE 'serving%' AND until < :now"),
                {"now": runtime.tools.now_ms()},
            )

    def _refuse_second(self, lease: Lease | None) -> None:
        if lease is None or lease.owner == self._runtime.owner:
            return
        now_ms = self._runtime.tools.now_ms()
        alive = now_ms < to_ms(lease.until) < now_ms + 10 * SERVING_MS
        if alive and not owner_is_dead(lease.owner):
            raise AlreadyServing(
                f"Another hub ({describe(lease.owner)}) serves this database already. Stop it "
                "first, or use PostgreSQL for several processes."
            )

    def _keep_serving(self) -> bool:
        """False when another hub took the database while this one was held up (a suspended host)."""
        try:
            self._renew_serving()
        except AlreadyServing as problem:
            rests = (
                f"{problem} This hub rests meanwhile: its pages stay, it reads and sends nothing."
            )
        else:
            rests = ""
        if rests and not self._yielded:
            log.error(rests)
        self._yielded = bool(rests)
        return not rests

    def _tick(self) -> None:
        runtime = self._runtime
        now = runtime.clock.monotonic()
        sweeps = now - self._swept_at >= SWEEP_SECONDS
        if sweeps:
            self._swept_at = now
            if not self._keep_serving():
                self._leads = False
                return
        with runtime.read() as session:
            if not any_user(session):
                # Until the administrator exists the clock stands still (S17).
                self._swept_at -= SWEEP_SECONDS
                return
        if sweeps:
            relieve(runtime.registry, self._doorbell)
            runtime.approvals.look()
            self._leads = self._clock and self._ticker.lead()
            if self._leads:
                runtime.mover.sweep()
                runtime.sign_out_idle(60.0)
                self._cleaning.clean_if_due()
                queue_left_over(runtime.context)
            if self._workers:
                self._look_at_all()
        if self._leads:
            self._ticker.tick()
            for flow_id in self._ticker.flows_with_runs():
                self.ring(flow_id)

    def _work(self, flow_id: int) -> None:
        runtime = self._runtime
        if runtime.stopping.is_set() or self._yielded or not self._may_run(flow_id):
            return
        run = next_waiting_run(runtime.tools, flow_id)
        try:
            if run is not None:
                runtime.mover.run(flow_id, run_id=run)
            else:
                runtime.mover.deliver(flow_id)
        except FlowBusy:
            return
        self.ring_all()

    def _may_run(self, flow_id: int) -> bool:
        """A flow waits until what it needs has been read once: customers before their contacts."""
        with self._runtime.read() as session:
            flow = session.get(Flow, flow_id)
            if flow is None or not flow.enabled:
                return False
            connector = session.get_one(Connector, flow.connector_id)
            if not connector.active:
                return False
            off = self._runtime.settings.why_off(connector.id, flow.key)
            if not off:
                self._runtime.approvals.follow(scan=False)
                off = self._runtime.settings.why_away(connector.id)
            if off:
                skip_waiting_runs(self._runtime.tools, flow_id, off)
                return False
            needed = self._runtime.needs_of(connector, flow)
            others = session.query(Flow).filter_by(connector_id=connector.id, enabled=True)
            return not any(other.key in needed and other.full_next for other in others)
