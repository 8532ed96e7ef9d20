"""Every setting of the Connector Configuration page that concerns these flows changes the store."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rig import PRICES, Rig, eligible

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


def bulk_sizes(rig: Rig) -> list[int]:
    return [len(body) for _, path, body in rig.bodies if path.endswith("/companies/bulk")]


def test_batch_mode_off_sends_one_by_one(make_rig: Make) -> None:
    rig = make_rig(customers=40, items=1, messages={"batch": False}, features={"customer": {}})
    rig.sync()
    assert bulk_sizes(rig) == []
    assert len(rig.companies()) >= 30


@pytest.mark.parametrize(("threshold", "bulk"), [(0, True), (39, True), (40, False)])
def test_threshold_count(make_rig: Make, threshold: int, bulk: bool) -> None:
    rig = make_rig(
        customers=40, items=1, messages={"threshold_count": threshold}, features={"customer": {}}
    )
    rig.sync()
    assert bool(bulk_sizes(rig)) is bulk


@pytest.mark.parametrize(("count", "size"), [(4, 4), (10_000, 10), (None, 10)])
def test_batch_count_is_the_size_of_a_call_and_of_its_log_entry(
    make_rig: Make, count: int | None, size: int
) -> None:
    messages = {"threshold_count": 5, **({"batch_count": count} if count else {})}
    rig = make_rig(customers=40, items=1, messages=messages, features={"customer": {}})
    rig.sync()
    assert max(bulk_sizes(rig)) == size
    per_request = Counter(
        e["request"] for e in rig.effects(entity="companies") if e["effect"] == "created"
    )
    assert max(per_request.values()) == size


@pytest.mark.parametrize(("level", "other"), [("info", "error"), ("error", "info")])
def test_logging_levels(make_rig: Make, level: str, other: str) -> None:
    rig = make_rig(customers=24, items=1, logging={level: True, other: False})
    rig.sync()
    lines = Counter(line.level for line in rig.log() if line.flow_key)
    assert lines[other] == 0
    assert lines[level] > 0


def test_value_mapping_of_price_classes(make_rig: Make) -> None:
    rig = make_rig(customers=40, items=1, values={"price_class": {"WHOLESALE": 5}})
    rig.sync("customer")
    unmapped = {k for k, r in eligible(rig).items() if r["PriceClassID"] not in (None, "", "WHOLESALE")}
    parked = rig.messages("parked", "customer")
    assert unmapped <= set(parked)
    assert all(eligible(rig)[k]["PriceClassID"] in parked[k].reason for k in unmapped)
    groups = {r["bcGroupId"] for k, r in rig.companies().items() if eligible(rig)[k]["PriceClassID"]}
    assert groups == {5}
    rig.set(values={"price_class": PRICES})
    rig.sync("customer")
    assert unmapped & set(rig.messages("parked", "customer")) == set()
    for key, company in rig.companies().items():
        assert company["bcGroupId"] == PRICES.get(eligible(rig)[key]["PriceClassID"] or "", 0)


@pytest.mark.parametrize("count", [0, 2])
def test_retry_count_and_interval(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """A fault of the record spends the budget: first try, then ``count`` more, then parked."""
    rig = make_rig(
        messages={"retry_count": count, "retry_interval": 7}, features={"customer": {}}
    )
    rig.sync()
    times: list[float] = []

    def load(_client: Any, _action: Any, _batch: Any) -> Any:
        times.append(rig.clock.monotonic())
        raise ValueError("a passing fault")

    plugin = rig.runtime.registry.get("bigcommerce")
    monkeypatch.setattr(plugin, "load", load, raising=False)
    key = next(iter(rig.companies()))
    rig.put("Customer", key, CustomerName="Hard to send")
    rig.run(wait=86_400)
    assert len(times) == count + 1
    parked = rig.messages("parked", "customer")[key]
    assert f"Tried {count + 1} times" in parked.reason
    if count:
        assert times[1] - times[0] == pytest.approx(7 * 60, abs=6)
        assert 7 * 60 - 1 <= times[2] - times[1] <= 14 * 60 + 6


@pytest.mark.parametrize("share", [100, 50])
def test_quota_share_paces_the_calls(make_rig: Make, share: int) -> None:
    """40 single updates on a quota of 20 calls in 10 s."""
    rig = make_rig(
        customers=44,
        items=1,
        messages={"batch": False},
        features={"customer": {}},
        store={"quotas": {"b2b": (20, 10.0), "core": (1000, 10.0)}},
        store_parameters={"quota_share": share},
    )
    rig.sync()
    rig.clock.sleep(60)
    rig.set(values={"price_class": dict.fromkeys(PRICES, 5)})
    for key in rig.companies():
        with rig.erp.lock:
            rig.erp.put_row("Customer", key, {"CustomerName": f"{key} New"})
    mark, started = rig.mark(), rig.clock.monotonic()
    rig.sync()
    seconds = rig.clock.monotonic() - started
    updates = len(rig.effects(mark, "companies"))
    assert updates >= 36
    windows = updates / (20 * share / 100)
    assert (windows - 1) * 10 <= seconds + 0.5
    assert seconds <= windows * 10 * 1.1 + 10
    assert rig.store.stats.refused == 0


def test_overlap_reads_that_far_back(make_rig: Make) -> None:
    rig = make_rig(erp_parameters={"overlap_seconds": 300})
    rig.sync("customer")
    rig.clock.sleep(10_000)
    rig.sync("customer")
    rig.put("Customer", "C000001", CustomerName="Lately Changed")
    rig.sync("customer")
    assert rig.sync("customer")["customer"]["read"] >= 1, "inside the overlap: read again"
    rig.clock.sleep(1_000)
    rig.sync("customer")
    assert rig.sync("customer")["customer"]["read"] == 0
    rig.set(erp_parameters={"overlap_seconds": 5_000})
    assert rig.sync("customer")["customer"]["read"] >= 1


def test_hold_seconds_of_the_connection(make_rig: Make) -> None:
    """A create whose answer was lost and that did not arrive is sent again after the hold."""
    rig = make_rig(store_parameters={"hold_seconds": 40}, features={"customer": {}},
                   messages={"batch": False})  # fmt: skip
    rig.sync()
    rig.put("Customer", "NEW1", CustomerName="New One", CustomerClass="DEALER",
            MainContact={"Email": "new1@example.com", "Phone1": "555-0111", "Attention": "Ann One",
                         "Address": {"AddressLine1": "1 Way", "City": "Boston", "State": "MA",
                                     "PostalCode": "02110", "Country": "US"}})  # fmt: skip
    rig.store.faults.replace([{"match": "POST /api/v3/io/companies", "nth": 1, "fault": "reset"}])
    started = rig.clock.monotonic()
    rig.run()
    assert "NEW1" in rig.messages("unknown")
    rig.run(wait=39)
    assert "NEW1" not in rig.companies()
    rig.run(wait=30)
    assert "NEW1" in rig.companies()
    assert rig.clock.monotonic() - started < 90
    assert rig.created_twice() == []


def test_a_schedule_of_none_runs_by_hand_only(make_rig: Make) -> None:
    rig = make_rig(features={"customer": {"schedule": "none"}, "location": {"schedule": "*/5 * * * *"}})
    crons = {r.key: r.cron for r in rig.query(
        "SELECT f.key, s.cron FROM flow f JOIN schedule s ON s.flow_id = f.id WHERE f.enabled"
    )}
    assert crons["customer"] == ""
    assert crons["location"] == "*/5 * * * *"
    assert rig.sync("customer")["customer"]["created"] > 0


def test_channels_of_new_users(make_rig: Make) -> None:
    rig = make_rig(store_parameters={"channel_ids": ["1"]})
    rig.sync()
    lists = {
        tuple(channel["channelId"] for channel in row["channelList"])
        for row in rig.users().values()
        if row["role"] != 0
    }
    assert lists == {(1,)}


def test_the_name_of_the_erp_id_field(make_rig: Make) -> None:
    rig = make_rig(store={"erp_field": "Customer No"}, features={"customer": {}},
                   store_parameters={"erp_id_field": "Customer No"})  # fmt: skip
    rig.sync()
    stamps = {Rig.stamp(row, "Customer No") for row in rig.rows("companies")}
    assert stamps == set(eligible(rig)) - set(rig.messages("parked", "customer"))


def test_an_inactive_connector_does_nothing(rig: Rig) -> None:
    from hub.config import ConfigProblem

    rig.set(active=False)
    with pytest.raises(ConfigProblem, match="not active"):
        rig.run()
    assert rig.companies() == {}


def test_a_paused_connector_collects_and_sends_nothing(rig: Rig) -> None:
    connector = rig.runtime.settings.connector_id("B2B-US")
    rig.runtime.settings.set_paused(connector, "test", paused=True)
    rig.sync()
    assert rig.companies() == {}
    rig.runtime.settings.set_paused(connector, "test", paused=False)
    rig.sync()
    assert rig.companies()
