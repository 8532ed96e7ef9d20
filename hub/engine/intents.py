"""What is written down before it is sent: the claim's lease renewed, and an intent per write.

Up to ten calls share the commit that does so (one by one they also share their settlement):

    A: lease renewed, intents 1-10 ── fsync ── 1 begun ── send 1 ── 2 begun ── send 2 ── …
    B:                    sweep before the lease is over: nothing to take; A sends no more after it
That a write has begun waits for no disk: after a crash of the process it is there, and only what
was on its way is looked up before anything is repeated; after a power cut all ten are.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from hub.engine.context import FlowContext, Tools
from hub.engine.work import Work
from hub.outbox import LEASE_MS, begin_intent, record_intent, renew, renew_or_lose
from hub.sdk import LoadItem
from hub.seams import crashpoint
from hub.store.queries import statement
from hub.store.transaction import Transaction

ACCEPTED_MS = 120_000
"""The lease of a claim whose writes are read back later."""
TOGETHER = 10
"""Calls that share a commit."""
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
        self._next: Sequence[Sequence[Work]] = ()
        self._open: dict[str, int] = {}
        self._on_way: set[int] = set()

    def start_claim(self, token: str) -> None:
        """Work on this claim from now on."""
        self.token, self._next = token, ()
        self._held(0)
        self._open.clear()
        self._on_way.clear()

    def announce(self, calls: Sequence[Sequence[Work]]) -> None:
        """These calls follow: their intents join the commit of the first."""
        self._next = calls

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
        if all(item.key in self._open for item in items):
            self.begins(connection, items)
        else:
            self._write(connection, items, method, url, "sent", now_ms)
        for works in self._next:
            if not any(work.key in self._open for work in works):
                self._write(connection, works, method, url, "announced", now_ms)

    def _write(
        self,
        connection: Transaction,
        part: Sequence[LoadItem | Work],
        method: str,
        url: str,
        outcome: str,
        now_ms: int,
    ) -> None:
        keys = [one.key for one in part]
        intent = record_intent(
            connection,
            flow_id=self._context.flow_id,
            run_id=self._run_id,
            token=self.token,
            keys=keys,
            creates=any(one.external_id is None and not one.delete for one in part),
            method=method,
            url=url,
            now_ms=now_ms,
            outcome=outcome,
        )
        self._open |= dict.fromkeys(keys, intent)
        if outcome == "sent":
            self._on_way.add(intent)

    def begins(self, connection: Transaction, items: Sequence[LoadItem]) -> None:
        """What was announced is on its way: noted in the transaction that grants the permit."""
        now_ms = self._tools.now_ms()
        for intent in {self._open[item.key] for item in items if item.key in self._open}:
            if intent not in self._on_way:
                begin_intent(connection, self.token, intent, now_ms)
                self._on_way.add(intent)

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
        self.refuse(connection, set(self._open.values()) - self._on_way)
        self._open.clear()
