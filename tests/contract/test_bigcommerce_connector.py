"""The connector against the simulated store, over loopback: what arrives there, in how many calls."""

import time
from datetime import timedelta

import pytest

from hub.sdk import AmbiguousWrite, ConfigError, LoadItem, Outcome, Window
from tests.contract.bigcommerce_connector_kit import (
    PLUGIN,
    Store,
    action,
    answer,
    contact,
    customer,
    location,
    scripted,
    stock,
)


@pytest.fixture
def store():
    made = Store()
    yield made
    made.close()


@pytest.fixture
def open_store():
    made = []

    def build(**options):
        made.append(Store(**options))
        return made[-1]

    yield build
    for one in made:
        one.close()


# -- companies ------------------------------------------------------------------------------------


def test_a_company_arrives_with_its_number_admin_and_names_in_full(store):
    (result,) = store.load("customer", customer("C1", name="Blütenhaus & Söhne 漢字"))
    assert result.outcome is Outcome.CREATED
    row = store.row("companies", companyId=int(result.external_id))
    assert row["companyName"] == "Blütenhaus & Söhne 漢字"
    assert (row["state"], row["country"], row["city"]) == ("Texas", "United States", "Austin")
    assert {f["fieldName"]: f["fieldValue"] for f in row["extraFields"]}["ERP ID"] == "C1"
    admin = store.row("users", companyId=int(result.external_id))
    assert (admin["firstName"], admin["email"], admin["role"]) == ("Ada", "buyer.c1@example.com", 0)


def test_no_mail_goes_out_unless_it_is_wanted():
    for wanted in (False, True):
        client, http = scripted(answer(200, {"code": 200, "data": {"companyId": 1}}))
        item = customer("C1", preferences={"send_welcome_email": wanted})
        PLUGIN.load(client, action("customer"), [item])
        PLUGIN.load(client, action("customer"), [item, item])
        assert http.calls[0][3]["acceptCreationEmail"] is wanted
        assert [c["acceptWelcomeEmail"] for c in http.calls[1][3]] == [wanted, wanted]


def test_bulk_ids_are_candidates_and_the_listing_ties_them(open_store):
    store = open_store(faults=["omit_bulk_ids=2"])
    since = store.clock.now()
    batch = [customer(f"C{i}") for i in range(10)]
    results = store.load("customer", *batch)
    assert all(r.outcome is Outcome.UNKNOWN and r.answered and not r.detail for r in results)
    listed = store.list("customer", Window(since=since))
    assert {row.stamp for row in listed} == {item.key for item in batch}
    for row in listed:
        assert store.row("companies", companyId=int(row.external_id))["companyName"] == (
            f"Customer {row.stamp}"
        )
    assert store.http.count("POST", "/companies/bulk") == 1
    assert store.http.count("GET", "/companies") == 1


def test_a_refused_bulk_call_blames_nobody_and_says_why(open_store):
    store = open_store(faults=["partial_bulk"])
    since = store.clock.now()
    batch = [customer("C1"), customer("C2", address={"country": "Atlantis"}), customer("C3")]
    results = store.load("customer", *batch)
    assert all(r.outcome is Outcome.UNKNOWN and r.answered for r in results)
    assert all("Atlantis" in r.detail for r in results)
    assert {row.stamp for row in store.list("customer", Window(since=since))} == {"C1", "C3"}
    (alone,) = store.load("customer", batch[1])
    assert alone.outcome is Outcome.REJECTED
    assert "Atlantis" in alone.detail


def test_a_lost_answer_is_raised_and_the_company_is_found_by_its_stamp(store):
    store.fault(match="POST /api/v3/io/companies", fault="answer_lost", nth=1)
    with pytest.raises(AmbiguousWrite):
        store.load("customer", customer("C1"))
    hits = store.match("customer", customer("C1"), customer("C2"))
    assert [len(hits["C1"]), len(hits["C2"])] == [1, 0]
    assert hits["C1"][0].stamp == "C1"


def test_a_bound_company_is_updated_in_one_call_and_status_costs_a_second(store):
    number = store.company()
    store.http.calls.clear()
    (plain,) = store.load(
        "customer", customer("C1", number, frozenset({"companyName"}), name="New name")
    )
    assert plain.outcome is Outcome.UPDATED
    assert store.http.calls == [("PUT", f"/api/v3/io/companies/{number}")]
    store.http.calls.clear()
    held = customer("C1", number, frozenset({"companyStatus"}), name="New name", status="inactive")
    assert store.load("customer", held)[0].outcome is Outcome.UPDATED
    assert store.http.calls == [("PUT", f"/api/v3/io/companies/{number}/status")]
    row = store.row("companies", companyId=int(number))
    assert (row["companyName"], row["companyStatus"]) == ("New name", "3")


def test_bound_companies_are_updated_together(store):
    numbers = [store.company(f"C{i}") for i in range(3)]
    store.http.calls.clear()
    batch = [
        customer(f"C{i}", number, frozenset({"companyName"}), name=f"Renamed {i}")
        for i, number in enumerate(numbers)
    ]
    batch[2] = customer("C2", numbers[2], frozenset({"companyStatus"}), status="inactive")
    assert [r.outcome for r in store.load("customer", *batch)] == [Outcome.UPDATED] * 3
    assert [path.rsplit("/io/")[1] for _, path in store.http.calls] == [
        "companies/bulk",
        f"companies/{numbers[2]}/status",
    ]
    names = {row["companyId"]: row["companyName"] for row in store.sim.rows("companies")}
    assert [names[int(n)] for n in numbers] == ["Renamed 0", "Renamed 1", "Customer C2"]


def test_adopting_writes_the_stamp(open_store):
    store = open_store(existing_companies=3)
    found = store.sim.rows("companies")[0]
    assert [f["fieldValue"] for f in found["extraFields"]] == [""]
    (hit,) = store.match("customer", customer("C9", name=found["companyName"]))["C9"]
    assert hit.stamp is None
    (result,) = store.load("customer", customer("C9", hit.external_id))
    assert result.outcome is Outcome.UPDATED
    row = store.row("companies", companyId=found["companyId"])
    assert [f["fieldValue"] for f in row["extraFields"]] == ["C9"]


def test_an_undefined_extra_field_is_said_once_at_its_setting(open_store):
    store = open_store(define_erp_field=False)
    for batch in ([customer("C1")], [customer("C1"), customer("C2")]):
        with pytest.raises(ConfigError, match="“ERP ID”") as caught:
            store.load("customer", *batch)
        assert caught.value.parameter == "erp_id_field"
    assert store.sim.rows("companies") == []


def test_an_emptied_second_line_is_cleared_and_a_group_is_taken_away(store):
    groups = [row["id"] for row in store.sim.rows("customer_groups")]
    values = {"price_class": {"GOLD": groups[0]}}
    second = {
        "line1": "1 Main St",
        "line2": "Suite 4",
        "city": "Austin",
        "state": "TX",
        "country": "US",
    }
    number = store.company(price_class="GOLD", values=values, address=second)
    row = store.row("companies", companyId=int(number))
    assert (row["bcGroupId"], row["addressLine2"]) == (groups[0], "Suite 4")
    store.load("customer", customer("C1", number))
    row = store.row("companies", companyId=int(number))
    assert (row["bcGroupId"], row["addressLine2"]) == (0, "")


def test_an_admin_email_of_another_company_is_said_with_its_name(store):
    number = store.company("C1", name="First come")
    shared = {"first_name": "A", "last_name": "B", "email": "buyer.c1@example.com"}
    (result,) = store.load("customer", customer("C2", admin=shared))
    assert result.outcome is Outcome.REJECTED
    assert result.detail == f"buyer.c1@example.com belongs to company “First come” ({number})."
    assert list(result.field_errors) == ["adminEmail"]


def test_a_company_of_the_same_name_is_proposed_by_the_search(store):
    store.company("C1", name="Twin")
    hits = store.match("customer", customer("C2", name="Twin", email="other@example.com"))["C2"]
    assert [(hit.stamp, hit.natural_keys["name"]) for hit in hits] == [("C1", "Twin")]


def test_the_whole_store_is_listed_with_what_may_be_compared(open_store):
    store = open_store(existing_companies=450, faults=["page_limit_lowered=100"])
    rows = store.list("customer", Window())
    assert len({row.external_id for row in rows}) == len(rows) == 450
    assert store.http.count("GET", "/companies") == 5
    number = store.company("C1")
    (row,) = [r for r in store.list("customer", Window()) if r.stamp == "C1"]
    assert row.external_id == number
    assert row.natural_keys == {"email": "buyer.c1@example.com", "name": "Customer C1"}
    payload = customer("C1").payload
    assert {n: str(v) for n, v in row.fields.items()} == {n: str(payload[n]) for n in row.fields}


@pytest.mark.parametrize("shape", ["flat_meta", "no_pagination", "string_ids", "int_status"])
def test_lists_are_read_in_every_shape(open_store, shape):
    store = open_store(existing_companies=230, faults=[shape])
    rows = store.list("customer", Window())
    assert len(rows) == 230
    assert all(row.fields["companyStatus"] in (0, 1, 2, 3) for row in rows)
    # Without a total only an empty page proves the end (CONTRACT §4.1).
    assert store.http.count("GET", "/companies") == (3 if shape == "no_pagination" else 2)


def test_a_list_that_moves_while_it_is_read_is_read_again():
    def page(ids, total=3):
        rows = [{"companyId": i, "companyName": str(i)} for i in ids]
        meta = {"pagination": {"totalCount": total}}
        return answer(200, {"code": 200, "data": rows, "meta": meta})

    client, http = scripted(page([1, 2]), page([2]), page([1, 2, 3]))
    pages = PLUGIN.listing(client, action("customer"), Window(), {})
    assert [row.external_id for found in pages for row in found] == ["1", "2", "3"]
    assert len(http.calls) == 3


def test_a_since_listing_gives_the_newest_first_and_nothing_older(store):
    store.company("C1")
    store.clock.advance(3600)
    since = store.clock.now()
    store.clock.advance(5)
    store.company("C2")
    store.clock.advance(5)
    store.company("C3")
    assert [r.stamp for r in store.list("customer", Window(since=since))] == ["C3", "C2"]
    assert len(store.list("customer", Window(since=since - timedelta(days=9)))) == 3


# -- addresses ------------------------------------------------------------------------------------


def test_addresses_bind_by_the_key_in_the_answer_however_shuffled(store):
    company = store.company()
    batch = [location(f"C1/L{i}", company, name=f"Dock {i}") for i in range(10)]
    results = store.load("location", *batch)
    assert [r.outcome for r in results] == [Outcome.CREATED] * 10
    for result in results:
        row = store.row("addresses", addressId=int(result.external_id))
        assert row["externalId"] == result.key
    hits = store.match("location", *batch)
    assert all(len(hits[item.key]) == 1 for item in batch)
    assert store.http.count("POST", "/addresses/bulk") == 1
    assert store.http.count("GET", "/addresses") == 1


def test_addresses_that_the_answer_leaves_out_or_names_twice_are_looked_up():
    rows = [(3, "C1/L2"), ("2", "C1/L1"), (4, "C1/L1"), (None, "C1/L0"), (9, "")]
    data = [{"addressId": number, "externalId": key} for number, key in rows]
    client, _ = scripted(answer(200, {"code": 200, "data": data}))
    batch = [location(f"C1/L{i}", "9") for i in range(4)]
    results = PLUGIN.load(client, action("location"), batch)
    assert [(r.outcome, r.external_id) for r in results] == [
        (Outcome.UNKNOWN, None),
        (Outcome.UNKNOWN, None),
        (Outcome.CREATED, "3"),
        (Outcome.UNKNOWN, None),
    ]
    assert all(r.answered for r in results if r.outcome is Outcome.UNKNOWN)


def test_an_address_carries_names_codes_and_flags(store):
    company = store.company()
    (result,) = store.load("location", location("C1/MAIN", company, default="C1/MAIN"))
    row = store.row("addresses", addressId=int(result.external_id))
    assert (row["stateCode"], row["stateName"]) == ("TX", "Texas")
    assert (row["countryCode"], row["countryName"]) == ("US", "United States")
    flags = ("isShipping", "isDefaultShipping", "isBilling", "isDefaultBilling")
    assert [row[name] for name in flags] == [True, True, True, True]
    (other,) = store.load("location", location("C1/L2", company, default="C1/MAIN"))
    row = store.row("addresses", addressId=int(other.external_id))
    assert [row[name] for name in flags] == [True, False, False, False]


def test_a_country_without_states_needs_none(store):
    company = store.company()
    paris = {"line1": "1 rue", "city": "Paris", "postal_code": "75001", "country": "FR"}
    (made,) = store.load("location", location("C1/FR", company, address=paris))
    assert made.outcome is Outcome.CREATED
    moved = location("C1/FR", company, made.external_id, address={**paris, "city": "Lyon"})
    assert store.load("location", moved)[0].outcome is Outcome.UPDATED
    assert store.row("addresses", externalId="C1/FR")["city"] == "Lyon"


def test_an_address_is_deleted_once_and_a_second_time_is_no_error(store):
    company = store.company()
    (made,) = store.load("location", location("C1/L1", company))
    gone = LoadItem("C1/L1", {}, made.external_id, delete=True)
    assert store.load("location", gone)[0].outcome is Outcome.DELETED
    assert store.load("location", gone)[0].outcome is Outcome.DELETED
    changed = location("C1/L1", company, made.external_id)
    (again,) = store.load("location", changed)
    assert (again.outcome, again.external_id) == (Outcome.RETRY, "")


def test_a_search_for_what_is_not_there_is_not_trusted_before_it_was_seen_to_work(store):
    company = store.company()
    store.load("location", location("C1/L1", company))
    hits = store.match("location", location("C1/L1", company), location("C1/L2", company))
    assert [len(hits["C1/L1"]), len(hits["C1/L2"])] == [1, 0]
    assert store.http.count("GET", "/addresses") == 2


def test_listed_addresses_compare_with_what_is_sent(store):
    company = store.company()
    item = location("C1/L1", company, default="C1/L1")
    store.load("location", item)
    (row,) = [r for r in store.list("location", Window()) if r.stamp == "C1/L1"]
    assert row.scope == company
    assert {n: str(row.fields.get(n)) for n in item.payload} == {
        n: str(v) for n, v in item.payload.items()
    }


# -- users ----------------------------------------------------------------------------------------


def test_users_arrive_with_role_and_channels(store):
    company = store.company()
    batch = [
        contact("1", company, primary="1"),
        contact("2", company),
        contact("3", company, preferences={"contact_role": 1}),
    ]
    since = store.clock.now()
    results = store.load("contact", *batch)
    assert all(r.outcome is Outcome.UNKNOWN and r.answered and not r.detail for r in results)
    roles = {row["email"]: row["role"] for row in store.sim.rows("users")}
    assert [roles[f"c{n}@example.com"] for n in (1, 2, 3)] == [0, 2, 1]
    row = store.row("users", email="c2@example.com")
    wanted = [c["channelId"] for c in store.sim.rows("channels") if c["b2bEnabled"]]
    assert [c["channelId"] for c in row["channelList"]] == wanted
    listed = {r.natural_keys["email"]: r for r in store.list("contact", Window(since=since))}
    assert listed["c3@example.com"].scope == company
    assert store.http.count("GET", "/channels") == 1


def test_only_the_chosen_channels_are_used(open_store):
    store = open_store(settings={"channel_ids": ["1"]})
    company = store.company()
    (made,) = store.load("contact", contact("1", company))
    row = store.row("users", id=int(made.external_id))
    assert [c["channelId"] for c in row["channelList"]] == [1]
    assert store.http.count("GET", "/channels") == 0


def test_an_email_of_another_company_is_parked_with_its_name(store):
    first = store.company("C1", name="First come")
    second = store.company("C2")
    store.load("contact", contact("1", first, email="Shared@Example.com"))
    (result,) = store.load("contact", contact("2", second, email="shared@example.com"))
    assert result.outcome is Outcome.REJECTED
    assert f"belongs to company “First come” ({first})" in result.detail
    assert list(result.field_errors) == ["email"]
    hits = store.match("contact", contact("2", second, email="shared@example.com"))["2"]
    assert [hit.scope for hit in hits] == [first]


def test_an_email_of_the_own_company_is_looked_up_not_refused(store):
    company = store.company()
    (result,) = store.load("contact", contact("7", company, email="buyer.c1@example.com"))
    assert (result.outcome, result.answered) == (Outcome.UNKNOWN, True)


def test_a_changed_email_updates_the_same_user(store):
    company = store.company()
    (made,) = store.load("contact", contact("1", company))
    (result,) = store.load(
        "contact", contact("1", company, made.external_id, email="new@example.com")
    )
    assert result.outcome is Outcome.UPDATED
    assert store.row("users", id=int(made.external_id))["email"] == "new@example.com"


def test_the_last_user_and_the_last_admin_are_never_deleted(store):
    company = store.company()
    admin = store.row("users", email="buyer.c1@example.com")["id"]
    gone = LoadItem("9", {}, str(admin), delete=True)
    (last,) = store.load("contact", gone)
    assert last.outcome is Outcome.REJECTED
    assert f"the last user of company {company}" in last.detail
    (made,) = store.load("contact", contact("1", company))
    (last,) = store.load("contact", gone)
    assert last.outcome is Outcome.REJECTED
    assert "the last admin" in last.detail
    junior = LoadItem("1", {}, made.external_id, delete=True)
    assert store.load("contact", junior)[0].outcome is Outcome.DELETED
    assert store.load("contact", junior)[0].outcome is Outcome.DELETED
    store.load("contact", contact("2", company, primary="2"))
    assert store.load("contact", gone)[0].outcome is Outcome.DELETED


# -- inventory ------------------------------------------------------------------------------------


def skus(store, count):
    return [row["identity"]["sku"] for row in store.sim.rows("inventory")][:count]


def level(store, sku, place):
    store.sim.settle_late()
    (row,) = [r for r in store.sim.rows("inventory") if r["identity"]["sku"] == sku]
    (found,) = [x for x in row["locations"] if x["location_id"] == place]
    return found["total_inventory_onhand"]


def test_stock_is_set_in_one_call_and_read_back_later(store):
    names = skus(store, 3)
    batch = [stock(sku, 40 + i) for i, sku in enumerate(names)]
    results = store.load("inventory", *batch)
    assert all(r.outcome is Outcome.UNKNOWN and r.answered for r in results)
    assert store.http.count("PUT", "/inventory/adjustments/absolute") == 1
    store.clock.advance(5)
    hits = store.match("inventory", *batch)
    assert [hits[i.key][0].fields for i in batch] == [i.payload for i in batch]
    listed = {row.stamp: row.fields for row in store.list("inventory", Window())}
    assert [listed[i.key] for i in batch] == [i.payload for i in batch]
    assert [hits[i.key][0].stamp for i in batch] == [i.key for i in batch]
    assert store.http.count("GET", "/inventory/items") == 2
    assert store.http.count("GET", "/inventory/locations") == 1


def test_stock_goes_to_the_chosen_locations_each_by_one_call(store):
    places = [row["id"] for row in store.sim.rows("locations")]
    assert len(places) > 1
    (sku,) = skus(store, 1)
    batch = [stock(sku, 5 + i, str(place)) for i, place in enumerate(places)]
    store.load("inventory", *batch)
    assert store.http.count("PUT", "/inventory/adjustments/absolute") == len(places)
    store.clock.advance(5)
    assert [level(store, sku, place) for place in places] == [5 + i for i in range(len(places))]
    chosen = {"warehouses": {"MAIN": str(places[1])}}
    found = {row.stamp: row.fields for row in store.list("inventory", Window(), chosen)}
    assert found[f"{sku}@{places[1]}"]["quantity"] == 6


def test_the_stock_listing_costs_a_call_per_thousand(open_store):
    store = open_store(items=1500)
    rows = store.list("inventory", Window())
    assert len({row.external_id for row in rows}) == len(store.sim.rows("inventory"))
    assert store.http.count("GET", "/inventory/items") == 2


def test_a_sku_is_found_whatever_its_case(store):
    (sku,) = skus(store, 1)
    strange = stock(sku.lower(), 11)
    assert store.match("inventory", strange)[strange.key][0].stamp == strange.key
    store.load("inventory", strange)
    store.clock.advance(5)
    assert level(store, sku, 1) == 11


def test_an_unknown_sku_is_parked_and_the_others_arrive(store):
    names = skus(store, 4)
    batch = [stock(sku, 77) for sku in names]
    batch.insert(2, stock("NO-SUCH-THING", 1))
    results = store.load("inventory", *batch)
    bad = results[2]
    assert bad.outcome is Outcome.REJECTED
    assert "NO-SUCH-THING" in bad.detail
    assert [r.outcome for r in results if r is not bad] == [Outcome.UNKNOWN] * 4
    store.clock.advance(5)
    assert {level(store, sku, 1) for sku in names} == {77}


def test_a_missing_sku_is_not_there(store):
    assert store.match("inventory", stock("NO-SUCH-THING", 1)) == {"NO-SUCH-THING@default": []}


# -- cost -----------------------------------------------------------------------------------------


def test_ten_companies_cost_little_beyond_the_call():
    body = {"code": 200, "meta": [{"companyId": i} for i in range(10)], "data": {"id": "1"}}
    client, _ = scripted(answer(200, body))
    batch = [customer(f"C{i}") for i in range(10)]
    start = time.process_time()
    for _ in range(100):
        PLUGIN.load(client, action("customer"), batch)
    assert (time.process_time() - start) / 100 < 0.002
