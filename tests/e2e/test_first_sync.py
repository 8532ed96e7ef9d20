"""The first sync brings everything, exactly once; the second one is silent."""

from collections.abc import Callable
from typing import Any

from rig import ALL_CLASSES, PRICES, Rig, eligible

from hub.mapping.places import COUNTRIES, STATES


def place(address: dict[str, Any]) -> tuple[str, str]:
    country = address["Country"]
    state = address["State"] or ""
    return COUNTRIES[country], STATES.get(country, {}).get(state, state)


def test_every_eligible_record_arrives_once_with_its_fields(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(customers=60, items=100)
    rig.sync()

    wanted = eligible(rig)
    companies = rig.companies()
    parked = rig.messages("parked", "customer")
    assert set(companies) == set(wanted) - set(parked)
    assert list(parked) == ["C000015"], "the one without any e-mail"
    for key, company in companies.items():
        customer, card = wanted[key], wanted[key]["MainContact"]
        primary = customer.get("PrimaryContact") or {}
        country, state = place(card["Address"])
        assert company["companyName"] == customer["CustomerName"]
        assert company["companyEmail"] == (primary.get("Email") or card["Email"])
        assert company["companyPhone"] == (primary.get("Phone1") or card["Phone1"])
        assert company["addressLine1"] == card["Address"]["AddressLine1"]
        assert company["city"] == card["Address"]["City"]
        assert (company["country"], company.get("state", "")) == (country, state)
        assert company["zipCode"] == card["Address"]["PostalCode"]
        assert company["companyStatus"] == "1"
        assert company["bcGroupId"] == PRICES.get(customer["PriceClassID"], 0)
    assert rig.created_twice() == []


def test_addresses_and_users_arrive_with_their_companies(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(customers=60, items=10)
    rig.sync()
    companies = rig.companies()
    ids = {row["companyId"]: key for key, row in companies.items()}

    waiting = {*rig.messages("parked"), *rig.messages("blocked")}
    wanted = {
        f"{row['Customer']}/{row['LocationID']}": row
        for row in rig.erp_rows("CustomerLocation")
        if row["Customer"] in companies and row["Active"]
    }
    addresses = rig.addresses()
    assert set(addresses) == set(wanted) - waiting
    for key, address in addresses.items():
        row, card = wanted[key], wanted[key]["LocationContact"]
        assert ids[address["companyId"]] == row["Customer"]
        assert address["addressLine1"] == card["Address"]["AddressLine1"]
        assert (address["countryName"], address["stateName"]) == place(card["Address"])
        assert address["isDefaultShipping"] is address["isDefaultBilling"] is row["Default"]
        words = (card["Attention"] or row["LocationName"]).split(" ", 1)
        assert [address["firstName"], address["lastName"]] == [words[0], words[-1]]

    people = {
        row["Email"].lower(): row
        for row in rig.erp_rows("Contact")
        if row["BusinessAccount"] in companies
        and row["Active"]
        and row["Email"]
        and str(row["ContactID"]) not in waiting
    }
    users = rig.users()
    assert set(people) <= set(users)
    admins = {row["companyId"] for row in users.values() if row["role"] == 0}
    assert admins == set(ids), "every company has an admin"
    for mail, person in people.items():
        user = users[mail]
        primary = eligible(rig)[person["BusinessAccount"]]["PrimaryContactID"]
        assert user["lastName"] == person["LastName"]
        if person["ContactID"] == primary:
            assert user["role"] == 0
        assert ids[user["companyId"]] == person["BusinessAccount"]
    assert rig.created_twice() == []


def test_stock_is_the_sum_of_all_warehouses_floored(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(customers=1, items=120)
    rig.sync("inventory")
    sums: dict[str, float] = {}
    for row in rig.erp_rows("StorageDetails"):
        sums[row["InventoryID"]] = sums.get(row["InventoryID"], 0.0) + row["QtyAvailable"]
    stock = rig.stock()
    own = {sku for sku in stock if sku.startswith("STORE-ONLY")}
    assert {sku: n for sku, n in stock.items() if sku not in own} == {
        sku: max(0, int(quantity // 1)) for sku, quantity in sums.items() if sku in stock
    }
    missing = set(sums) - set(stock)
    filtered = rig.messages("filtered", "inventory")
    assert {row.title for row in filtered.values()} == missing
    assert {row.reason for row in filtered.values()} == {
        "There is no product with this SKU in the store."
    }


def test_a_second_sync_reads_once_per_partition_and_asks_the_store_nothing(rig: Rig) -> None:
    rig.sync()
    with rig.calls() as seen:
        flows = rig.sync()
    assert seen["store"].total() == 0
    reads = {
        name: count
        for name, count in seen["erp"].items()
        if "auth" not in name
    }
    assert set(reads.values()) <= {1, 2}
    assert sum(reads.values()) == 5, reads
    assert seen["erp"]["POST /entity/auth/login"] == 1
    assert [flows[key]["updated"] + flows[key]["created"] for key in flows] == [0, 0, 0, 0]


def test_a_full_sync_of_what_has_not_changed_writes_nothing(rig: Rig) -> None:
    rig.sync()
    mark = rig.mark()
    with rig.calls() as seen:
        rig.sync(mode="full")
    assert rig.effects(mark) == []
    assert [name for name in seen["store"] if not name.startswith("GET")] == []


def test_a_small_change_writes_exactly_that(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(customers=100, items=10)
    rig.sync()
    mark = rig.mark()
    active = [key for key, row in eligible(rig).items() if row["CustomerClass"] in ALL_CLASSES]
    changed = [active[30], active[60]]
    for key in changed:
        rig.put("Customer", key, CustomerName=f"{key} Renamed Ltd.")
    flows = rig.sync()
    effects = rig.effects(mark)
    assert sorted(entry["key"] for entry in effects) == changed
    assert {entry["effect"] for entry in effects} == {"updated"}
    assert flows["customer"]["updated"] == 2
    for key in changed:
        assert rig.companies()[key]["companyName"] == f"{key} Renamed Ltd."


def test_a_changed_field_that_is_not_mapped_writes_nothing(rig: Rig) -> None:
    rig.sync()
    mark = rig.mark()
    key = next(iter(eligible(rig)))
    rig.put("Customer", key, Terms="45D" if eligible(rig)[key]["Terms"] != "45D" else "30D")
    flows = rig.sync("customer")
    assert flows["customer"]["read"] >= 1
    assert rig.effects(mark) == []


def test_store_calls_of_an_initial_load_stay_within_the_budget(
    make_rig: Callable[..., Rig],
) -> None:
    customers, existing = 300, 150
    rig = make_rig(
        customers=customers,
        items=1,
        store={"existing_companies": existing},
        features={"customer": {}},
    )
    with rig.calls() as seen:
        flows = rig.sync("customer")
    number = len(eligible(rig))
    allowed = 1.05 * (-(-number // 10) + -(-number // 200) + -(-existing // 200) + 4)
    calls = seen["store"].total()
    print(f"N={number} E={existing}: {calls} calls of {allowed:.1f} allowed")
    assert flows["customer"]["created"] >= number - 2
    assert calls <= allowed, dict(seen["store"])
    assert rig.created_twice() == []
