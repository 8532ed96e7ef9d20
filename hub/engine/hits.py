"""Hop 7 for one claim: look for its unbound records over there, and judge what is found (R10.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hub.engine.context import FlowContext, Tools
from hub.engine.listing import Listing
from hub.engine.matching import adopt, linked_already
from hub.engine.sending import Sent
from hub.engine.work import Work
from hub.outbox import Settled
from hub.sdk import Listed, LoadItem

FEW = 10
"""Up to this many records are searched one by one; more cost less as a listing."""
ASKED_AGAIN = 3
"""Up to this many records of a claim that an old listing shows are asked for: still there?"""

Hits = Mapping[str, Sequence[Listed]]


def _ids(hits: Sequence[Listed]) -> set[str]:
    return {hit.external_id for hit in hits}


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
        return self._judged(unbound, self._listed(unbound))

    def _listed(self, unbound: Sequence[Work]) -> Hits:
        self.listing.update(self.client, self.ahead)
        hits = self._found(unbound)
        if self.listing.old and self._doubtful(unbound, hits):
            self.listing.doubt()
            self.listing.update(self.client, self.ahead)
            hits = self._found(unbound)
        return hits

    def _found(self, unbound: Sequence[Work]) -> Hits:
        with self.tools.database.look() as connection:
            return self.listing.find(connection, unbound)

    def _doubtful(self, unbound: Sequence[Work], hits: Hits) -> bool:
        """True when some of what an old listing shows is, or may well be, deleted over there.

        A search only raises the doubt, a whole listing ends it: not every record can be searched,
        and one that a search does not find yet must not be made a second time.
        """
        first = [w for w in unbound if any(self._by_first(w, hit) for hit in hits.get(w.key, ()))]
        if 0 < len(first) <= ASKED_AGAIN:
            found = self._searched(first)
            if any(_ids(hits[work.key]) != _ids(found.get(work.key, ())) for work in first):
                return True
        return self.listing.worn and (len(first) > ASKED_AGAIN or len(hits) > len(first))

    def _by_first(self, work: Work, hit: Listed) -> bool:
        by_stamp = self.context.target.action.match_on[:1] == ("stamp",)
        return not by_stamp or hit.stamp == work.key

    def learn(self, works: Sequence[Work], *calls: Sent) -> None:
        """See what was sent: the next listing must show it, and what is gone puts it in doubt."""
        for sent in calls:
            self.listing.wrote(sent.rows)
        if any(work.gone for work in works):
            self.listing.doubt()

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
