"""The connector against the simulated Acumatica over loopback: nothing missed, nothing invented."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from hub.mapping.rules import Mapper
from plugins.acumatica import paging
from tests.contract.acumatica_connector_kit import PLUGIN, Site, action


@pytest.fixture
def site():
    found = Site()
    yield found
    found.running.stop()


@pytest.fixture
def small_pages(monkeypatch):
    def read_pages(ask, identity):
        return paging.read_pages(ask, identity, size=10, overlap=4)

    monkeypatch.setattr("plugins.acumatica.extract.read_pages", read_pages)
    monkeypatch.setattr("plugins.acumatica.stock.read_pages", read_pages)


def since(cursor) -> datetime:
    return datetime.fromisoformat(cursor.position) - timedelta(seconds=300)


def named(sim, entity, key):
    return {row[key]["value"] for row in sim.rows(entity)}


def test_a_full_reading_is_one_call_and_one_session(site):
    with site.client() as client:
        keys = site.keys(client, "customer")
        assert len(site.http.reads()) == 1
        assert site.sim.stats_json()["open_signins"] == 1
    assert keys == named(site.sim, "Customer", "CustomerID")
    assert site.sim.stats_json()["open_signins"] == 0


def test_a_quiet_delta_reads_once_per_partition_and_finds_nothing(site):
    with site.client() as client:
        _, resume = site.read(client, "customer")
        assert resume.position == "2026-11-24T11:59:00+00:00"
        before = len(site.http.calls)
        for partition in action("customer").partitions:
            assert not site.keys(client, "customer", since=since(resume), partition=partition)
        assert len(site.http.calls) == before + 2


def test_an_edited_customer_is_found_and_only_that_one(site):
    with site.client() as client:
        _, resume = site.read(client, "customer")
        site.clock.advance(900)
        site.sim.put_row("Customer", "C000003", {"CustomerName": {"value": "Renamed GmbH"}})
        records, _ = site.read(client, "customer", since=since(resume))
    assert [record.key for record in records] == ["C000003"]
    assert (
        Mapper(PLUGIN.mapping_defaults(action("customer"))).apply(records[0].data).payload["name"]
        == "Renamed GmbH"
    )


def test_a_main_contacts_e_mail_alone_arrives_by_its_own_partition(site):
    with site.client() as client:
        _, resume = site.read(client, "customer")
        site.clock.advance(900)
        site.sim.put_row("Customer", "C000005", {"MainContact": {"Email": {"value": "new@x.test"}}})
        assert not site.keys(client, "customer", since=since(resume))
        window = {"since": since(resume), "partition": "main_contact"}
        records, _ = site.read(client, "customer", **window)
    assert [record.key for record in records] == ["C000005"]
    assert records[0].data["MainContact"]["Email"] == "new@x.test"
    assert records[0].modified_at > since(resume)


def test_locations_and_contacts_name_the_customer_they_touch(site):
    with site.client() as client:
        for key in ("location", "contact"):
            records, resume = site.read(client, key)
            assert records
            assert all(
                r.touches == (("customer", r.key.partition("/")[0]),)
                for r in records
                if key == "location"
            )
            assert all(r.touches[0][0] == "customer" and r.touches[0][1] for r in records)
            site.clock.advance(900)
            entity = {"location": "CustomerLocation", "contact": "Contact"}[key]
            field = {"location": "LocationName", "contact": "LastName"}[key]
            site.sim.put_row(entity, records[3].key, {field: {"value": "Changed"}})
            assert site.keys(client, key, since=since(resume)) == {records[3].key}


def test_leads_without_a_customer_are_left_out(site):
    of_customers = {
        str(row["ContactID"]["value"])
        for row in site.sim.rows("Contact")
        if row.get("BusinessAccount", {}).get("value")
    }
    with site.client() as client:
        assert site.keys(client, "contact") == of_customers


def test_rows_with_one_and_the_same_stamp_are_all_read(site, small_pages):
    with site.client() as client:
        site.clock.advance(900)
        for row in list(site.sim.rows("Customer")):
            key = row["CustomerID"]["value"]
            site.sim.put_row("Customer", key, {"CustomerName": {"value": f"All at once {key}"}})
        now = site.clock.now()
        found = site.keys(client, "customer", since=now)
    assert found == named(site.sim, "Customer", "CustomerID")


def test_rows_edited_while_paging_are_read_now_or_next_time(site, small_pages):
    with site.client() as client:
        _, resume = site.read(client, "customer")
        edited = set()

        def edit(number):
            site.clock.advance(20)
            key = f"C{number * 3 % 40 + 1:06d}"
            site.sim.put_row("Customer", key, {"CustomerName": {"value": f"Edit {number}"}})
            edited.add(key)

        for number in range(25):
            edit(number)
        found, moving = {}, True
        original = site.http.request

        def request(*args, **kwargs):
            if "/Customer" in args[1] and moving:
                edit(100 + len(site.http.calls))
            return original(*args, **kwargs)

        site.http.request = request
        for left in range(5, -1, -1):
            moving = left > 2
            site.clock.advance(120)
            records, resume = site.read(client, "customer", since=since(resume))
            found |= {record.key: record.data["CustomerName"] for record in records}
    actual = {
        row["CustomerID"]["value"]: row["CustomerName"]["value"]
        for row in site.sim.rows("Customer")
    }
    assert {key: actual[key] for key in edited} == {key: found[key] for key in edited}


def test_edits_that_are_committed_late_are_found_by_the_overlap(site):
    with site.client() as client:
        _, resume = site.read(client, "customer")
        site.sim.faults.replace([{"match": "* /", "fault": "late_commit", "seconds": 200}])
        site.clock.advance(600)
        site.sim.put_row("Customer", "C000007", {"CustomerName": {"value": "Late Ltd"}})
        site.clock.advance(100)
        records, resume = site.read(client, "customer", since=since(resume))
        assert "Late Ltd" not in {record.data["CustomerName"] for record in records}
        site.clock.advance(150)
        records, resume = site.read(client, "customer", since=since(resume))
    assert "Late Ltd" in {record.data["CustomerName"] for record in records}


def test_a_list_in_another_order_each_time_loses_nothing(site, small_pages):
    site.fault("shuffle")
    with site.client() as client:
        assert site.keys(client, "customer") == named(site.sim, "Customer", "CustomerID")


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("optimization", {"value": "MainContact"}),
        ("empty_expand", {"field": "MainContact,LocationContact"}),
    ],
)
def test_lists_that_cannot_be_expanded_are_read_record_by_record(site, fault, more):
    with site.client() as client:
        expected = {key: site.read(client, key)[0] for key in ("customer", "location")}
        site.fault(fault, **more)
        for key, records in expected.items():
            assert site.read(client, key)[0] == records


def test_fetching_by_key_tells_missing_records(site):
    with site.client() as client:
        for key, missing in (("customer", "NOPE"), ("location", "NOPE/MAIN"), ("contact", "99999")):
            records, _ = site.read(client, key)
            before = len(site.http.calls)
            wanted = [record.key for record in records[:19]] + [missing]
            found = PLUGIN.fetch(client, action(key), wanted)
            assert found[:19] == records[:19]
            assert found[19].deleted
            assert found[19].key == missing
            assert len(site.http.calls) - before <= 2


def test_fetching_by_customer_brings_all_children(site):
    with site.client() as client:
        for key in ("location", "contact"):
            records, _ = site.read(client, key)
            wanted = [f"C{number:06d}" for number in range(1, 21)]
            found = PLUGIN.fetch(client, action(key), wanted, "parent")
            assert {r.key for r in found} == {r.key for r in records if r.touches[0][1] in wanted}


def test_a_date_range_is_bounded_on_both_sides(site):
    with site.client() as client:
        records, _ = site.read(client, "location")
        stamps = sorted(r.modified_at for r in records)
        low, high = stamps[10], stamps[20]
        own = {r.key: datetime.fromisoformat(r.data["LastModifiedDateTime"]) for r in records}
        found = site.keys(client, "location", since=low, until=high)
    assert found == {
        key for key, at in own.items() if low <= at <= high + timedelta(milliseconds=1)
    }


def expected_stock(sim, places, locations) -> dict[str, Decimal]:
    """Sums of the chosen warehouses; an item that lies in none of them has zero there."""
    sums: dict[str, Decimal] = {}
    for row in sim.rows("StorageDetails"):
        for place in locations:
            sums.setdefault(f"{row['InventoryID']['value']}@{place}", Decimal(0))
        if (place := places(row["WarehouseID"]["value"])) is not None:
            key = f"{row['InventoryID']['value']}@{place}"
            sums[key] = sums.get(key, Decimal(0)) + Decimal(str(row["QtyAvailable"]["value"]))
    return sums


@pytest.mark.parametrize("storage_details", [True, False])
@pytest.mark.parametrize(
    ("preference", "places"),
    [
        ("default", lambda _name: "default"),
        (["EAST", "RETAIL"], lambda name: "default" if name in {"EAST", "RETAIL"} else None),
        ({"EAST": "1", "WHOLESALE": "7"}, {"EAST": "1", "WHOLESALE": "7"}.get),
    ],
)
def test_stock_is_summed_as_the_preference_says_also_item_by_item(
    storage_details, preference, places
):
    site = Site(customers=3, items=12, storage_details=storage_details)
    with site.client() as client:
        records, resume = site.read(client, "inventory", preferences={"warehouses": preference})
        found = {r.key: r.data["quantities"]["QtyAvailable"] for r in records}
        fetched = PLUGIN.fetch(
            client,
            action("inventory"),
            [records[0].key, "NOPE@default"],
            preferences={"warehouses": preference},
        )
    site.running.stop()
    locations = {place for name in ("WHOLESALE", "EAST", "RETAIL") if (place := places(name))}
    assert found == expected_stock(site.sim, places, locations)
    assert resume.position == "2026-11-24T11:59:00+00:00"
    assert fetched[0] == records[0]
    assert fetched[1].deleted


@pytest.mark.parametrize(
    ("name", "native"),
    [
        ("available", "QtyAvailable"),
        ("available_for_shipping", "QtyHardAvailable"),
        ("on_hand", "QtyOnHand"),
    ],
)
def test_the_quantity_follows_the_preference(site, name, native):
    mapper = Mapper(PLUGIN.mapping_defaults(action("inventory")))
    with site.client() as client:
        record = site.read(client, "inventory")[0][0]
    chosen = {"preferences": {"sync_qty": name, "safety_stock": 3}}
    payload = mapper.apply({**record.data, **chosen}).payload
    assert payload["quantity"] == max(0, int(record.data["quantities"][native]) - 3)
    assert payload["key"] == f"{payload['sku']}@default"


def test_stock_has_the_time_of_the_first_answer(site):
    original = site.http.request

    def slow(*args, **kwargs):
        answer = original(*args, **kwargs)
        site.clock.advance(30)
        return answer

    with site.client() as client:
        site.http.request = slow
        start = site.clock.now()
        preferences = {"warehouses": ["EAST", "RETAIL"]}
        records, resume = site.read(client, "inventory", preferences=preferences)
    assert {record.modified_at for record in records} == {start}
    assert since(resume) == start - timedelta(seconds=360)
