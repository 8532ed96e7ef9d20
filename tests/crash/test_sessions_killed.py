"""An ERP with two seats, and a hub killed five times in a row: never more than two are taken (F71)."""

import pytest
from crash_kit import Make

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    "point",
    [
        "signin.after_save",
        pytest.param("signin.before_save", marks=pytest.mark.slow),
        pytest.param("page.after_commit", marks=pytest.mark.slow),
    ],
)
def test_five_kills_leave_no_seat_behind(make_crash_rig: Make, point: str) -> None:
    rig = make_crash_rig(customers=3, items=1, features={"customer": {}},
                         erp={"session_limit": 2})  # fmt: skip
    rig.fresh()
    seats = []
    killed = 0
    for _ in range(5):
        killed += rig.killed_at_point(point, 1)
        seats.append(len(rig.erp.sessions.open))
    assert killed >= 2
    assert max(seats) <= 2
    result = rig.run("customer", wait=3600)
    rig.clock.sleep(1300)
    result = rig.run("customer", wait=3600)
    assert not result.problems
    assert len(rig.companies()) >= 2
    rig.restart()
    assert len(rig.erp.sessions.open) <= 1
