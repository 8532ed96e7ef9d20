"""A record that the store lists and, when it is written, says it has not."""

import threading
from collections.abc import Callable

import pytest
from rig import Rig

Make = Callable[..., Rig]
GONE = {"fault": "status", "code": 404, "body": '{"code":404,"meta":{"message":"not found"}}'}


@pytest.mark.parametrize("batch", [False, True])
def test_a_record_that_is_found_and_gone_is_not_asked_for_in_a_loop(
    make_rig: Make, batch: bool
) -> None:
    rig = make_rig(items=1, features={"customer": {}}, messages={"batch": batch, "retry_count": 2})
    rig.sync()
    keys = [key for key in rig.companies() if not key.startswith("#")]
    number = rig.companies()[keys[0]]["companyId"]
    for key in keys[:3]:
        rig.put("Customer", key, CustomerName=f"New {key}")
    rig.store.faults.replace([{"match": f"PUT /api/v3/io/companies/{number}", **GONE}])
    with rig.calls() as seen:
        run = threading.Thread(target=rig.quiesce, daemon=True)
        run.start()
        run.join(20)
        ended = not run.is_alive()
        rig.store.faults.replace([])
        run.join(20)
    assert ended
    assert seen["store"].total() < 40, dict(seen["store"])
    assert {rig.companies()[key]["companyName"] for key in keys[1:3]} == {
        f"New {key}" for key in keys[1:3]
    }
    message = rig.messages("parked", "customer")[keys[0]]
    assert "no longer in the store" in message.reason
    rig.runtime.retry([message.id])
    rig.sync()
    assert rig.companies()[keys[0]]["companyName"] == f"New {keys[0]}"
    assert rig.created_twice() == []
