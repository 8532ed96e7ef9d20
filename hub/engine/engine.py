"""The engine: run one flow, deliver what waits, take over what dead workers left."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from hub.engine.context import Tools, load_context
from hub.engine.flow_run import FlowRun, RunSummary
from hub.engine.runs import (
    FlowBusy,
    begin_run,
    close_dead_runs,
    holding_flow,
)
from hub.outbox import free_blocked, sweep, waiting_counts, waits_for_nothing
from hub.sdk import HubError


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
        with holding_flow(self.tools, flow_id):
            if run_id is not None:
                run = begin_run(self.tools, run_id)
                if run is None:
                    return RunSummary(run_id, "", "cancelled")
                mode, since, until = run.mode, run.since, run.until
            return FlowRun(self.tools, flow_id, self._stopping, on_progress).execute(
                mode=mode,
                trigger=trigger,
                who=who,
                due_at=due_at,
                since=since,
                until=until,
                read=read,
                run_id=run_id,
            )

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
            flow_ids = list(
                session.connection().exec_driver_sql("SELECT DISTINCT flow_id FROM claim").scalars()
            )
        with self.tools.database.look() as connection:
            freeable = waits_for_nothing(connection)
        if freeable:
            self.tools.database.run(lambda conn: free_blocked(conn, self.tools.now_ms()))
        if not flow_ids:
            return 0
        for flow_id in flow_ids:
            hold_ms(flow_id)
        return self.tools.database.run(
            lambda conn: sweep(
                conn,
                self.tools.now_ms(),
                self.tools.is_dead,
                hold_ms,
                self.tools.database.has_all_of,
            )
        )

    def waiting(self, flow_id: int) -> dict[str, int]:
        """Return how many messages of a flow are due, later, unknown and blocked."""
        with self.tools.database.look() as connection:
            return waiting_counts(connection, flow_id, self.tools.now_ms())


__all__ = ["Engine", "FlowBusy", "RunSummary"]
