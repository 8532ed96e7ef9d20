"""Creates whose answer names no sure id: confirmed together, by one listing of what is new (ADR 3).

Until then the rows stay in flight under their claim and the intents stay open. After a crash the
sweep therefore makes them unknown and searches for them, as for an answer that was lost:

    A: claim ── send 1 … send 19 ── listing ── settle: bound        (one settlement for all)
    A: claim ── send 1 … send 7 ── kill -9 ── sweep: unknown ── searched, adopted
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hub.engine.context import FlowContext, Tools
from hub.engine.listing import MARGIN
from hub.engine.sending import Sent, delivered
from hub.engine.unknown import find_created, is_ours
from hub.engine.work import Work
from hub.outbox import Settled
from hub.outbox.settle import results_json
from hub.sdk import Listed
from hub.store.base import from_ms

CALLS = 19
"""Calls that wait for one listing: its page of 200 then holds all that they made."""


@dataclass(slots=True)
class Confirmation:
    """What one claim sent and has not seen yet. ``ahead``: the target's clock before ours."""

    tools: Tools
    context: FlowContext
    client: object
    ahead: Callable[[], timedelta]
    works: dict[int, Work] = field(default_factory=dict)
    calls: list[tuple[Sent, list[int]]] = field(default_factory=list)
    since_ms: int = 0

    @property
    def due(self) -> bool:
        """True when the next call's creates would not fit into one listing page any more."""
        return len(self.calls) >= CALLS

    def add(self, works: Sequence[Work], sent: Sent) -> Sent:
        """Keep a call's unsure creates; return the call with what is left to settle now."""
        open_ids = {row.id for row in sent.rows if row.status == "in_flight"}
        if not open_ids:
            return sent
        if not self.calls:
            self.since_ms = sent.sent_at
        self.works |= {work.id: work for work in works if work.id in open_ids}
        self.calls.append((sent, [work.id for work in works if work.id in open_ids]))
        left = [row for row in sent.rows if row.id not in open_ids]
        return replace(sent, rows=left, intents=[], attempts=[])

    def confirm(self) -> list[Sent]:
        """List what is new over there, and return each call as it turned out."""
        if not self.calls:
            return []
        works, calls = list(self.works.values()), self.calls
        since = from_ms(self.since_ms) + self.ahead() - MARGIN
        found = find_created(self.context, self.client, works, since)
        self.forget()
        rows = {work.id: self._judge(work, found.get(work.key, ())) for work in works}
        return [self._ended(sent, [rows[one] for one in ids]) for sent, ids in calls]

    def _judge(self, work: Work, hits: Sequence[Listed]) -> Settled:
        ours = [hit for hit in hits if is_ours(self.context, work, hit)]
        if len(ours) == 1:
            return delivered(self.context, work, "created", ours[0].external_id)
        now_ms = self.tools.now_ms()
        return work.settle(
            "unknown",
            reason="The answer names no record; it is being looked up.",
            due_ms=now_ms,
            hold_ms=now_ms + self.context.hold_ms,
            searches=0,
            rule_version=self.context.rule_version,
            sent=work.hashed_json,
        )

    @staticmethod
    def _ended(sent: Sent, rows: list[Settled]) -> Sent:
        outcome = "unknown" if any(row.status == "unknown" for row in rows) else "answered"
        results = results_json([*(row for row in sent.rows if row.status != "in_flight"), *rows])
        intents = [{**one, "outcome": outcome, "results": results} for one in sent.intents]
        return replace(sent, rows=rows, intents=intents, attempts=[])

    def forget(self) -> None:
        """The claim ended otherwise: its open creates are looked up as unknown."""
        self.works, self.calls = {}, []
