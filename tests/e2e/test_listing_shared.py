"""Two flows that list the same side of one store at the same time do not take it from each other."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from rig import Rig

from hub.engine.context import FlowContext, load_context
from hub.engine.listing import Listing
from hub.registry.plugin import Plugin
from hub.sdk import Listed

Make = Callable[..., Rig]


class Side:
    """A store whose list the test decides; ``between`` happens between its two pages."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig = rig
        self.ids = ["1", "2", "3", "4"]
        self.between: Callable[[], Any] = lambda: None
        self.context: FlowContext = load_context(rig.runtime.tools, rig.flow_id("customer"))
        monkeypatch.setattr(Plugin, "listing", self.pages)

    def pages(self, *_arguments: Any) -> Iterator[list[Listed]]:
        between, self.between = self.between, lambda: None
        seen = [Listed(one, f"K{one}", {}, {}) for one in self.ids]
        yield seen[:2]
        between()
        yield seen[2:]

    def listing(self) -> Listing:
        return Listing(self.rig.runtime.tools, self.context)

    def found(self, listing: Listing) -> set[str]:
        with self.rig.runtime.tools.database.look() as connection:
            found = listing._select(connection, "stamp", [f"K{n}" for n in range(9)])
        return {hit.external_id for hits in found.values() for hit in hits}


@pytest.fixture
def side(make_rig: Make, monkeypatch: pytest.MonkeyPatch) -> Side:
    return Side(make_rig(customers=1, items=1, features={"customer": {}}), monkeypatch)


def test_one_sees_the_whole_side_while_another_lists_it_anew(side: Side) -> None:
    first, second = side.listing(), side.listing()
    first.update(None)
    halfway: list[set[str]] = []
    side.between = lambda: halfway.append(side.found(first))
    second.update(None)
    assert halfway == [{"1", "2", "3", "4"}]
    assert side.found(first) == {"1", "2", "3", "4"}


def test_one_that_ends_while_another_is_half_way_takes_nothing_away(side: Side) -> None:
    first, second = side.listing(), side.listing()
    side.between = lambda: second.update(None)
    first.update(None)
    assert side.found(first) == side.found(second) == {"1", "2", "3", "4"}


def test_what_is_no_longer_listed_goes_with_the_next_whole_listing(side: Side) -> None:
    side.listing().update(None)
    side.ids = ["1", "4"]
    again = side.listing()
    again.update(None)
    assert side.found(again) == {"1", "4"}


def test_what_came_meanwhile_stays_when_another_whole_listing_began_before(side: Side) -> None:
    first, second = side.listing(), side.listing()
    first.update(None)
    ours = SimpleNamespace(status="done", outcome="created", external_id="5")

    def one_comes() -> None:
        side.rig.clock.sleep(601)
        side.ids = ["5"]
        first.wrote([ours])
        first.update(None)

    side.between = one_comes
    second.update(None)
    assert side.found(first) == {"1", "2", "3", "4", "5"}
