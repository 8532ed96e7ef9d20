"""A refused sign-in, an ERP that is down or slow: what is tried, what is said, what goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from rig import FLOWS, REGISTRY, Rig, eligible

from hub.runtime import build
from hub.runtime.sync import Sync
from hub.scheduler import Ticker
from hub.seams import Rng

Make = Callable[..., Rig]
LOGIN = "POST /entity/auth/login"


def change_password(rig: Rig, password: str) -> None:
    """The ERP's administrator gives the hub's user another password and ends its session."""
    with rig.erp.lock:
        rig.erp.sessions.password = password
        rig.erp.sessions.open.clear()


def state(rig: Rig, key: str = "erp") -> Any:
    return rig.query("SELECT state, state_detail FROM connection WHERE key = :key", key=key)[0]


def due(rig: Rig) -> int:
    return len(Ticker(rig.runtime.tools, lambda _flow: None).tick())


def test_a_wrong_password_is_tried_once_by_all_flows_processes_and_restarts(rig: Rig) -> None:
    rig.sync()
    change_password(rig, "changed-over-there")
    rig.put("Customer", next(iter(rig.companies())), CustomerName="Renamed Meanwhile")
    other = build(rig.environ, clock=rig.clock, rng=Rng(1), registry=REGISTRY)
    with rig.calls() as seen:
        first = rig.run()
        second = Sync(other, "B2B-US").run()
        other.close()
        rig.restart()
        third = rig.run()
        for _ in range(3):
            rig.clock.advance(3_600)
            assert due(rig) == 0, "no run is started that cannot sign in"
    assert seen["erp"][LOGIN] == 1
    assert seen["erp"].total() == 1
    assert state(rig).state == "needs_sign_in"
    for result in (first, second, third):
        (problem,) = result.problems
        assert all(key in problem for key in FLOWS), "said once, for all four"
        assert "password" in problem.lower()

    rig.environ["ACU_PASSWORD"] = "changed-over-there"
    rig.restart()
    rig.clock.advance(3_600)
    assert due(rig) >= 1, "with other values the schedule goes on by itself"
    rig.sync()
    assert state(rig).state == "connected"
    assert "Renamed Meanwhile" in {row["companyName"] for row in rig.rows("companies")}
    assert rig.messages("parked") == {}


def test_a_corrected_password_that_was_applied_lets_work_go_on(rig: Rig) -> None:
    rig.sync()
    change_password(rig, "changed-over-there")
    rig.run()
    assert due(rig) == 0
    rig.environ["ACU_PASSWORD"] = "changed-over-there"
    rig.restart()
    rig.set()
    rig.clock.advance(3_600)
    assert due(rig) >= 1


def test_an_erp_that_is_down_is_said_and_nothing_is_parked(rig: Rig) -> None:
    rig.sync()
    mark = rig.mark()
    key = next(iter(rig.companies()))
    rig.put("Customer", key, CustomerName="Renamed While Down")
    rig.erp.faults.replace([{"match": "* /", "fault": "reset"}])
    result = rig.run()
    (problem,) = result.problems
    assert "Nothing was lost" in problem
    assert "127.0.0.1" in problem
    assert not result.misconfigured
    assert rig.messages("parked") == {}
    assert rig.effects(mark) == []
    rig.run()
    assert state(rig).state == "not_reachable"
    rig.erp.faults.replace([])
    rig.clock.sleep(1_200)
    rig.sync()
    assert rig.companies()[key]["companyName"] == "Renamed While Down"
    assert state(rig).state == "connected"


def test_a_store_that_is_down_for_three_days_costs_no_click(make_rig: Make) -> None:
    """F27: waiting messages stay, probes are few, and the first good answer brings everything."""
    rig = make_rig(features={"customer": {}})
    rig.store.faults.replace([{"match": "* /", "fault": "status", "code": 503, "body": "down"}])
    with rig.calls() as seen:
        for _ in range(12):
            rig.run()
            rig.clock.advance(6 * 3_600)
    assert seen["store"].total() <= 85
    assert rig.messages("parked") == {}
    assert rig.rows("companies") == []
    rig.store.faults.replace([])
    rig.clock.advance(1_200)
    rig.sync()
    assert set(rig.companies()) == set(eligible(rig)) - set(rig.messages("parked", "customer"))
    assert rig.created_twice() == []


def test_a_store_that_says_wait_spends_nothing_of_the_records_budget(make_rig: Make) -> None:
    rig = make_rig(features={"customer": {}}, messages={"retry_count": 1})
    rig.sync()
    key = next(iter(rig.companies()))
    rig.put("Customer", key, CustomerName="Renamed Under Throttle")
    rig.store.faults.replace([
        {"match": "PUT /api/v3/io/", "nth": n, "fault": "status", "code": 429, "body": "",
         "headers": {"Retry-After": "40"}} for n in range(1, 9)
    ])  # fmt: skip
    with rig.calls() as seen:
        for _ in range(12):
            rig.run()
            rig.clock.advance(900)
    assert sum(n for name, n in seen["store"].items() if name.startswith("PUT")) == 9
    assert rig.messages("parked") == {}
    assert rig.companies()[key]["companyName"] == "Renamed Under Throttle"


def test_records_that_a_quota_in_mid_batch_kept_back_spend_nothing(make_rig: Make) -> None:
    """Users are changed one by one; the store says wait behind the first of each batch."""
    rig = make_rig(customers=20, features={"customer": {}, "contact": {}},
                   messages={"retry_count": 1, "threshold_count": 0})  # fmt: skip
    rig.sync()
    users = rig.users()
    changed = [
        row for row in rig.erp_rows("Contact") if row["Active"] and (row["Email"] or "").lower() in users
    ][:8]
    for row in changed:
        rig.put("Contact", str(row["ContactID"]), LastName=f"Moved {row['ContactID']}")
    for _ in range(3):
        rig.store.faults.replace([
            {"match": "PUT /api/v3/io/users", "nth": n, "fault": "status", "code": 429, "body": "",
             "headers": {"Retry-After": "60"}} for n in range(2, 6)
        ])  # fmt: skip
        rig.run()
        assert rig.messages("parked", "contact") == {}
        rig.clock.advance(1_800)
    rig.store.faults.replace([])
    rig.quiesce(hours=1)
    names = {row["lastName"] for row in rig.users().values()}
    assert {f"Moved {row['ContactID']}" for row in changed} <= names


@pytest.mark.slow
def test_a_slow_erp_ends_well_and_pages_answer_meanwhile(make_rig: Make) -> None:
    """Twenty seconds per answer, in real time."""
    from hub.seams import SystemClock

    rig = make_rig(customers=3, items=3, clock=SystemClock(), features={"customer": {}})
    rig.erp.faults.replace([{"match": "* /", "fault": "slow", "seconds": 20}])
    rig.sync()
    assert set(rig.companies()) == set(eligible(rig))
