"""A parent and its child settled in the same moment: the child does not wait for ever."""

from collections.abc import Callable

import pytest
from rig import Rig

from hub.outbox import Incoming, Settled, Settlement, claim_due, put_page

Make = Callable[..., Rig]


@pytest.mark.postgres
def test_a_child_and_its_parent_settled_at_once(make_rig: Make) -> None:
    rig = make_rig(customers=1, items=1, features={"customer": {}, "location": {}})
    database = rig.runtime.tools.database
    erp, store = (rig.query(f"SELECT id FROM connection WHERE key = '{k}'")[0].id
                  for k in ("erp", "store"))  # fmt: skip
    connector = rig.query("SELECT id FROM connector")[0].id
    now = database.now_ms()

    def settlement(entity: str, key: str, status: str, **more: object) -> Settlement:
        flow = rig.flow_id(entity)
        with database.begin() as connection:
            put_page(connection, flow_id=flow, source_id=erp, entity=entity, run_id=None,
                     rule_version="1", records=[Incoming(key, "{}", "h", "1")], now_ms=now)  # fmt: skip
            token, (row,) = claim_due(connection, flow, "me", 5, now)
        ended = Settled(row.id, row.key, row.record_id, status, **more)  # type: ignore[arg-type]
        return Settlement(flow, connector, entity, None, store, entity, token, rows=[ended])

    parent = settlement("customer", "P", "done", bind=True, external_id="77")
    child = settlement("location", "P:MAIN", "blocked", blocked=("customer", "P"))
    other = settlement("location", "Q:MAIN", "blocked", blocked=("customer", "Q"))
    with database.begin() as first:
        parent.write(first, now)
        with database.begin() as second:
            child.write(second, now)
            other.write(second, now)
    rig.runtime.mover.sweep()
    assert set(rig.messages("blocked")) == {"Q:MAIN"}
    assert set(rig.messages("pending", "location")) == {"P:MAIN"}
