"""The hub between an ERP that was written from the contract alone and our store."""

from collections.abc import Callable, Iterator

import pytest
from foreign_erp import SITE, ForeignErp
from rig import Rig

from hub.sdk.simulation import serve


@pytest.fixture
def abroad(make_rig: Callable[..., Rig]) -> Iterator[tuple[Rig, ForeignErp]]:
    rig = make_rig(customers=12, items=10)
    erp = ForeignErp(rig.clock, 15)
    with serve(erp) as running:
        rig.environ["ACU_PASSWORD"] = "quite-right"
        rig.restart()
        rig.set(
            erp_parameters={"base_url": running.url + SITE, "username": "hub", "tenant": "Main"}
        )
        yield rig, erp


def test_everything_arrives_once_and_the_second_sync_is_silent(
    abroad: tuple[Rig, ForeignErp],
) -> None:
    rig, erp = abroad
    rig.run(wait=120)
    wanted = {row["CustomerID"].strip() for row in erp.table["Customer"]}
    assert set(rig.companies()) == wanted
    assert set(rig.addresses()) == {f"{key}/MAIN" for key in wanted}
    assert {f"ann{n}@x.example" for n in range(1, 16)} <= set(rig.users())
    levels = {
        row["identity"]["sku"]: row["locations"][0]["total_inventory_onhand"]
        for row in rig.rows("inventory")
    }
    assert (levels["WH-00001"], levels["WH-00002"]) == (7, 5)
    assert rig.created_twice() == []
    before = len(rig.bodies)
    rig.sync()
    assert rig.bodies[before:] == []


def test_a_record_that_moved_its_own_stamp_arrives(abroad: tuple[Rig, ForeignErp]) -> None:
    rig, erp = abroad
    rig.run(wait=120)
    rig.clock.sleep(3600)
    with erp.lock:
        erp.touch(erp.table["Customer"][3], CustomerName="Renamed")
        erp.touch(erp.table["CustomerLocation"][5], LocationName="New site")
        erp.touch(erp.table["Contact"][7], LastName="Married")
    before = len(rig.bodies)
    rig.sync()
    assert rig.companies()["C0004"]["companyName"] == "Renamed"
    assert rig.addresses()["C0006/MAIN"]["label"] == "New site"
    assert rig.users()["ann8@x.example"]["lastName"] == "Married"
    assert len(rig.bodies) == before + 3
    assert not erp.signed_in


def test_a_child_edit_that_moves_no_stamp_arrives_with_the_full_run(
    abroad: tuple[Rig, ForeignErp],
) -> None:
    rig, erp = abroad
    rig.run(wait=120)
    rig.clock.sleep(3600)
    rig.sync("customer")
    with erp.lock:
        erp.table["Customer"][3]["MainContact"]["Phone1"] = "206 555 0199"
    rig.sync("customer")
    assert rig.companies()["C0004"]["companyPhone"] == "1"
    rig.sync("customer", mode="full")
    assert rig.companies()["C0004"]["companyPhone"] == "206 555 0199"
