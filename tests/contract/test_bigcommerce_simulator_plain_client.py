"""The simulated store as a client meets it that was written from the vendor's documents."""

import socket

import pytest
from bigcommerce_client import Store, company, user

import plugins.bigcommerce.simulator as bigcommerce
from hub.sdk import VirtualClock


@pytest.fixture(scope="module")
def store():
    sim = bigcommerce.make_simulator(VirtualClock(), 7, items=20, quotas=None)
    with Store(sim) as opened:
        opened.new_company(1)
        yield opened


@pytest.mark.parametrize("path", ["companies", "v2/time", "v3/catalog/products", "nowhere"])
def test_every_answer_of_the_store_tells_the_quota(store, path):
    headers = store.get(path).headers
    name = "X-Rate-Limit-Requests-Left" if path.startswith("v") else "X-Requests-Remaining"
    assert name in headers


@pytest.mark.parametrize("path", ["companies", "v2/time", "v3/inventory/locations"])
def test_head_is_get_without_a_body(store, path):
    whole, head = store.get(path), store.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.content))


def test_a_wrong_method_names_the_right_ones(store):
    answer = store.call("PATCH", "companies")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.json()["code"] == 405
    assert store.call("OPTIONS", "v3/customers").json()["status"] == 405
    assert store.call("DELETE", "v2/customer_groups").json()[0]["status"] == 405


def test_a_slash_at_the_end_changes_nothing(store):
    assert store.get("companies/").json() == store.get("companies").json()
    assert store.get("v2/time/").status_code == 200


def test_unknown_parameters_are_ignored(store):
    asked = store.get("companies", companyId=999_999, limit=5, nonsense="x").json()
    assert asked["data"] == store.get("companies", limit=5).json()["data"]


def test_a_body_that_is_not_json_is_refused_in_the_shape_of_its_api(store):
    for path, read in (
        ("/api/v3/io/companies", lambda body: body["code"]),
        (f"/stores/{store.hash}/v3/inventory/adjustments/absolute", lambda body: body["status"]),
    ):
        method = "POST" if path.endswith("companies") else "PUT"
        for raw in (b"{", b"[1,", b"\xff\xfe", b""):
            answer = store.http.request(
                method, store.running.url + path, data=raw, headers=store.headers, timeout=10
            )
            assert (answer.status_code, read(answer.json())) == (400, 400), raw


def test_kinds_of_content_are_negotiated(store):
    url = f"{store.running.url}/api/v3/io/companies"
    headers = {**store.headers, "Content-Type": "text/plain"}
    assert store.http.post(url, data=b"{}", headers=headers, timeout=10).status_code == 415
    for accept, status in (
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/json;q=0.9", 200),
        ("application/xml", 406),
    ):
        given = {**store.headers, "Accept": accept}
        assert store.http.get(url, headers=given, timeout=10).status_code == status, accept


@pytest.mark.parametrize(
    "changes",
    [
        {"firstName": 5},
        {"email": ["a@b.example"]},
        {"role": True},
        {"role": "boss"},
        {"channelIds": [{}]},
        {"companyRoleId": "chief"},
        {"channelIds": "1"},
        {"companyId": "many"},
    ],
)
def test_wrong_types_of_a_user_are_refused(store, changes):
    body = user(2_100_001, "types@company.example") | changes
    answer = store.post("users", body)
    assert (answer.status_code, answer.json()["code"]) == (422, 422), answer.text


@pytest.mark.parametrize(
    "item",
    [
        {"location_id": [1], "sku": "WH-00001", "quantity": 1},
        {"location_id": 1, "product_id": {}, "quantity": 1},
        {"location_id": 1, "sku": ["WH-00001"], "quantity": 1},
        {"location_id": 1, "sku": "WH-00001", "quantity": "many"},
        "WH-00001",
    ],
)
def test_wrong_types_of_a_stock_level_are_refused(store, item):
    answer = store.put("v3/inventory/adjustments/absolute", {"reason": "x", "items": [item]})
    assert (answer.status_code, answer.json()["status"]) == (422, 422), answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("companies/²", 404),
        ("users/-1", 404),
        ("companies?limit=²", 422),
        ("v2/customer_groups/²", 404),
        ("v2/customer_groups?page=²", 400),
        ("v3/inventory/items?location_id:in=²&page=²", 200),
        ("v3/catalog/products/²", 404),
    ],
)
def test_odd_numbers_never_break_the_store(store, path, status):
    assert store.get(path).status_code == status


def test_channels_of_a_new_company_have_to_exist(store):
    for wrong in ([{}], [99], "1"):
        assert store.post("companies", company(401, channelIds=wrong)).status_code == 422


def test_an_extra_field_without_value_is_empty(store):
    number = store.new_company(77, extraFields=[{"fieldName": "ERP ID", "fieldValue": None}])
    (field,) = store.get(f"companies/{number}").json()["data"]["extraFields"]
    assert field["fieldValue"] == ""


def test_products_come_with_the_fields_asked_for(store):
    every = store.get("v3/catalog/products", limit=3).json()["data"]
    ids = ",".join(str(row["id"]) for row in every[:2])
    some = store.get("v3/catalog/products", **{"id:in": ids, "include_fields": "sku,price"}).json()
    assert [set(row) for row in some["data"]] == [{"id", "sku", "price"}] * 2
    one = store.get(f"v3/catalog/products/{every[0]['id']}", exclude_fields="weight").json()
    assert set(every[0]) - set(one["data"]) == {"weight"}
    assert store.get("v3/catalog/products/999999").status_code == 404


@pytest.mark.parametrize(
    ("path", "asked", "given"),
    [
        ("v3/customers", 1000, 250),
        ("v3/catalog/products", 1000, 250),
        ("v3/inventory/items", 5000, 1000),
        ("v3/inventory/items", "many", 50),
    ],
)
def test_too_large_a_page_is_lowered(store, path, asked, given):
    assert store.get(path, limit=asked).json()["meta"]["pagination"]["per_page"] == given


def test_groups_are_filtered_by_their_date(store):
    assert store.get("v2/customer_groups", **{"date_modified:min": "2001-01-01T00:00:00Z"}).json()
    late = store.get("v2/customer_groups", **{"date_modified:min": "2101-01-01T00:00:00Z"})
    assert (late.status_code, late.content) == (204, b"")
    wrong = store.get("v2/customer_groups", **{"date_modified:min": "soon"})
    assert (wrong.status_code, wrong.json()[0]["status"]) == (400, 400)


def test_companies_come_last_changed_first_and_creation_does_not_count(store):
    first, second = store.new_company(201), store.new_company(202)
    store.sim.clock.advance(60)
    store.put(f"companies/{first}", {"companyName": "Renamed"})
    rows = store.get("companies", limit=2).json()["data"]
    assert [row["companyId"] for row in rows] == [first, second]


def test_an_unchanged_country_needs_no_state(store):
    number = store.new_company(301)
    body = {
        "firstName": "A",
        "lastName": "B",
        "addressLine1": "1 Rue",
        "city": "Lyon",
        "stateName": "",
        "countryName": "France",
        "countryCode": "FR",
        "companyId": number,
    }
    made = store.post("addresses", body).json()["data"]["addressId"]
    assert store.put(f"addresses/{made}", {"countryCode": "FR", "city": "Nice"}).status_code == 200
    assert store.put(f"addresses/{made}", {"countryCode": "DE"}).status_code == 422


def test_a_company_with_a_wrong_body_is_told_in_the_vendors_words(store):
    assert store.post("companies", company(9, companyName=None)).json()["code"] == 422
    assert store.post("companies", [company(9)]).status_code == 400
    assert store.post("companies/bulk", company(9)).status_code == 400


def test_a_change_that_fits_no_row_is_told_in_one_sentence(store):
    for path, body in (
        ("rows/users/new@company.example", {"companyId": "many"}),
        ("rows/companies/C000001", {"companyStatus": "open"}),
        ("rows/inventory/WH-00001@1", {"quantity": "7"}),
    ):
        answer = store.control("PUT", path, body)
        assert answer.status_code == 400
        assert answer.json()["error"].endswith(".")


# -- the wire -------------------------------------------------------------------------------------


def wire(url, text):
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(text.encode())
        return connection.recv(65_536).decode().partition("\r\n")[0]


def test_a_client_behind_a_proxy_names_the_whole_address(store):
    line = f"GET {store.running.url}/api/v3/io/nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    assert wire(store.running.url, line) == "HTTP/1.1 404 Not Found"


def test_a_body_of_negative_length_is_refused(store):
    line = "POST /api/v3/io/companies HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"
    assert wire(store.running.url, line) == "HTTP/1.1 400 Bad Request"
