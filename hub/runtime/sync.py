"""``hub sync``: run a connector's flows now, in this process, until nothing is due."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from hub.config import ConfigProblem
from hub.engine.engine import RunSummary
from hub.engine.runs import FlowBusy
from hub.runtime.runtime import Runtime
from hub.settings import connector_state, rules

COUNTED = ("read", "unchanged", "filtered", "adopted", "created", "updated", "deleted")
BUSY_SECONDS = 120.0

OnProgress = Callable[[str, Counter[str]], None]
OnBusy = Callable[[str], None]
"""Called once with the key of a flow that another process is running, before it is waited for."""


@dataclass(slots=True)
class SyncResult:
    """What the command prints; ``problems`` are what kept a flow from running to its end.

    ``misconfigured``: each of them is a setting that a person must correct.
    """

    connector: str
    flows: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    misconfigured: bool = True

    @property
    def needs_person(self) -> bool:
        """True when messages are parked."""
        return any(flow["parked"] for flow in self.flows.values())


@dataclass(frozen=True, slots=True)
class _Flow:
    id: int
    key: str


class Sync:
    """One ``hub sync``."""

    def __init__(
        self,
        runtime: Runtime,
        connector: str,
        on_progress: OnProgress | None = None,
        on_busy: OnBusy = lambda _flow: None,
    ) -> None:
        self._runtime = runtime
        self._key = connector
        self._on_progress = on_progress
        self._on_busy = on_busy
        self._totals: dict[str, Counter[str]] = {}
        self._seconds: dict[str, float] = {}
        self._result = SyncResult(connector)

    def run(
        self,
        wanted: Sequence[str] = (),
        *,
        mode: str = "incremental",
        since: datetime | None = None,
        until: datetime | None = None,
        wait: float = 0.0,
        who: str = "command line",
    ) -> SyncResult:
        """Read and deliver; with ``wait`` also what falls due within so many seconds.

        Raises ``ConfigProblem`` for an unknown connector or a flow that is off.
        """
        flows = self._flows(wanted)
        try:
            self._work(flows, wait, mode=mode, since=since, until=until, who=who)
        finally:
            # One sign-in for all flows of the command: it ends here, as its last user.
            if self._runtime.serving is None:
                runtime = self._runtime
                runtime.gate.close_idle(runtime.open_resolved, older_than=0.0)
        for flow in flows:
            self._result.flows[flow.key] = self._summary(flow)
        return self._result

    def _work(self, flows: Sequence[_Flow], wait: float, **options: Any) -> None:
        self._runtime.mover.sweep()
        for flow in flows:
            self._read_and_deliver(flow, **options)
        self._deliver_due(flows)
        deadline = self._runtime.clock.monotonic() + wait
        while wait and self._pause_until_due(flows, deadline):
            self._deliver_due(flows)

    def _flows(self, wanted: Sequence[str]) -> list[_Flow]:
        runtime = self._runtime
        with runtime.read() as session:
            connector = connector_state.by_key(session, self._key)
            if connector is None:
                raise ConfigProblem(
                    f"There is no connector {self._key!r}. `hub config export` lists them."
                )
            if not connector.active:
                raise ConfigProblem(
                    f"Connector {self._key} is not active. Set active: true in its configuration "
                    "or tick Active on its page."
                )
            rows = rules.flows(session, connector.id)
            order = self._order(session, connector)
            why = {k: rules.why_off(runtime.context, session, connector, k) for k in rows}
        for key in wanted:
            if key not in rows or why[key]:
                reason = why.get(key) or f"{key} is not one of its syncs: {', '.join(rows)}."
                raise ConfigProblem(f"{self._key} cannot run {key}: {reason}")
        keys = sorted(wanted or [k for k in rows if not why[k]], key=lambda k: order.get(k, 99))
        return [_Flow(rows[key].id, key) for key in keys]

    def _order(self, session: Any, connector: Any) -> dict[str, int]:
        pair = rules.pair(self._runtime.context, session, connector)
        if pair.erp_plugin is None or pair.store_plugin is None:
            return {}
        keys = self._runtime.registry.flow_keys(pair.erp_plugin, pair.store_plugin)
        return {key: place for place, key in enumerate(keys)}

    def _read_and_deliver(self, flow: _Flow, **options: Any) -> None:
        self._do(flow, lambda: self._runtime.mover.run(
            flow.id, on_progress=self._on_progress, **options
        ))  # fmt: skip

    def _deliver_due(self, flows: Sequence[_Flow]) -> None:
        """Deliver until no flow has anything due: one flow's records may release another's."""
        for _ in range(10):
            busy = [f for f in flows if self._due(f)]
            if not busy:
                return
            before = [self._runtime.mover.waiting(f.id) for f in busy]
            for flow in busy:
                self._do(flow, lambda f=flow: self._runtime.mover.deliver(f.id))  # type: ignore[misc]
            if [self._runtime.mover.waiting(f.id) for f in busy] == before:
                return

    def _due(self, flow: _Flow) -> bool:
        waiting = self._runtime.mover.waiting(flow.id)
        return waiting["due"] > 0 or waiting["unknown_due"] > 0

    def _do(self, flow: _Flow, work: Callable[[], RunSummary]) -> None:
        clock = self._runtime.clock
        deadline = clock.monotonic() + BUSY_SECONDS
        started = clock.monotonic()
        told = False
        while True:
            try:
                summary = work()
                break
            except FlowBusy:
                if not told:
                    self._on_busy(flow.key)
                    told = True
                if clock.monotonic() > deadline:
                    self._result.misconfigured = False
                    self._result.problems.append(
                        f"{flow.key}: another hub process is running this sync; try again later."
                    )
                    return
                clock.sleep(0.5)
        self._totals.setdefault(flow.key, Counter()).update(summary.counts)
        spent = clock.monotonic() - started
        self._seconds[flow.key] = self._seconds.get(flow.key, 0.0) + spent
        if summary.error:
            self._tell(flow, summary)

    def _tell(self, flow: _Flow, summary: RunSummary) -> None:
        """Say each problem once, with the flows that met it."""
        sentence = f": {summary.error} {summary.remedy}".rstrip()
        problems = self._result.problems
        same = [place for place, text in enumerate(problems) if text.endswith(sentence)]
        if same:
            named = problems[same[0]].removesuffix(sentence)
            if flow.key not in named.split(", "):
                problems[same[0]] = f"{named}, {flow.key}{sentence}"
        else:
            problems.append(f"{flow.key}{sentence}")
        if not summary.misconfigured:
            self._result.misconfigured = False

    def _pause_until_due(self, flows: Sequence[_Flow], deadline: float) -> bool:
        """Sleep until something falls due; False when nothing waits or the time is over."""
        runtime = self._runtime
        if not any(self._waiting(flow) for flow in flows):
            return False
        left = deadline - runtime.clock.monotonic()
        if left <= 0:
            return False
        ids = ", ".join(str(flow.id) for flow in flows)
        with runtime.read() as session:
            next_due = session.execute(
                text(
                    "SELECT min(due_at) FROM message AS m WHERE status IN ('pending','unknown') "
                    f"AND flow_id IN ({ids}) AND (status = 'unknown' OR NOT EXISTS (SELECT 1 "
                    "FROM message AS r WHERE r.dedup_key = m.dedup_key "
                    "AND r.status IN ('in_flight','unknown')))"
                )
            ).scalar()
        pause = 1.0 if next_due is None else (next_due - runtime.tools.now_ms()) / 1000
        runtime.clock.sleep(min(max(pause, 1.0), 5.0, left))
        runtime.mover.sweep()
        return True

    def _waiting(self, flow: _Flow) -> int:
        counts = self._runtime.mover.waiting(flow.id)
        return counts["later"] + counts["due"] + counts["unknown"] + counts["blocked"]

    def _summary(self, flow: _Flow) -> dict[str, Any]:
        totals = self._totals.get(flow.key, Counter())
        with self._runtime.read() as session:
            parked = session.execute(
                text("SELECT count(*) FROM message WHERE flow_id = :id AND status = 'parked'"),
                {"id": flow.id},
            ).scalar_one()
        return {
            **{name: totals[name] for name in COUNTED},
            "waiting": self._waiting(flow),
            "parked": parked,
            "calls_source": totals["calls_source"],
            "calls_target": totals["calls_target"],
            "seconds": round(self._seconds.get(flow.key, 0.0), 3),
        }
