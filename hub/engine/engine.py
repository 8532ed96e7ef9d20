"""The engine: run one flow, deliver what waits, take over what dead workers left."""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from hub.engine.context import FlowContext, Side, Tools, load_context
from hub.engine.delivery import Delivery
from hub.engine.proof import StampLost
from hub.engine.reading import Reading, read_source
from hub.engine.refusals import TooManyRefusals
from hub.engine.runs import (
    FlowBusy,
    Progress,
    begin_run,
    cancel_requested,
    close_dead_runs,
    finish_run,
    release_flow,
    renew_flow,
    start_run,
    take_flow,
)
from hub.engine.sending import DrainStopped, Sender
from hub.gate import CallRecord, OpenClient
from hub.outbox import sweep, waiting_counts
from hub.outbox.settle import LogLine, write_log
from hub.sdk import ConfigError, HubError
from hub.seams import crashpoint
from hub.store.tables import Connector, Flow

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 10.0


@dataclass(slots=True)
class RunSummary:
    """What a run did, as ``hub sync --json`` prints it."""

    run_id: int | None
    flow: str
    status: str
    counts: Counter[str] = field(default_factory=Counter)
    error: str = ""
    remedy: str = ""
    parameter: str = ""
    seconds: float = 0.0


class Engine:
    """Everything that moves records. Thread-safe: one call works on one flow."""

    def __init__(self, tools: Tools, stopping: Callable[[], bool] = lambda: False) -> None:
        self.tools = tools
        self._stopping = stopping

    def run(
        self,
        flow_id: int,
        *,
        mode: str = "incremental",
        trigger: str = "manual",
        who: str = "",
        due_at: datetime | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        read: bool = True,
        run_id: int | None = None,
        on_progress: Callable[[str, Counter[str]], None] | None = None,
    ) -> RunSummary:
        """Read a flow's source and deliver until nothing is due now.

        ``run_id`` begins a waiting run with its own mode and range.

        Raises ``FlowBusy`` when another worker runs it, IntegrityError when this tick has its run.
        All other ends are told in the summary and on the run's row.
        """
        take_flow(self.tools, flow_id)
        try:
            if run_id is not None:
                run = begin_run(self.tools, run_id)
                if run is None:
                    return RunSummary(run_id, "", "cancelled")
                mode, since, until = run.mode, run.since, run.until
            return _FlowRun(self.tools, flow_id, self._stopping, on_progress).execute(
                mode=mode,
                trigger=trigger,
                who=who,
                due_at=due_at,
                since=since,
                until=until,
                read=read,
                run_id=run_id,
            )
        finally:
            release_flow(self.tools, flow_id)

    def deliver(self, flow_id: int) -> RunSummary:
        """Deliver what waits in a flow, without reading its source (retries, releases)."""
        return self.run(flow_id, read=False, trigger="sweep")

    def sweep(self) -> int:
        """Take over the work of dead and stalled workers; returns the number of rows."""
        close_dead_runs(self.tools)
        holds: dict[int, int] = {}

        def hold_ms(flow_id: int) -> int:
            if flow_id not in holds:
                try:
                    holds[flow_id] = load_context(self.tools, flow_id).hold_ms
                except HubError:
                    holds[flow_id] = 90_000
            return holds[flow_id]

        with self.tools.database.read() as session:
            has_claims = session.connection().exec_driver_sql("SELECT 1 FROM claim LIMIT 1").first()
            flow_ids = list(
                session.connection().exec_driver_sql("SELECT DISTINCT flow_id FROM claim").scalars()
            )
        if not has_claims:
            return 0
        for flow_id in flow_ids:
            hold_ms(flow_id)
        with self.tools.database.begin() as connection:
            return sweep(connection, self.tools.now_ms(), self.tools.is_dead, hold_ms)

    def waiting(self, flow_id: int) -> dict[str, int]:
        """Return how many messages of a flow are due, later, unknown and blocked."""
        with self.tools.database.begin() as connection:
            return waiting_counts(connection, flow_id, self.tools.now_ms())


class _FlowRun:
    """One run while it lasts."""

    def __init__(
        self,
        tools: Tools,
        flow_id: int,
        stopping: Callable[[], bool],
        on_progress: Callable[[str, Counter[str]], None] | None,
    ) -> None:
        self.tools = tools
        self.flow_id = flow_id
        self.stopping = stopping
        self.on_progress = on_progress
        self.progress: Progress | None = None
        self.sender: Sender | None = None
        self.calls: Counter[str] = Counter()
        self._kept_at = tools.clock.monotonic()
        self.cancelled = False

    def execute(
        self,
        *,
        mode: str,
        trigger: str,
        who: str,
        due_at: datetime | None,
        since: datetime | None,
        until: datetime | None,
        read: bool,
        run_id: int | None,
    ) -> RunSummary:
        started = self.tools.clock.monotonic()
        if read:
            run_id = run_id or start_run(
                self.tools,
                self.flow_id,
                mode=mode,
                trigger=trigger,
                who=who,
                due_at=due_at,
                since=since,
                until=until,
            )
            self.progress = Progress(self.tools, run_id)
        summary = RunSummary(self.progress.run_id if self.progress else None, "", "finished")
        try:
            context = load_context(self.tools, self.flow_id)
            summary.flow = context.key
            self._clear_stop()
            self._work(context, Reading(mode == "full", since, until), summary, read=read)
        except HubError as error:
            self._failed(summary, error)
        summary.seconds = self.tools.clock.monotonic() - started
        summary.counts["calls_source"] = self.calls["source"]
        summary.counts["calls_target"] = self.calls["target"]
        if self.cancelled and summary.status == "finished":
            summary.status = "cancelled"
        if self.progress is not None:
            crashpoint("run.before_finish")
            self.progress.counts = summary.counts
            finish_run(self.tools, self.progress, summary.status, summary.error, summary.remedy)
        return summary

    def _work(
        self, context: FlowContext, reading: Reading, summary: RunSummary, *, read: bool
    ) -> None:
        with ExitStack() as stack:
            opened: dict[str, OpenClient] = {}

            def source() -> Any:
                if "source" not in opened:
                    opened["source"] = stack.enter_context(self._open(context.source, "source"))
                return opened["source"].client

            try:
                if read:
                    self._read(context, source(), reading, summary)
            except HubError as error:
                if "source" in opened:
                    opened["source"].judge(error)
                self._failed(summary, error)
            if not self._paused(context) and not self.cancelled:
                self._deliver(context, source, summary)

    def _read(
        self, context: FlowContext, client: Any, reading: Reading, summary: RunSummary
    ) -> None:
        assert self.progress is not None  # noqa: S101 - a reading run has its row
        progress = self.progress
        with self.tools.database.read() as session:
            if session.get_one(Flow, self.flow_id).full_next and not reading.by_range:
                reading = Reading(full=True)

        def on_page(counts: Counter[str], seconds: float) -> None:
            progress.pages.append(
                {"read": counts["read"], "unchanged": counts["unchanged"], "seconds": seconds}
            )
            progress.counts.update(Counter())
            progress.counts["read"] = counts["read"]
            progress.counts["unchanged"] = counts["unchanged"]
            progress.write()
            if self.on_progress:
                self.on_progress(context.key, progress.counts)

        summary.counts += read_source(
            self.tools,
            context,
            client,
            reading,
            run_id=progress.run_id,
            should_stop=self.should_stop,
            on_page=on_page,
        )

    def _deliver(
        self, context: FlowContext, source: Callable[[], Any], summary: RunSummary
    ) -> None:
        with self.tools.database.begin() as connection:
            waiting = waiting_counts(connection, context.flow_id, self.tools.now_ms())
        if not (waiting["due"] or waiting["unknown_due"]):
            return
        run_id = self.progress.run_id if self.progress else None
        base = Counter(summary.counts)
        delivery: Delivery | None = None

        def on_progress(counts: Counter[str]) -> None:
            if self.progress is not None:
                self.progress.counts = base + counts
                self.progress.write()
                if self.on_progress:
                    self.on_progress(context.key, self.progress.counts)

        def before_send(*arguments: Any) -> None:
            if self.sender is not None:
                self.sender.before_send(*arguments)

        try:
            with self._open(context.target, "target", before_send=before_send) as opened:
                self.sender = Sender(self.tools, context, opened.client, run_id)
                delivery = Delivery(
                    self.tools,
                    context,
                    source,
                    opened.client,
                    self.sender,
                    run_id=run_id,
                    should_stop=self.should_stop,
                    on_progress=on_progress,
                )
                try:
                    delivery.drain()
                except DrainStopped as stopped:
                    opened.judge(stopped.cause)
                    self._failed(summary, stopped.cause)
        except (StampLost, TooManyRefusals) as error:
            self._stop_flow(context, str(error), error.remedy, error.field)
            summary.status, summary.error, summary.remedy = "failed", str(error), error.remedy
        except HubError as error:
            self._failed(summary, error)
        finally:
            if delivery is not None:
                summary.counts += delivery.counts

    def _open(self, side: Side, name: str, **more: Any) -> Any:
        def on_call(call: CallRecord) -> None:
            self.calls[name] += 1
            if name == "target" and self.sender is not None:
                self.sender.on_call(call)

        return self.tools.gate.open(
            side.facts,
            side.plugin,
            side.settings,
            on_call=on_call,
            should_stop=self.should_stop,
            **more,
        )

    def should_stop(self) -> bool:
        """Asked between batches and while a permit is waited for; keeps leases alive meanwhile."""
        if self.stopping() or self.cancelled:
            self.cancelled = True
            return True
        now = self.tools.clock.monotonic()
        if now - self._kept_at < KEEP_ALIVE_SECONDS:
            return False
        self._kept_at = now
        renew_flow(self.tools, self.flow_id)
        if self.sender is not None:
            self.sender.keep_alive()
        if self.progress is not None and cancel_requested(self.tools, self.progress.run_id):
            self.cancelled = True
        return self.cancelled

    def _failed(self, summary: RunSummary, error: HubError) -> None:
        summary.status = "failed"
        summary.error = summary.error or str(error)
        if isinstance(error, ConfigError):
            summary.parameter = error.parameter or ""
            summary.remedy = "Correct the connection on the Connector Configuration page."
        else:
            summary.remedy = "Nothing was lost; the messages wait and the next run goes on."

    def _paused(self, context: FlowContext) -> bool:
        with self.tools.database.read() as session:
            return session.get_one(Connector, context.connector_id).paused

    def _clear_stop(self) -> None:
        with self.tools.database.begin() as connection:
            connection.execute(
                text(
                    "UPDATE flow SET stopped_reason = '', stopped_remedy = '', stopped_field = '', "
                    "refusals = 0 WHERE id = :id AND stopped_reason <> ''"
                ),
                {"id": self.flow_id},
            )

    def _stop_flow(self, context: FlowContext, reason: str, remedy: str, field: str) -> None:
        """The flow stops itself: shown on top, logged once, started again by a person."""
        with self.tools.database.begin() as connection:
            connection.execute(
                text(
                    "UPDATE flow SET stopped_reason = :reason, stopped_remedy = :remedy, "
                    "stopped_field = :field WHERE id = :id"
                ),
                {"reason": reason, "remedy": remedy, "field": field, "id": context.flow_id},
            )
            write_log(
                connection,
                [LogLine("error", reason, remedy)],
                connector_id=context.connector_id,
                flow_key=context.key,
                run_id=self.progress.run_id if self.progress else None,
                now_ms=self.tools.now_ms(),
            )


__all__ = ["Engine", "FlowBusy", "RunSummary"]
