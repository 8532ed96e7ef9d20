"""What belongs to a company, and stock, over loopback: what arrives there, in how many calls."""

from hub.sdk import LoadItem, Outcome, Window
from tests.contract.bigcommerce_connector_kit import (
    PLUGIN,
    action,
    answer,
    contact,
    location,
    scripted,
    stock,
)

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


def test_two_that_were_made_together_show_that_many_can_be_searched_at_once(store):
    company = store.company()
    store.load("location", *(location(f"C1/L{n}", company) for n in range(2)))
    hits = store.match("location", *(location(f"C1/N{n}", company) for n in range(9)))
    assert not any(hits.values())
    assert store.http.count("GET", "/addresses") == 2
    store.match("location", *(location(f"C1/L{n}", company) for n in range(9)))
    assert store.http.count("GET", "/addresses") == 3


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
