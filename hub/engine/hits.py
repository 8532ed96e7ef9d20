"""Hop 7 for one claim: look for its unbound records over there, and judge what is found (R10.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hub.engine.context import FlowContext, Tools
from hub.engine.listing import Listing
from hub.engine.matching import adopt, linked_already
from hub.engine.work import Work
from hub.outbox import Settled
from hub.sdk import Listed, LoadItem

FEW = 10
"""Up to this many records are searched one by one; more cost less as a listing."""
ASKED_AGAIN = 3
"""Up to this many records of a claim that an old listing would park are searched for themselves."""

Hits = Mapping[str, Sequence[Listed]]


@dataclass(slots=True)
class Matching:
    """Matches what is not bound; ``ahead``: the target's clock before ours."""

    tools: Tools
    context: FlowContext
    client: Any
    listing: Listing
    ahead: Callable[[], timedelta]

    def end(self, unbound: Sequence[Work], due: int) -> list[Settled]:
        """Return how the records end that are not to be sent; the others know what to update.

        ``due`` is how many unbound records wait in all.
        """
        if not self.context.target.action.listing_before and not (
            self.listing.fresh or max(len(unbound), due) > FEW
        ):
            return self._judged(unbound, self._searched(unbound))
        self.listing.update(self.client, self.ahead)
        with self.tools.database.look() as connection:
            hits = self.listing.find(connection, unbound)
        ended = self._judged(unbound, hits)
        return self._asked_again(unbound, ended) if self.listing.old else ended

    def _asked_again(self, unbound: Sequence[Work], ended: list[Settled]) -> list[Settled]:
        """Somebody may have tidied up over there since everything was listed."""
        parked = {row.id for row in ended if row.status == "parked"}
        if not 0 < len(parked) <= ASKED_AGAIN:
            return ended
        doubted = [work for work in unbound if work.id in parked]
        again = self._judged(doubted, self._searched(doubted))
        return [*(row for row in ended if row.id not in parked), *again]

    def _searched(self, works: Sequence[Work]) -> Hits:
        items = [LoadItem(work.key, work.native, None, str(work.id)) for work in works]
        return self.context.target.plugin.match(self.client, self.context.target.action, items)

    def _judged(self, works: Sequence[Work], hits: Hits) -> list[Settled]:
        with self.tools.database.look() as connection:
            linked = linked_already(connection, self.context, hits)
            ended = [
                adopt(connection, self.context, work, hits.get(work.key, ()), linked)
                or self._not_there(work)
                for work in works
            ]
        return [row for row in ended if row is not None]

    def _not_there(self, work: Work) -> Settled | None:
        if work.external_id is not None or self.context.target.action.creates:
            return None
        reason = "There is no product with this SKU in the store."
        return work.settle(
            "filtered",
            reason=reason,
            reason_group=reason,
            state=True,
            content_hash=None,
            rule_version=self.context.rule_version,
        )
