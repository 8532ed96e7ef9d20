"""One run of one flow while it lasts: read, deliver, tell how it ended."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.engine.context import FlowContext, Side, Tools, load_context
from hub.engine.delivery import Delivery
from hub.engine.intents import Intents
from hub.engine.listing import Listing
from hub.engine.pressure import REMEDY, Pressure
from hub.engine.proof import StampLost
from hub.engine.reading import Reading, read_source
from hub.engine.refusals import TooManyRefusals
from hub.engine.runs import (
    Progress,
    cancel_requested,
    finish_run,
    renew_flow,
    start_run,
)
from hub.engine.sending import DrainStopped, Sender
from hub.engine.stopping import clear_stop, is_resting, stop_flow
from hub.gate import CallRecord, OpenClient
from hub.outbox import waiting_counts
from hub.outbox.log_lines import LogLine, write_log
from hub.registry import PluginBug
from hub.sdk import ConfigError, HubError
from hub.seams import crashpoint
from hub.settings.errors import PluginAway
from hub.store.tables import Flow

KEEP_ALIVE_SECONDS = 10.0
CALLS = {"calls_source": "call(s) to the source", "calls_target": "call(s) to the target"}
CANCEL_SECONDS = 1.0
TAKEN_OVER = "This worker stood still for so long that another one took the sync over."


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
    misconfigured: bool = False
    seconds: float = 0.0


class FlowRun:
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
        self.context: FlowContext | None = None
        self.sender: Sender | None = None
        self.listing: Listing | None = None
        self.intents: Intents | None = None
        self.calls: Counter[str] = Counter()
        self._kept_at = self._asked_at = self._looked_at = tools.clock.monotonic()
        self.cancelled = self.held = self.taken_over = False
        self.away = ""

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
            context = self.context = load_context(self.tools, self.flow_id)
            summary.flow = context.key
            if read:
                clear_stop(self.tools, self.flow_id)
            self._work(context, Reading(mode == "full", since, until), summary, read=read)
        except HubError as error:
            self._failed(summary, error)
        summary.seconds = self.tools.clock.monotonic() - started
        summary.counts["calls_source"] = self.calls["source"]
        summary.counts["calls_target"] = self.calls["target"]
        if self.cancelled and summary.status == "finished":
            summary.status = "cancelled"
            if self.away:
                summary.status, summary.error, summary.remedy = (
                    "failed",
                    self.away,
                    PluginAway.remedy,
                )
            elif self.taken_over:
                summary.status, summary.error = "failed", TAKEN_OVER
                summary.remedy = "Nothing was lost; the other worker goes on."
        if self.progress is not None:
            crashpoint("run.before_finish")
            self.progress.counts = summary.counts
            self._tell(summary)
            finish_run(self.tools, self.progress, summary.status, summary.error, summary.remedy)
        return summary

    def _tell(self, summary: RunSummary) -> None:
        """One line of the connector log per run, and the broadcast to notifiers."""
        counts = {name: n for name, n in summary.counts.items() if n and name != "duplicates"}
        self.tools.registry.run_finished(
            {
                "flow": summary.flow,
                "run": summary.run_id,
                "status": summary.status,
                "counts": counts,
                "error": summary.error,
            }
        )
        context = self.context
        if context is None:
            return
        level = "error" if summary.error else "info"
        busy = any(not name.startswith(("calls", "unchanged", "read")) for name in counts)
        if not context.logging.get(level) or not (busy or summary.error):
            return
        words = ", ".join(
            f"{n} {CALLS.get(name, name.replace('_', ' '))}" for name, n in counts.items()
        )
        line = LogLine(level, f"Run {summary.status}: {words}", summary.error)
        with self.tools.database.begin() as connection:
            write_log(
                connection,
                [line],
                connector_id=context.connector_id,
                flow_key=context.key,
                run_id=summary.run_id,
                now_ms=self.tools.now_ms(),
            )

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
                    self._read(context, source, reading, summary)
            except HubError as error:
                if "source" in opened:
                    opened["source"].judge(error)
                self._failed(summary, error)
            if not is_resting(self.tools, self.flow_id) and not self.cancelled:
                self._deliver(context, source, summary)

    def _read(
        self,
        context: FlowContext,
        source: Callable[[], Any],
        reading: Reading,
        summary: RunSummary,
    ) -> None:
        assert self.progress is not None  # noqa: S101 - a reading run has its row
        progress = self.progress
        pressure = Pressure(self.tools, self.flow_id)
        if self._pressed(pressure, context, source, summary):
            return
        client, seen = source(), [0]

        def should_stop() -> bool:
            fresh, seen[0] = progress.counts["read"] - seen[0], progress.counts["read"]
            return self.should_stop() or self._pressed(pressure, context, source, summary, fresh)

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
            should_stop=should_stop,
            on_page=on_page,
        )

    def _pressed(
        self,
        pressure: Pressure,
        context: FlowContext,
        source: Callable[[], Any],
        summary: RunSummary,
        read: int = 0,
    ) -> bool:
        """Deliver first where too much waits; True when reading must stop nevertheless (R17)."""
        if not pressure.why(read):
            return False
        counts = self.progress.counts.copy() if self.progress else Counter[str]()
        if not is_resting(self.tools, self.flow_id):
            self._deliver(context, source, summary)
            self.intents = self.sender = None
        if self.progress is not None:
            self.progress.counts = counts
        why = pressure.why()
        if why:
            summary.status, summary.remedy = "failed", summary.remedy or REMEDY
            summary.error = summary.error or why
        return bool(why)

    def _deliver(
        self, context: FlowContext, source: Callable[[], Any], summary: RunSummary
    ) -> None:
        with self.tools.database.look() as connection:
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

        self.intents = Intents(self.tools, context, run_id)
        self.listing = self.listing or Listing(self.tools, context)
        try:
            with self._open(context.target, "target", fence=self.intents) as opened:
                self.sender = Sender(self.tools, context, opened.client, self.intents)
                delivery = Delivery(
                    self.tools,
                    context,
                    source,
                    opened.client,
                    self.sender,
                    self.listing,
                    run_id=run_id,
                    ahead=lambda: self._ahead(opened),
                    should_stop=self.should_hold,
                    on_progress=on_progress,
                )
                try:
                    delivery.drain()
                except DrainStopped as stopped:
                    opened.judge(stopped.cause)
                    self._failed(summary, stopped.cause)
        except (StampLost, TooManyRefusals) as error:
            stop_flow(self.tools, context, run_id, str(error), error.remedy, error.field)
            summary.status, summary.error, summary.remedy = "failed", str(error), error.remedy
        except HubError as error:
            self._failed(summary, error)
        finally:
            if delivery is not None:
                summary.counts += delivery.counts

    def _ahead(self, opened: OpenClient) -> timedelta:
        """How far the vendor's clock is ahead of ours; its stamps are its own time."""
        server_now = opened.http.server_now
        return timedelta() if server_now is None else server_now - self.tools.clock.now()

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
        if now - self._asked_at >= CANCEL_SECONDS:
            self._asked_at = now
            self.away = self._plugin_away()
            self.cancelled = bool(self.away) or self._cancel_pressed()
        if self.cancelled or now - self._kept_at < KEEP_ALIVE_SECONDS:
            return self.cancelled
        self._kept_at = now
        if not renew_flow(self.tools, self.flow_id):
            self.cancelled = self.taken_over = True
            return True
        if self.intents is not None:
            self.intents.keep_alive()
        return False

    def should_hold(self) -> bool:
        """Asked between batches: stop sending also when somebody paused meanwhile."""
        if self.should_stop():
            return True
        now = self.tools.clock.monotonic()
        if not self.held and now - self._looked_at >= CANCEL_SECONDS:
            self._looked_at = now
            self.held = is_resting(self.tools, self.flow_id)
        return self.held

    def _plugin_away(self) -> str:
        """Return why a plugin may not be used any more, though this run began with it."""
        sides = (self.context.source, self.context.target) if self.context else ()
        return next(filter(None, (self.tools.registry.why_not(s.facts.plugin) for s in sides)), "")

    def _cancel_pressed(self) -> bool:
        return self.progress is not None and cancel_requested(self.tools, self.progress.run_id)

    def _failed(self, summary: RunSummary, error: HubError) -> None:
        summary.status = "failed"
        summary.error = summary.error or str(error)
        if isinstance(error, PluginAway | PluginBug):
            summary.remedy = error.remedy
            summary.misconfigured = isinstance(error, PluginAway)
        elif isinstance(error, ConfigError):
            summary.parameter = error.parameter or ""
            summary.misconfigured = True
            summary.remedy = "Correct the connection on the Connector Configuration page."
        else:
            summary.remedy = "Nothing was lost; the messages wait and the next run goes on."
