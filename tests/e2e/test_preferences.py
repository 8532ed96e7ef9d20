"""Every setting of the Connector Configuration page that concerns these flows changes the store."""

from collections import Counter
from collections.abc import Callable

import pytest
from rig import Rig, eligible

from hub.settings.enablement import set_enabled

Make = Callable[..., Rig]


def oracle(rig: Rig, field: str, warehouses: set[str] | None = None, safety: int = 0) -> dict[str, int]:
    """What the store must show, summed beside the hub's code."""
    sums: dict[str, float] = {}
    for row in rig.erp_rows("StorageDetails"):
        if warehouses is None or row["WarehouseID"] in warehouses:
            sums[row["InventoryID"]] = sums.get(row["InventoryID"], 0.0) + row[field]
    known = rig.stock()
    return {sku: max(0, int((n - safety) // 1)) for sku, n in sums.items() if sku in known}


def shown(rig: Rig, wanted: dict[str, int], location: int = 1) -> dict[str, int]:
    stock = rig.stock(location)
    return {sku: stock[sku] for sku in wanted}


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ("available", "QtyAvailable"),
        ("available_for_shipping", "QtyHardAvailable"),
        ("on_hand", "QtyOnHand"),
    ],
)
def test_sync_qty(make_rig: Make, choice: str, field: str) -> None:
    rig = make_rig(customers=1, items=60, features={"customer": {}, "inventory": {}})
    rig.sync("inventory")
    rig.set(preferences={"sync_qty": choice})
    flows = rig.sync("inventory")
    wanted = oracle(rig, field)
    assert shown(rig, wanted) == wanted
    assert (flows["inventory"]["updated"] > 0) == (choice != "available")


def test_safety_stock(make_rig: Make) -> None:
    rig = make_rig(customers=1, items=60, features={"customer": {}, "inventory": {}})
    rig.sync("inventory")
    rig.set(preferences={"safety_stock": 25})
    rig.sync("inventory")
    wanted = oracle(rig, "QtyAvailable", safety=25)
    assert shown(rig, wanted) == wanted
    assert 0 in wanted.values()


@pytest.mark.parametrize("chosen", [["WHOLESALE"], ["WHOLESALE", "EAST"], ["EAST"]])
def test_specific_warehouses(make_rig: Make, chosen: list[str]) -> None:
    rig = make_rig(customers=1, items=60, features={"customer": {}, "inventory": {}})
    rig.sync("inventory")
    rig.set(preferences={"warehouses": chosen})
    rig.sync("inventory")
    wanted = oracle(rig, "QtyAvailable", set(chosen))
    assert shown(rig, wanted) == wanted


def test_warehouses_mapped_to_locations(make_rig: Make) -> None:
    rig = make_rig(customers=1, items=60, features={"customer": {}, "inventory": {}})
    rig.set(preferences={"warehouses": {"WHOLESALE": "1", "EAST": "2"}})
    rig.sync("inventory")
    for location, warehouse in ((1, "WHOLESALE"), (2, "EAST")):
        wanted = oracle(rig, "QtyAvailable", {warehouse})
        assert shown(rig, wanted, location) == wanted


@pytest.mark.parametrize("role", [0, 1, 2])
def test_contact_role(make_rig: Make, role: int) -> None:
    rig = make_rig(customers=24, items=1)
    rig.sync()
    rig.set(preferences={"contact_role": role})
    rig.sync()
    primary = {row["PrimaryContactID"] for row in eligible(rig).values()}
    users = rig.users()
    parked = rig.messages("parked", "contact")
    roles = Counter(
        users[row["Email"].lower()]["role"]
        for row in rig.erp_rows("Contact")
        if (row["Email"] or "").lower() in users
        and row["ContactID"] not in primary
        and str(row["ContactID"]) not in parked
        and row["Active"]
    )
    assert set(roles) == {role}, roles


@pytest.mark.parametrize("ticked", [False, True])
def test_welcome_mail(make_rig: Make, ticked: bool) -> None:
    rig = make_rig(preferences={"send_welcome_email": ticked})
    rig.sync()
    flags = [
        item.get(name)
        for _, path, body in rig.bodies
        if path.endswith(("/companies", "/companies/bulk", "/users", "/users/bulk"))
        for item in (body if isinstance(body, list) else [body])
        for name in ("acceptWelcomeEmail", "acceptCreationEmail")
        if name in item
    ]
    assert flags
    assert set(flags) == {ticked}


def test_classes_decide_who_comes(make_rig: Make) -> None:
    rig = make_rig(customers=60, items=1, preferences={"customer_classes": ["DEALER"]})
    rig.sync()
    parked = set(rig.messages("parked", "customer"))
    assert set(rig.companies()) == set(eligible(rig, ["DEALER"])) - parked
    rig.set(preferences={"customer_classes": ["DEALER", "DISTRIB"]})
    rig.sync()
    parked = set(rig.messages("parked", "customer"))
    assert set(rig.companies()) == set(eligible(rig, ["DEALER", "DISTRIB"])) - parked
    ids = {row["companyId"] for row in rig.companies().values()}
    assert {row["companyId"] for row in rig.addresses().values()} == ids


def test_an_unticked_class_stays_as_it_is(make_rig: Make) -> None:
    rig = make_rig(customers=60, items=1, preferences={"customer_classes": ["DEALER", "DISTRIB"]})
    rig.sync()
    before = rig.companies()
    mark = rig.mark()
    rig.set(preferences={"customer_classes": ["DEALER"]})
    rig.sync()
    left = next(k for k in eligible(rig, ["DISTRIB"]) if k in before)
    rig.put("Customer", left, CustomerName="Must Not Arrive")
    rig.sync()
    assert rig.companies() == before
    assert rig.effects(mark) == []
    filtered = rig.messages("filtered", "customer")[left]
    assert "DISTRIB" in filtered.reason


def test_no_class_ticked_sends_nobody(make_rig: Make) -> None:
    rig = make_rig(preferences={"customer_classes": []})
    rig.sync()
    assert rig.companies() == {}
    assert rig.users() == {}


def test_enablement_of_a_customer(rig: Rig) -> None:
    rig.sync()
    key = "C000002"
    (row,) = rig.query("SELECT id FROM record WHERE key = :key AND entity = 'customer'", key=key)
    connector = rig.runtime.settings.connector_id("B2B-US")
    set_enabled(rig.runtime.context, connector, [row.id], "test", enabled=False)
    before = rig.companies()[key]
    mark = rig.mark()
    rig.put("Customer", key, CustomerName="Not Now")
    rig.put("CustomerLocation", f"{key}/MAIN", LocationName="Not Now Either")
    rig.sync()
    assert rig.companies()[key] == before
    assert rig.effects(mark) == []
    set_enabled(rig.runtime.context, connector, [row.id], "test", enabled=True)
    rig.sync()
    assert rig.companies()[key]["companyName"] == "Not Now"
    assert rig.addresses()[f"{key}/MAIN"]["label"] == "Not Now Either"


@pytest.mark.parametrize(
    ("box", "flow", "entity"),
    [("include_locations", "location", "addresses"), ("include_contacts", "contact", "users")],
)
def test_include_boxes(make_rig: Make, box: str, flow: str, entity: str) -> None:
    rig = make_rig(preferences={box: False})
    with rig.calls() as seen:
        flows = rig.sync()
    assert flow not in flows
    name = {"location": "CustomerLocation", "contact": "Contact"}[flow]
    assert f"GET /entity/Default/{{version}}/{name}" not in seen["erp"]
    rows = len(rig.rows(entity))
    assert rows == (0 if flow == "location" else len(rig.companies())), "admins come all the same"
    rig.set(preferences={box: True})
    rig.sync()
    assert len(rig.rows(entity)) > rows
    count = len(rig.rows(entity))
    rig.set(preferences={box: False})
    rig.sync()
    assert len(rig.rows(entity)) == count, "switching off deletes nothing"


def test_switching_off_cancels_what_waits_and_back_on_brings_it(rig: Rig) -> None:
    key = next(k for k, row in eligible(rig).items() if row["PrimaryContactID"] is None)
    mail = eligible(rig)[key]["MainContact"]["Email"] or "found@example.com"
    rig.put("Customer", key, MainContact={"Email": ""})
    rig.sync()
    assert f"{key}/MAIN" in rig.messages("blocked", "location")
    rig.set(preferences={"include_locations": False})
    cancelled = rig.messages("cancelled", "location")[f"{key}/MAIN"]
    assert "Include Location" in cancelled.reason
    rig.put("Customer", key, MainContact={"Email": mail})
    rig.set(preferences={"include_locations": True})
    rig.sync()
    assert f"{key}/MAIN" in rig.addresses()


def test_features_decide_what_runs(make_rig: Make) -> None:
    rig = make_rig(features={"customer": {}})
    assert list(rig.sync()) == ["customer"]
    assert rig.addresses() == {}
    rig.set(features={"customer": {}, "location": {}})
    assert list(rig.sync()) == ["customer", "location"]
    assert rig.addresses()


def test_common_configuration_switches_an_action_type_off_everywhere(rig: Rig) -> None:
    rig.set(common={"action_types": ["customer", "contact"]})
    assert list(rig.sync()) == ["customer", "contact"]
    assert rig.addresses() == {}
    rig.set(common={"action_types": "all"})
    assert "location" in rig.sync()
    assert rig.addresses()
