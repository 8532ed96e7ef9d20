"""A refused record that a person skipped stays away until it changes."""

from collections.abc import Callable

import pytest
from rig import Rig, eligible

from hub.outbox import skip

Make = Callable[..., Rig]


@pytest.mark.postgres
def test_a_skipped_record_does_not_come_back_with_the_next_reading(make_rig: Make) -> None:
    rig = make_rig(items=1, features={"customer": {}})
    bad = next(iter(eligible(rig)))
    rig.put("Customer", bad, PrimaryContactID=None, MainContact={"Email": "not an address"})
    rig.sync()
    message = rig.messages("parked", "customer")[bad]
    with rig.runtime.tools.database.core() as connection:
        assert skip(connection, [message.id], rig.clock.now(), "Ann") == 1
    rig.sync()
    rig.sync(mode="full")
    assert bad not in rig.messages("parked") | rig.messages("pending")
    rig.put("Customer", bad, MainContact={"Email": "an.address@mended.example"})
    rig.sync()
    assert bad in rig.companies()
