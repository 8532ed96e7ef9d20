"""F43, F44: the connection to PostgreSQL ends at a COMMIT, or the database is away for minutes."""

from collections.abc import Callable, Iterator

import pytest
from pg_proxy import Cut, PgProxy
from rig import Rig
from sqlalchemy.exc import DBAPIError

Make = Callable[..., Rig]
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]


@pytest.fixture
def make_proxy(new_pg: Callable[..., str]) -> Iterator[Callable[[], PgProxy]]:
    made: list[PgProxy] = []

    def make() -> PgProxy:
        made.append(PgProxy(new_pg()))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


def settle(rig: Rig, tries: int = 400) -> int:
    """Run the same hub until it ends by itself twice; returns how often it stumbled."""
    stumbled = quiet = 0
    for _ in range(tries):
        try:
            rig.run(wait=3600)
            quiet += 1
        except DBAPIError:
            stumbled += 1
            quiet = 0
        if quiet == 2:
            return stumbled
        rig.clock.sleep(100)
    pytest.fail(f"not settled after {tries} tries")


def outcome(rig: Rig) -> dict[str, list[str]]:
    return {
        "companies": sorted(rig.companies()),
        "users": sorted(rig.users()),
        "addresses": sorted(rig.addresses()),
        "stock": sorted(f"{sku}={number}" for sku, number in rig.stock().items()),
    }


def at_rest(rig: Rig) -> None:
    assert rig.created_twice() == []
    assert rig.query("SELECT key FROM message WHERE status IN ('in_flight','unknown')") == []
    assert rig.query("SELECT token FROM claim") == []
    assert rig.query("SELECT name FROM lease WHERE name LIKE 'flow:%'") == []
    assert rig.query("SELECT id FROM run WHERE status = 'running'") == []
    mark = rig.mark()
    rig.sync(mode="full")
    assert rig.effects(mark) == [], "wasted"


def disturbed(make_rig: Make, make_proxy: Callable[[], PgProxy], decide: Callable[[int], Cut]) -> (
    tuple[Rig, PgProxy, int]
):  # fmt: skip
    proxy = make_proxy()
    rig = make_rig(database=proxy.url, customers=3, items=2)
    proxy.commits, proxy.decide = 0, decide
    stumbled = settle(rig)
    proxy.decide = lambda _n: ""
    return rig, proxy, stumbled


def test_a_connection_that_ends_at_a_commit_loses_and_doubles_nothing(
    make_rig: Make, make_proxy: Callable[[], PgProxy]
) -> None:
    calm = make_rig(customers=3, items=2)
    calm.run(wait=3600)

    def decide(number: int) -> Cut:
        if number > 160 or number % 8:
            return ""
        return "before" if number % 16 else "after"

    rig, proxy, stumbled = disturbed(make_rig, make_proxy, decide)
    print(f"\n{len(proxy.cuts)} cuts of {proxy.commits} commits, stumbled {stumbled} times")
    assert len(proxy.cuts) > 10
    assert outcome(rig) == outcome(calm)
    at_rest(rig)


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["before", "after"])
def test_every_commit_of_a_first_sync(
    make_rig: Make, make_proxy: Callable[[], PgProxy], cut: Cut
) -> None:
    calm = make_rig(customers=3, items=2)
    calm.run(wait=3600)
    wanted = outcome(calm)
    nth = cuts = 0
    while True:
        nth += 1
        rig, proxy, _ = disturbed(
            make_rig, make_proxy, lambda number, nth=nth: cut if number == nth else ""
        )
        if not proxy.cuts:
            break
        cuts += 1
        assert outcome(rig) == wanted, nth
        at_rest(rig)
        rig.close()
        proxy.close()
    print(f"\n{cuts} commits cut {cut} they were done: lost 0, doubled 0")
    assert cuts > 50
