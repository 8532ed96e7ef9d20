"""A record that the ERP does not give when it is asked for by key delays nobody else."""

from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig

from hub.outbox import put_keys
from hub.registry.plugin import Plugin
from hub.sdk import RecordRejected, TransientError

Make = Callable[..., Rig]


@pytest.mark.parametrize(
    "error", [RecordRejected("it is locked by a form"), KeyError("Status"), TransientError("busy")]
)
def test_one_record_that_cannot_be_read_by_key_is_parked_alone(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    rig = make_rig(items=1, features={"customer": {}}, messages={"retry_count": 2})
    rig.sync()
    keys = [key for key in rig.companies() if not key.startswith("#")]
    bad = keys[3]
    fetch = Plugin.fetch

    def stumbles(plugin: Plugin, client: Any, action: Any, wanted: Any, *more: Any) -> Any:
        if bad in wanted:
            raise error
        return fetch(plugin, client, action, wanted, *more)

    for key in keys:
        with rig.erp.lock:
            rig.erp.put_row("Customer", key, {"CustomerName": f"New {key}"})
    flow, runtime = rig.flow_id("customer"), rig.runtime
    (erp,) = rig.query("SELECT id FROM connection WHERE key = 'erp'")
    with runtime.tools.database.begin() as connection:
        put_keys(connection, flow_id=flow, source_id=erp.id, entity="customer", keys=keys,
                 now_ms=runtime.tools.now_ms())  # fmt: skip
    monkeypatch.setattr(Plugin, "fetch", stumbles)
    for _ in range(4):
        runtime.mover.deliver(flow)
        rig.clock.sleep(61)
    parked = rig.messages("parked", "customer")[bad]
    assert str(error.args[0]) in parked.reason
    names = {key: row["companyName"] for key, row in rig.companies().items()}
    assert {key for key in keys if names[key] != f"New {key}"} == {bad}
    monkeypatch.undo()
    runtime.retry([parked.id])
    rig.sync()
    assert rig.companies()[bad]["companyName"] == f"New {bad}"
