"""The hub between our ERP and a store that was written from the contract alone."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from foreign_store import ForeignStore
from rig import Rig, eligible

from hub.sdk.simulation import serve

Make = Callable[..., Rig]


@pytest.fixture
def abroad(make_rig: Make) -> Iterator[tuple[Rig, ForeignStore]]:
    rig = make_rig(customers=24, items=30)
    skus = [str(row["InventoryID"]) for row in rig.erp_rows("StockItem")]
    store = ForeignStore(rig.clock, skus)
    with serve(store) as running:
        urls = {"api_url": running.url, "b2b_api_url": running.url}
        rig.set(store_parameters=urls)
        yield rig, store


def stamp(company: dict[str, Any]) -> str:
    return str(company["extraFields"][0]["fieldValue"])


def stamps(store: ForeignStore) -> Counter[str]:
    return Counter(map(stamp, store.tables["companies"].values()))


def mails(store: ForeignStore) -> Counter[str]:
    return Counter(row["email"].lower() for row in store.tables["users"].values())


def keys(store: ForeignStore) -> Counter[str]:
    return Counter(row["externalId"] for row in store.tables["addresses"].values())


def once(found: Counter[Any], wanted: set[Any]) -> bool:
    return set(found) == wanted and set(found.values()) == {1}


def test_everything_arrives_once_and_the_second_sync_is_silent(
    abroad: tuple[Rig, ForeignStore],
) -> None:
    rig, store = abroad
    rig.run(wait=300)
    parked = set(rig.messages("parked", "customer"))
    assert once(stamps(store), set(eligible(rig)) - parked)
    assert store.bulk_calls > 0
    numbers = {stamp(row): row["companyId"] for row in store.tables["companies"].values()}
    waiting = {*rig.messages("parked"), *rig.messages("blocked")}
    places = {
        f"{row['Customer']}/{row['LocationID']}": numbers[row["Customer"]]
        for row in rig.erp_rows("CustomerLocation")
        if row["Customer"] in numbers and row["Active"]
    }
    assert once(keys(store), set(places) - waiting)
    for row in store.tables["addresses"].values():
        assert str(row["companyId"]) == places[row["externalId"]]
    assert set(mails(store).values()) == {1}
    held = Counter[str]()
    for row in rig.erp_rows("StorageDetails"):
        held[row["InventoryID"]] += row["QtyAvailable"]
    assert store.stock == {sku: max(0, int(held[sku])) for sku in store.stock}

    before = store.stats_json()["requests"]
    rig.sync()
    after = store.stats_json()["requests"]
    assert {n: after[n] - before.get(n, 0) for n in after if after[n] != before.get(n, 0)} == {}


def test_a_change_arrives_and_a_vanished_company_is_made_again(
    abroad: tuple[Rig, ForeignStore],
) -> None:
    rig, store = abroad
    rig.run(wait=300)
    changed = sorted(stamps(store))[:2]
    gone = [n for n, row in store.tables["companies"].items() if stamp(row) == changed[1]]
    for number in gone:
        del store.tables["companies"][number]
        store.forget(number)
    rig.clock.sleep(3600)
    with rig.erp.lock:
        for key in changed:
            rig.erp.put_row("Customer", key, {"CustomerName": f"New {key}"})
    rig.run(wait=300)
    names = {stamp(row): row["companyName"] for row in store.tables["companies"].values()}
    assert [names[key] for key in changed] == [f"New {key}" for key in changed]
    assert set(stamps(store).values()) == {1}


def test_lost_answers_double_nothing(abroad: tuple[Rig, ForeignStore]) -> None:
    rig, store = abroad
    paths = ("companies/bulk", "users/bulk", "addresses/bulk", "users ", "addresses ")
    store.faults.replace(
        [{"match": f"POST /api/v3/io/{p.strip()}", "fault": "answer_lost", "nth": 1} for p in paths]
    )
    rig.run(wait=900)
    parked = set(rig.messages("parked", "customer"))
    assert once(stamps(store), set(eligible(rig)) - parked)
    assert set(keys(store).values()) == {1}
    assert set(mails(store).values()) == {1}
    assert not rig.messages("unknown")
