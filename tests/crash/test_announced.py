"""A kill among writes that were written down together: only the one on its way has to wait."""

import pytest
from crash_kit import Make

pytestmark = pytest.mark.crash


@pytest.mark.parametrize(("batch", "nth"), [(False, 4), (True, 3)])
def test_what_had_not_begun_goes_on_at_once(make_crash_rig: Make, batch: bool, nth: int) -> None:
    rig = make_crash_rig(customers=45, items=1, features={"customer": {}},
                         messages={"batch": batch, "threshold_count": 0})  # fmt: skip
    rig.fresh()
    assert rig.killed_at_point("intent.after_commit", nth)
    announced = rig.query("SELECT keys FROM attempt WHERE outcome = 'announced'")
    assert announced, "several calls shared the commit"
    mark = rig.mark()
    rig.run()
    waits = rig.messages("unknown", "customer")
    assert len(waits) == (10 if batch else 1), "the call that was cut off"
    assert rig.created_twice() == []
    assert {effect["key"] for effect in rig.effects(mark)}.isdisjoint(waits)
    rig.quiesce()
    assert not rig.messages("unknown", "customer")
    assert rig.created_twice() == []
