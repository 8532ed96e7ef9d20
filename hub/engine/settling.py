"""Hop 8 as the delivery does it: settle, count, tell of parked records and of refusals in a row."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from hub.engine.context import FlowContext, Tools
from hub.engine.lines import line_of, parked_lines
from hub.engine.refusals import Refusals
from hub.engine.sending import Sent
from hub.outbox import Settled, Settlement
from hub.outbox.log_lines import LogLine
from hub.seams import crashpoint
from hub.store.tables import Flow


class Settling:
    """The ends of one drain's records. ``ended`` is the last claim that held no row any more."""

    def __init__(
        self,
        tools: Tools,
        context: FlowContext,
        run_id: int | None,
        on_progress: Callable[[Counter[str]], None],
    ) -> None:
        self._tools = tools
        self._context = context
        self._run_id = run_id
        self._on_progress = on_progress
        self.ended = ""
        self.counts: Counter[str] = Counter()
        with tools.database.read() as session:
            flow = session.get_one(Flow, context.flow_id)
            self.refusals = Refusals(flow.refusals, flow.refusal_reason)

    def settle_calls(self, token: str, held: Sequence[Sent]) -> None:
        """Settle what these calls did, in one transaction."""
        rows = [row for sent in held for row in sent.rows]
        attempts = [attempt for sent in held for attempt in sent.attempts]
        intents = [intent for sent in held for intent in sent.intents]
        if not (rows or attempts or intents):
            return
        lines = [line_of(self._context, sent) for sent in held if sent.rows or sent.detail]
        self.settle(token, rows, attempts, intents, lines)

    def settle(
        self,
        token: str,
        rows: list[Settled],
        attempts: Sequence[dict[str, Any]] = (),
        intents: Sequence[dict[str, Any]] = (),
        log: Sequence[LogLine | None] = (),
    ) -> None:
        """Settle rows of a claim. Raises ``LeaseLost`` when one of them is no longer ours."""
        if not (rows or attempts or intents):
            return
        settlement = Settlement(
            self._context.flow_id,
            self._context.connector_id,
            self._context.key,
            self._run_id,
            self._context.target.id,
            self._context.entity,
            token,
            rows=rows,
            attempts=list(attempts),
            ended_intents=list(intents),
            log=[line for line in log if line is not None] or parked_lines(self._context, rows),
        )
        crashpoint("settle.before_commit")
        self._tools.database.run(lambda conn: settlement.write(conn, self._tools.now_ms()))
        crashpoint("settle.after_commit")
        if settlement.ended:
            self.ended = token
        self.count(rows)

    def count(self, rows: Sequence[Settled]) -> None:
        """Count rows that have ended, and tell who wants to know."""
        self.refusals.see(rows)
        self._tell_parked(rows)
        for row in rows:
            if row.status in ("done", "unchanged", "filtered", "parked"):
                self.counts[row.outcome or row.status] += 1
        self._on_progress(self.counts)

    def _tell_parked(self, rows: Sequence[Settled]) -> None:
        for row in rows:
            if row.status == "parked":
                self._tools.registry.message_parked(
                    {
                        "connector": self._context.connector_key,
                        "flow": self._context.key,
                        "key": row.key,
                        "reason": row.reason,
                        "field": row.field,
                        "remedy": row.remedy,
                    }
                )
