"""Looking at the store takes longer than any lease: the work stays with its worker (R3)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig, eligible

from hub.outbox import claim_unknown
from plugins.bigcommerce import client

Make = Callable[..., Rig]
ONLY_CUSTOMERS: dict[str, Any] = {"features": {"customer": {}}}


def slow_lists(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list has pages of three and takes 12 seconds per page; meanwhile the hub sweeps."""
    monkeypatch.setattr(client, "LIMIT", 3)
    execute = rig.store.execute

    def heard(request: Any) -> Any:
        if request.method == "GET" and request.path.endswith("/companies"):
            rig.clock.sleep(12)
            rig.runtime.mover.sweep()
        return execute(request)

    monkeypatch.setattr(rig.store, "execute", heard)


def test_a_listing_of_many_pages_keeps_the_claim(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(customers=50, items=1, **ONLY_CUSTOMERS)
    rig.set(preferences={"customer_classes": ["EXPORT", "DEALER"]})
    rig.sync()
    assert len(rig.companies()) > 15
    rig.set(preferences={})
    slow_lists(rig, monkeypatch)
    rig.sync()
    parked = set(rig.messages("parked", "customer"))
    assert set(rig.companies()) == set(eligible(rig)) - parked
    assert rig.query("SELECT 1 FROM message WHERE crashes > 0 OR isolation > 0") == []
    assert rig.created_twice() == []


def test_a_search_of_many_pages_keeps_the_claim(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(customers=50, items=1, messages={"batch": True, "threshold_count": 0},
                   **ONLY_CUSTOMERS)  # fmt: skip
    rig.set(preferences={"customer_classes": ["EXPORT"]})
    rig.sync()
    before = len(rig.companies())
    rig.set(preferences={})
    rig.store.faults.replace(
        [{"match": "POST /api/v3/io/companies", "fault": "answer_lost", "every": 1}]
    )
    rig.run()
    assert len(rig.messages("unknown")) > 15
    rig.store.faults.replace([])
    slow_lists(rig, monkeypatch)
    rig.clock.sleep(3)
    rig.sync()
    assert rig.messages("unknown") == {}
    assert len(rig.companies()) > before + 15
    assert rig.created_twice() == []


def test_what_another_worker_searches_is_not_waited_for_in_a_loop(make_rig: Make) -> None:
    rig = make_rig(items=1, messages={"batch": False}, **ONLY_CUSTOMERS)
    rig.sync()
    key = next(k for k in rig.companies() if not k.startswith("#"))
    rig.put("Customer", key, CustomerName="Another Name")
    rig.store.faults.replace([{"match": "PUT /api/v3/io/", "fault": "answer_lost", "nth": 1}])
    rig.sync()
    rig.clock.sleep(5)
    flow, database = rig.flow_id("customer"), rig.runtime.tools.database
    with database.begin() as connection:
        _, rows = claim_unknown(connection, flow, "elsewhere:boot:1:1", 10, database.now_ms())
    assert [row.key for row in rows] == [key]
    looking = threading.Thread(target=rig.runtime.mover.deliver, args=[flow], daemon=True)
    looking.start()
    looking.join(10)
    ended = not looking.is_alive()
    rig.clock.sleep(61)
    rig.runtime.mover.sweep()
    looking.join(10)
    assert ended
    rig.quiesce()
    assert rig.companies()[key]["companyName"] == "Another Name"
