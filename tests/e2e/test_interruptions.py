"""What happens to records when a drain is interrupted in the middle."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rig import Rig, eligible

from hub.seams import set_crash_hook

Make = Callable[..., Rig]


@pytest.fixture
def at_point() -> Iterator[Callable[[str, int, Callable[[], None]], None]]:
    """Do something when a crash point is passed for the n-th time."""
    counts: dict[str, int] = {}

    def install(name: str, nth: int, action: Callable[[], None]) -> None:
        def hook(passed: str) -> None:
            counts[passed] = counts.get(passed, 0) + 1
            if passed == name and counts[passed] == nth:
                action()

        set_crash_hook(hook)

    yield install
    set_crash_hook(None)


def raise_interrupt() -> None:
    raise KeyboardInterrupt


def at_rest(rig: Rig) -> None:
    assert rig.messages("in_flight") == {}
    assert rig.messages("unknown") == {}
    assert rig.query("SELECT * FROM claim") == []


def complete(rig: Rig) -> None:
    assert set(rig.companies()) == set(eligible(rig)) - set(rig.messages("parked", "customer"))
    assert rig.created_twice() == []
    at_rest(rig)


def test_nothing_is_left_claimed_after_a_sync(rig: Rig) -> None:
    """Also not by stock, whose writes are read back later."""
    rig.sync()
    at_rest(rig)


def test_a_worker_that_lost_its_claim_stops_and_the_next_look_goes_on(
    make_rig: Make, at_point: Any
) -> None:
    rig = make_rig(customers=60, items=1, features={"customer": {}})

    def stalled() -> None:
        rig.clock.advance(200)
        rig.runtime.mover.sweep()

    at_point("claim.after_commit", 1, stalled)
    rig.sync()
    complete(rig)
    assert not [row for row in rig.messages("parked").values() if "stops the worker" in row.reason]
    crashes = {row.crashes for row in rig.query("SELECT crashes FROM message")}
    assert crashes == {0}


def test_a_claim_that_is_lost_while_stock_is_read_back(make_rig: Make, at_point: Any) -> None:
    rig = make_rig(customers=1, items=40, features={"customer": {}, "inventory": {}})

    def stalled() -> None:
        rig.clock.advance(500)
        rig.runtime.mover.sweep()

    at_point("send.after_answer", 1, stalled)
    rig.run("inventory")
    set_crash_hook(None)
    rig.sync("inventory")
    at_rest(rig)
    assert rig.messages("pending") == {}


@pytest.mark.parametrize("point", ["intent.after_commit", "call.after_answer", "send.after_answer"])
@pytest.mark.parametrize("batch", [True, False])
def test_ctrl_c_in_mid_create_is_an_unknown_end(
    make_rig: Make, at_point: Any, point: str, batch: bool
) -> None:
    rig = make_rig(customers=40, items=1, features={"customer": {}},
                   messages={"batch": batch, "threshold_count": 5})  # fmt: skip
    at_point(point, 3, raise_interrupt)
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    set_crash_hook(None)
    assert rig.messages("unknown", "customer")
    assert rig.query("SELECT * FROM claim") == []
    rig.quiesce(hours=1)
    complete(rig)


def test_answers_before_a_send_that_failed_are_kept(make_rig: Make) -> None:
    """One by one: the store goes away after six creates; those six are bound already."""
    rig = make_rig(customers=30, items=1, features={"customer": {}}, messages={"batch": False})
    rig.store.faults.replace(
        [
            {"match": "POST /api/v3/io/companies", "nth": n, "fault": "status", "code": 429,
             "body": "", "headers": {"Retry-After": "20"}}
            for n in range(8, 9)
        ]
    )  # fmt: skip
    rig.run()
    created = [e for e in rig.effects() if e["entity"] == "companies"]
    bound = rig.query("SELECT * FROM binding WHERE entity = 'customer' AND how = 'created'")
    assert len(bound) == len(created)
    rig.store.faults.replace([])
    rig.quiesce(hours=1)
    complete(rig)


def test_a_search_that_fails_leaves_nothing_claimed(make_rig: Make) -> None:
    rig = make_rig(features={"customer": {}}, messages={"batch": False})
    rig.sync()
    rig.put("Customer", "NEW1", CustomerName="New One", CustomerClass="DEALER",
            MainContact={"Email": "new1@example.com", "Phone1": "555-0111", "Attention": "Ann One",
                         "Address": {"AddressLine1": "1 Way", "City": "Boston", "State": "MA",
                                     "PostalCode": "02110", "Country": "US"}})  # fmt: skip
    rig.store.faults.replace(
        [
            {"match": "POST /api/v3/io/companies", "nth": 1, "fault": "answer_lost"},
            *[{"match": "GET /api/v3/io/companies", "nth": n, "fault": "reset"} for n in (2, 3, 4)],
        ]
    )
    rig.run()
    rig.run()
    assert "NEW1" in rig.messages("unknown")
    assert rig.query("SELECT * FROM claim") == []
    rig.store.faults.replace([])
    rig.quiesce(hours=1)
    complete(rig)


@pytest.mark.timeout(40)
def test_a_change_behind_an_unknown_end_waits_without_spinning(make_rig: Make) -> None:
    """A newer change may not be sent beside an unknown one: it is not due, so nobody turns."""
    rig = make_rig(features={"customer": {}}, messages={"batch": False})
    rig.sync()
    key = next(iter(rig.companies()))
    rig.put("Customer", key, CustomerName="First Change")
    rig.store.faults.replace(
        [{"match": "PUT /api/v3/io/companies", "nth": 1, "fault": "late", "after": 60}]
    )
    rig.run()
    assert key in rig.messages("unknown")
    rig.put("Customer", key, CustomerName="Second Change")
    rig.run()
    waiting = rig.runtime.mover.waiting(rig.flow_id("customer"))
    assert (waiting["due"], waiting["later"], waiting["unknown"]) in ((0, 1, 1), (0, 0, 0))
    rig.quiesce(hours=1)
    assert rig.companies()[key]["companyName"] == "Second Change"
    complete(rig)
