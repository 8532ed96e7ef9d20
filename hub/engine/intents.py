"""What is written down before it is sent: the claim's lease renewed, and an intent per write.

One by one, up to ten records share the commit that does so (they also share their settlement):

    A: lease renewed, intents 1-10 ── fsync ── send 1 ── send 2 ── … ── send 10 ── settle 1-10
    B:                    sweep before the lease is over: nothing to take; A sends no more after it
After a crash each record with an open intent is looked up before anything is repeated.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from hub.engine.context import FlowContext, Tools
from hub.engine.work import Work
from hub.outbox import LEASE_MS, record_intent, renew, renew_or_lose
from hub.sdk import LoadItem
from hub.seams import crashpoint
from hub.store.queries import statement
from hub.store.transaction import Transaction

ACCEPTED_MS = 120_000
"""The lease of a claim whose writes are read back later."""
TOGETHER = 10
"""Records sent one by one that share a commit."""
SECONDS = 5.0
"""How long an answered record may wait for the settlement that it shares."""


class Intents:
    """The lease and the open intents of the claim that is being worked on.

    ``accepted``: claims that wait for their read-back meanwhile.
    """

    def __init__(self, tools: Tools, context: FlowContext, run_id: int | None) -> None:
        self._tools = tools
        self._context = context
        self._run_id = run_id
        self.token = ""
        self.accepted: Collection[str] = ()
        self._until = 0
        self._lasts = 0.0
        self._next: list[Work] = []
        self._begun: set[str] = set()
        self._open: dict[str, int] = {}

    def start_claim(self, token: str) -> None:
        """Work on this claim from now on."""
        self.token, self._next = token, []
        self._held(0)
        self._open.clear()
        self._begun.clear()

    def begin(self, works: Iterable[Work]) -> None:
        """These records are being sent now: their intents are not withdrawn any more."""
        self._begun = {work.key for work in works}

    def announce(self, works: Sequence[Work]) -> None:
        """These records follow one by one: their intents join the commit of the first."""
        self._next = list(works)

    def keep_alive(self) -> None:
        """Renew what is worked on, while it takes its time; a lost one is noticed at the fence."""
        if not self.token:
            return
        now_ms = self._tools.now_ms()
        with self._tools.database.begin() as connection:
            held = renew(connection, [self.token], now_ms, LEASE_MS)
            renew(
                connection, [one for one in self.accepted if one != self.token], now_ms, ACCEPTED_MS
            )
        self._held(LEASE_MS if held else 0)

    def _held(self, lease_ms: int) -> None:
        self._until = self._tools.now_ms() + lease_ms
        self._lasts = self._tools.clock.monotonic() + lease_ms / 1000

    def covered(self, items: Sequence[LoadItem]) -> bool:
        """True when all is written down, and the lease lasts until the answer must be there."""
        # By both clocks: the one that others see it by may have been set back.
        left = (self._until - self._tools.now_ms()) / 1000
        left = min(left, self._lasts - self._tools.clock.monotonic())
        if left <= self._context.target.action.read_timeout or left > self._lease_ms / 1000:
            return False
        return not self._needed or all(item.key in self._open for item in items)

    @property
    def _lease_ms(self) -> int:
        return max(LEASE_MS, int(self._context.target.action.read_timeout * 1000) + 30_000)

    @property
    def _needed(self) -> bool:
        # An absolute quantity may be written twice; a record that exists or not may not.
        return self._context.target.action.creates

    def before_send(
        self, connection: Transaction, items: Sequence[LoadItem], method: str, url: str
    ) -> None:
        """Renew, check the fence, write the intents: in the transaction that grants the permit."""
        now_ms = self._tools.now_ms()
        renew_or_lose(connection, self.token, now_ms, self._lease_ms)
        self._held(self._lease_ms)
        if not self._needed:
            return
        crashpoint("intent.before_commit")
        keys = [item.key for item in items]
        batches = [(keys, any(i.external_id is None and not i.delete for i in items))]
        batches += [
            ([work.key], work.external_id is None)
            for work in self._next[:TOGETHER]
            if work.key not in self._open and work.key not in keys
        ]
        for part, creates in batches:
            intent = record_intent(
                connection,
                flow_id=self._context.flow_id,
                run_id=self._run_id,
                token=self.token,
                keys=part,
                creates=creates,
                method=method,
                url=url,
                now_ms=now_ms,
            )
            self._open |= dict.fromkeys(part, intent)

    def take(self, works: Iterable[Work]) -> list[int]:
        """Return the intents of these records; whoever takes them ends them."""
        found = [self._open.pop(work.key, None) for work in works]
        return list(dict.fromkeys(intent for intent in found if intent is not None))

    def refuse(self, connection: Transaction, intents: Iterable[int]) -> None:
        """An intent of a call that was certainly not carried out must not look like one under way."""
        rows: list[dict[str, Any]] = [{"id": intent, "token": self.token} for intent in intents]
        if rows:
            connection.execute(
                # A number whose commit failed may be another claim's now.
                statement(
                    "UPDATE attempt SET outcome = 'refused' WHERE id = :id AND claim_token = :token"
                ),
                rows,
            )

    def withdraw(self, connection: Transaction) -> None:
        """Nothing of what was announced and not begun is under way."""
        self.refuse(
            connection, {intent for key, intent in self._open.items() if key not in self._begun}
        )
        self._open.clear()
