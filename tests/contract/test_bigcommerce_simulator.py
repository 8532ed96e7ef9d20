"""The simulated store refuses, counts and forgets as BigCommerce does."""

import pytest
from bigcommerce_client import Store, user

from hub.seams import VirtualClock
from plugins.bigcommerce.simulator import make_simulator


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def make(clock):
    opened = []

    def build(**options):
        opened.append(Store(make_simulator(clock, 7, items=60, **options)))
        return opened[-1]

    yield build
    for store in opened:
        store.close()


@pytest.fixture
def store(make):
    return make()


# -- signing in --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "kind", "text"),
    [
        ({}, 401, "text/plain", "X-Auth-Token header is required"),
        ({"X-Auth-Token": ""}, 401, "text/plain", "should have correct format"),
        ({"X-Auth-Token": "wrong"}, 401, "application/json", "Unauthorized"),
    ],
)
def test_core_refuses_unknown_callers(store, headers, status, kind, text):
    answer = store.call("GET", "v2/time", headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, kind)
    assert text in answer.text


def test_core_refuses_a_strange_store_and_a_missing_scope(make):
    store = make(without_scopes=("store_inventory_write", "store_v2_customers"))
    url = f"{store.running.url}/stores/other/v2/time"
    assert store.http.get(url, headers=store.headers, timeout=5).status_code == 403
    assert store.get("v3/inventory/items").status_code == 200
    refused = store.put("v3/inventory/adjustments/absolute", {"items": []})
    assert refused.status_code == 403
    assert "required scope" in refused.text
    assert store.get("v2/customer_groups").status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"X-Auth-Token": None}, 401, "X-Auth-Token"),
        ({"X-Auth-Token": "wrong"}, 403, "Invalid token"),
        ({"X-Store-Hash": None}, 500, "erver error"),
        ({"X-Store-Hash": "other"}, 500, "erver error"),
    ],
)
def test_b2b_wants_token_and_store_hash(store, change, status, text):
    answer = store.call("GET", "companies", headers={**store.headers, **change})
    assert answer.status_code == status
    assert text in answer.text


def test_unknown_routes_are_404_before_sign_in(store):
    core = store.call("GET", "v3/nothing", headers={})
    assert core.status_code == 404
    assert "The route is not found, check the URL" in core.text
    assert store.call("GET", "quotes/9", headers={}).json()["code"] == 404
    assert store.call("GET", "v2/nothing", headers={}).json()[0]["status"] == 404
    assert store.call("DELETE", "companies", headers={}).status_code == 405


# -- quotas ------------------------------------------------------------------------------------


def test_core_quota_tells_itself_in_headers(make, clock):
    store = make(quotas={"core": (2, 30)})
    first = store.get("v2/time")
    assert first.headers["X-Rate-Limit-Requests-Quota"] == "2"
    assert first.headers["X-Rate-Limit-Requests-Left"] == "1"
    assert first.headers["X-Rate-Limit-Time-Window-Ms"] == "30000"
    clock.advance(10)
    store.get("v2/time")
    refused = store.get("v2/time")
    assert refused.status_code == 429
    assert refused.headers["X-Rate-Limit-Time-Reset-Ms"] == "20000"
    store.get("v2/time")
    stats = store.control("GET", "stats").json()
    assert (stats["refused"], stats["refused_while_waiting"]) == (2, 1)
    clock.advance(21)
    assert store.get("v2/time").status_code == 200


def test_b2b_quota_headers_carry_units(make):
    store = make(quotas={"b2b": (2, 60)})
    first = store.get("companies")
    assert first.headers["X-Requests-Allocated"] == "2 times/60 s"
    assert first.headers["X-Requests-Remaining"] == "1 times"
    assert first.headers["X-Request-Window-Resets-After"] == "60.000 s"
    store.get("companies")
    assert store.get("companies").json()["code"] == 429
    assert store.get("v2/time").status_code == 200


def test_creating_users_costs_the_core_quota_too(make):
    store = make(quotas={"core": (1, 30)})
    cid = store.new_company()
    store.get("v2/time")
    assert store.post("users", user(cid, "a@x.example")).status_code == 429
    assert store.get("users").status_code == 200


@pytest.mark.parametrize(("fault", "body"), [("bare_429", True), ("empty_429", False)])
def test_refusals_may_come_without_headers(make, fault, body):
    store = make(quotas={"core": (1, 30)}, faults=(fault,))
    store.get("v2/time")
    refused = store.get("v2/time")
    assert refused.status_code == 429
    assert not [h for h in refused.headers if h.startswith("X-Rate")]
    assert bool(refused.content) is body


def test_quotas_can_be_off_and_the_headers_say_so(make):
    store = make(quotas=None)
    b2b, core = store.get("companies").headers, store.get("v2/time").headers
    assert b2b["X-Requests-Allocated"] == "1000000 times/60 s"
    assert core["X-Rate-Limit-Requests-Quota"] == "1000000"
    assert core["X-Rate-Limit-Time-Window-Ms"] == "30000"


# -- core ---------------------------------------------------------------------------------------


def test_date_header_is_the_stores_time(store, clock):
    clock.advance(3600)
    assert store.get("v2/time").headers["Date"] == "Tue, 24 Nov 2026 13:00:00 GMT"


def test_customer_groups_are_a_bare_list_that_ends_with_204(store):
    groups = store.get("v2/customer_groups", limit=2).json()
    assert [group["name"] for group in groups] == ["Wholesale", "Retail"]
    last = store.get("v2/customer_groups", limit=2, page=4)
    assert (last.status_code, last.content) == (204, b"")
    too_many = store.get("v2/customer_groups", limit=251)
    assert too_many.status_code == 413
    assert too_many.json()[0]["details"] == {"max_limit": 250}


def test_stock_is_applied_later_and_in_full(store, clock):
    body = {"items": [{"location_id": 1, "sku": "wh-00001", "quantity": 12}]}
    answer = store.put("v3/inventory/adjustments/absolute", body)
    assert answer.status_code == 200
    assert answer.json()["transaction_id"]
    found = {"sku:in": "WH-00001", "location_id:in": "1"}
    assert level(store, found) == 0
    clock.advance(2)
    assert level(store, found) == 12
    assert store.journal("inventory") == [("inventory", "WH-00001@1", "updated")]


def level(store, params):
    rows = store.call("GET", "v3/inventory/items", **params).json()["data"]
    return rows[0]["locations"][0]["total_inventory_onhand"]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"location_id": 1, "sku": "WH-00013", "quantity": 1}, "Item with sku WH-00013"),
        ({"location_id": 9, "sku": "WH-00001", "quantity": 1}, "Location 9"),
        ({"location_id": 1, "sku": "WH-00001", "quantity": -1}, "not within"),
        ({"location_id": 1, "sku": "WH-00001", "product_id": 1001, "quantity": 1}, "exactly one"),
        ({"location_id": 1, "variant_id": 1001, "quantity": 1}, "tracked by product"),
    ],
)
def test_one_bad_item_refuses_the_whole_adjustment(store, item, text):
    good = {"location_id": 1, "sku": "WH-00002", "quantity": 5}
    answer = store.put("v3/inventory/adjustments/absolute", {"items": [good, item]})
    assert answer.status_code == 422
    assert text in answer.json()["title"]
    assert len(store.journal("inventory", "refused")) == 2
    assert level(store, {"sku:in": "WH-00002"}) == 0


def test_more_than_2000_items_are_refused(store):
    item = {"location_id": 1, "sku": "WH-00001", "quantity": 5}
    answer = store.put("v3/inventory/adjustments/absolute", {"items": [item] * 2001})
    assert answer.status_code == 422


def test_listing_pages_lower_a_limit_above_1000(store):
    meta = store.get("v3/inventory/items", limit=5000).json()["meta"]["pagination"]
    assert meta["per_page"] == 1000
    assert meta["total"] == 60 - 4 + 10
    two = store.get("v3/inventory/items", limit=50, page=2).json()
    assert len(two["data"]) == meta["total"] - 50


def test_adjustments_run_one_at_a_time(store):
    with store.sim._inventory.one_at_a_time:
        body = {"items": [{"location_id": 1, "sku": "WH-00001", "quantity": 1}]}
        assert store.put("v3/inventory/adjustments/absolute", body).status_code == 429
    assert store.control("GET", "stats").json()["adjustment_collisions"] == 1


# -- control path --------------------------------------------------------------------------------


def test_rows_can_be_changed_behind_everyones_back(store, clock):
    cid = store.new_company(1)
    before = store.get(f"companies/{cid}").json()["data"]["updatedAt"]
    clock.advance(60)
    row = store.control("PUT", "rows/companies/C000001", {"companyName": "Changed"}).json()
    assert (row["companyId"], row["companyName"]) == (cid, "Changed")
    assert int(store.get(f"companies/{cid}").json()["data"]["updatedAt"]) == int(before) + 60
    store.control("PUT", "rows/inventory/WH-00001@2", {"quantity": 9})
    rows = store.control("GET", "rows/inventory").json()
    assert rows[0]["locations"][1]["total_inventory_onhand"] == 9
    assert store.control("DELETE", "rows/companies/C000001").status_code == 204
    assert store.get(f"companies/{cid}").status_code == 404
    assert store.control("GET", "rows/nonsense").status_code == 404


def test_rows_show_the_address_that_no_answer_shows(store):
    cid = store.new_company(1)
    assert "addressLine1" not in store.get(f"companies/{cid}").json()["data"]
    assert store.control("GET", "rows/companies").json()[0]["addressLine1"] == "1 Main Street"


def test_unknown_fault_is_refused_with_a_sentence(store):
    answer = store.control("PUT", "faults", [{"match": "* /", "fault": "gremlins"}])
    assert answer.status_code == 400
    assert "gremlins" in answer.json()["error"]


def test_existing_companies_have_no_erp_key(make):
    store = make(existing_companies=3)
    rows = store.get("companies", isIncludeExtraFields="1").json()["data"]
    assert [row["extraFields"][0]["fieldValue"] for row in rows] == ["", "", ""]
    week_ago = int(store.sim.clock.now().timestamp()) - 7 * 86_400
    assert all(int(row["createdAt"]) <= week_ago for row in rows)


def test_keys_with_a_slash_are_one_key(store):
    cid = store.new_company(1)
    place = {"companyId": cid, "countryCode": "US", "stateCode": "TX", "city": "Austin"}
    store.control("PUT", "rows/addresses/C000001%2FMAIN", place)
    rows = store.get("addresses", companyId=cid).json()["data"]
    assert [(row["externalId"], row["stateName"]) for row in rows] == [("C000001/MAIN", "Texas")]
    assert store.control("DELETE", "rows/addresses/C000001%2FMAIN").status_code == 204
    assert store.get("addresses", companyId=cid).json()["data"] == []


def test_body_that_is_not_json_is_400_in_the_apis_own_shape(store):
    answer = store.http.post(
        f"{store.running.url}/api/v3/io/companies",
        data=b"{",
        headers={**store.headers, "Content-Type": "application/json"},
        timeout=5,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    plain = store.http.post(
        f"{store.running.url}/api/v3/io/companies",
        data=b"x=1",
        headers={**store.headers, "Content-Type": "application/x-www-form-urlencoded"},
        timeout=5,
    )
    assert plain.status_code == 415
