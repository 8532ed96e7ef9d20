"""Writes that the target applies later (stock): read back, write once more, then park."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.engine.context import FlowContext, Tools
from hub.engine.intents import ACCEPTED_MS
from hub.engine.resolve import differing
from hub.engine.sending import delivered
from hub.engine.work import Work
from hub.outbox import Settled, Settlement, give_back, renew
from hub.sdk import LoadItem, Window

FEW_TO_MATCH = 50


@dataclass(slots=True)
class ReadBack:
    """Accepted writes of one drain, by claim, until the target shows them."""

    tools: Tools
    context: FlowContext
    client: Any
    run_id: int | None
    should_stop: Callable[[], bool]
    open: dict[str, list[Work]] = field(default_factory=dict)
    ended: list[Settled] = field(default_factory=list)
    first_at: float = 0.0

    def add(self, token: str, works: Sequence[Work]) -> None:
        """Remember accepted records; their claim stays alive until they are read back."""
        if not self.open:
            self.first_at = self.tools.clock.monotonic()
        self.open.setdefault(token, []).extend(works)

    @property
    def count(self) -> int:
        """How many records are not read back yet."""
        return sum(len(works) for works in self.open.values())

    def keep_alive(self) -> None:
        """Renew the claims; called between batches and before each wait."""
        if self.open:
            with self.tools.database.begin() as connection:
                renew(connection, list(self.open), self.tools.now_ms(), ACCEPTED_MS)

    def wait_and_check(self) -> list[Work]:
        """Read back after each of the action's delays; return what still differs at the end."""
        self.first_at = self.tools.clock.monotonic()
        for delay in self.context.target.action.verify_after:
            if not self.open:
                break
            self.keep_alive()
            if not self._wait_until(self.first_at + delay):
                return []
            self.keep_alive()
            self._check()
        return [work for works in self.open.values() for work in works]

    def _wait_until(self, moment: float) -> bool:
        """Sleep in short steps; False when the hub stops: the claims then go back (R19)."""
        while (left := moment - self.tools.clock.monotonic()) > 0:
            if self.should_stop():
                return False
            self.tools.clock.sleep(min(left, 1.0))
        return True

    def _check(self) -> None:
        works = [work for rows in self.open.values() for work in rows]
        seen = self._look(works)
        for token, rows in list(self.open.items()):
            good = [w for w in rows if w.key in seen and not differing(w.hashed, seen[w.key])]
            if good:
                self._settle(token, [delivered(self.context, w, "updated", w.key) for w in good])
            done = {work.id for work in good}
            self.open[token] = [work for work in rows if work.id not in done]
            if not self.open[token]:
                del self.open[token]

    def _look(self, works: Sequence[Work]) -> dict[str, Any]:
        context = self.context
        plugin, action = context.target.plugin, context.target.action
        if len(works) <= FEW_TO_MATCH:
            items = [LoadItem(w.key, w.native, w.external_id, str(w.id)) for w in works]
            hits = plugin.match(self.client, action, items)
            return {key: found[0].fields for key, found in hits.items() if found}
        wanted = {work.key for work in works}
        seen: dict[str, Any] = {}
        for page in plugin.listing(self.client, action, Window(), context.preferences):
            seen.update((row.stamp, row.fields) for row in page if row.stamp in wanted)
        return seen

    def give_up(self, works: Sequence[Work]) -> None:
        """Park what was written twice and still reads differently."""
        by_id = {work.id: work for work in works}
        for token, rows in list(self.open.items()):
            parked = [
                work.settle(
                    "parked",
                    reason=f"The store accepted the quantity of {work.title} twice and still "
                    "shows another one.",
                    reason_group="written twice, still different",
                    remedy="Check in the store what changes this quantity, then retry.",
                    forget_hash=True,
                )
                for work in rows
                if work.id in by_id
            ]
            self._settle(token, parked)
        self.open.clear()

    def _settle(self, token: str, rows: list[Settled]) -> None:
        context = self.context
        settlement = Settlement(
            context.flow_id,
            context.connector_id,
            context.key,
            self.run_id,
            context.target.id,
            context.entity,
            token,
            rows=rows,
        )
        with self.tools.database.begin() as connection:
            settlement.write(connection, self.tools.now_ms())
            if len(rows) == len(self.open[token]):
                give_back(connection, token, self.tools.now_ms())
        self.ended += rows
