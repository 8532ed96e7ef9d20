"""Every answer of the simulated store is one that the vendor's OpenAPI files allow."""

import json

import pytest
from bigcommerce_client import address, company, user
from bigcommerce_spec import SpecError, needs_spec, recording, validate_answer, validate_request

from hub.seams import VirtualClock
from plugins.bigcommerce.simulator import make_simulator

pytestmark = [pytest.mark.vendor_spec, needs_spec]


class Direct:
    """Calls a simulator without a socket."""

    def __init__(self, **options):
        self.clock = VirtualClock()
        self.sim = make_simulator(self.clock, 7, items=40, quotas=None, **options)
        gate = self.sim.gatekeeper
        self.headers = {"X-Auth-Token": gate.token, "X-Store-Hash": gate.store_hash}
        self.core = f"/stores/{gate.store_hash}"

    def __call__(self, method, path, body=None):
        base = self.core if path.startswith(("/v2", "/v3")) else "/api/v3/io"
        data = b"" if body is None else json.dumps(body).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        return self.sim.call(method, base + path, headers, data)


def test_companies_users_addresses():
    store = Direct(existing_companies=3)
    with recording(store.sim) as seen:
        store("POST", "/companies", company(1, customerGroupId=2, acceptCreationEmail=False))
        store("POST", "/companies/bulk", [company(n, acceptWelcomeEmail=False) for n in (2, 3)])
        rows = store.sim.rows("companies")
        cid = rows[-1]["companyId"]
        store("GET", "/companies?limit=200&offset=0&isIncludeExtraFields=1&minCreated=1")
        store("GET", "/companies?sortBy=updatedAt&orderBy=ASC&minModified=1&companyStatus=1&q=a")
        store("GET", "/companies?extraFields=ERP%20ID%3AC000002&extraFieldFilterType=exact-match")
        store("GET", f"/companies/{cid}")
        store("PUT", f"/companies/{cid}", {"companyName": "New", "city": "Austin"})
        store("PUT", "/companies/bulk", [{"companyId": cid, "companyPhone": "1"}])
        store("PUT", f"/companies/{cid}/status", {"companyStatus": 3})
        store("PUT", f"/companies/{cid}/catalogs", {"catalogId": "1"})
        store("POST", "/customer-groups/1/companies", company(9, adminPhoneNumber="1"))
        store("GET", "/companies/extra-fields?limit=200&offset=0")
        store("GET", "/companies/roles?limit=10")
        store("POST", "/users", user(cid, "grace@x.example"))
        made = store("POST", "/users/bulk", [user(cid, f"u{n}@x.example") for n in range(3)])
        uid = json.loads(made.body)["data"][0]["userId"]
        store("GET", f"/users?companyId={cid}&limit=200&isIncludeExtraFields=1")
        store("GET", "/users?email=grace%40x.example&roles=2")
        store("GET", f"/users/{uid}")
        store("GET", f"/users/customer/{store.sim.rows('users')[0]['customerId']}")
        store("PUT", f"/users/{uid}", {"lastName": "Other", "role": 0})
        store("DELETE", f"/users/{uid}")
        store("POST", "/addresses", address(cid, "A"))
        store("POST", "/addresses/bulk", [address(cid, "B"), address(cid, "C", isBilling=True)])
        aid = store.sim.rows("addresses")[0]["addressId"]
        store("GET", f"/addresses?companyId={cid}&limit=200&isIncludeExtraFields=1")
        store("GET", "/addresses?externalId%5B%5D=A")
        store("GET", f"/addresses/{aid}")
        store("PUT", f"/addresses/{aid}", {"label": "Dock"})
        store("DELETE", f"/addresses/{aid}")
        store("GET", "/countries?searchType=0&q=Canada")
        store("GET", "/states?searchType=0&q=Ontario&country=Canada")
        store("GET", "/channels")
        store("GET", "/channels/1")
        store("DELETE", f"/companies/{cid}")
    refused = [call for call in seen.calls if call[2] >= 400]
    assert [(m, s) for m, _, s in refused] == [("PUT", 405)]


def test_core():
    store = Direct()
    items = [{"location_id": 1, "sku": "WH-00001", "quantity": 4}]
    with recording(store.sim) as seen:
        store("GET", "/v2/time")
        store("GET", "/v2/store")
        store("GET", "/v2/customer_groups?page=1&limit=250")
        store("GET", "/v2/customer_groups?page=2&limit=250")
        store("GET", "/v2/customer_groups/1")
        store("GET", "/v2/customer_groups/count")
        store(
            "GET", "/v3/customers?email:in=shopper1%40mail.example&limit=10&sort=date_modified:asc"
        )
        store("GET", "/v3/channels?page=1&limit=50")
        store("GET", "/v3/inventory/items?limit=1000&page=1")
        store("GET", "/v3/inventory/items?sku:in=WH-00001&location_id:in=1,2")
        store("GET", "/v3/inventory/locations?limit=50")
        store("GET", "/v3/inventory/locations/1/items?limit=50")
        store("PUT", "/v3/inventory/adjustments/absolute", {"reason": "sync", "items": items})
        store("POST", "/v3/inventory/adjustments/relative", {"items": items})
        store("GET", "/v3/catalog/products?limit=50&sku=WH-00001")
        store("GET", "/v3/catalog/variants?sku=WH-00007")
    assert {status for _, _, status in seen.calls} == {200, 204}


def test_refusals():
    store = Direct()
    cid = json.loads(store("POST", "/companies", company(1)).body)["data"]["companyId"]
    bad = {"firstName": "x"}
    with recording(store.sim, requests=False) as seen:
        store("POST", "/companies", company(1))
        store("POST", "/companies", {})
        store("POST", "/companies/bulk", [company(1)])
        store("POST", "/companies/bulk", [company(2, country="")])
        store("POST", "/companies/bulk", [company(n) for n in range(11)])
        store("PUT", "/companies/bulk", [{"companyId": 1}])
        store("PUT", "/companies/1", {})
        store("GET", "/companies/1")
        store("POST", "/users", bad)
        store("POST", "/users/bulk", [bad])
        store("POST", "/users/bulk", [bad] * 11)
        store("GET", "/users?roles=9")
        store("GET", "/users/1")
        store("DELETE", f"/users/{store.sim.rows('users')[0]['id']}")
        store("POST", "/addresses", bad)
        store("POST", "/addresses/bulk", [address(cid, "A"), bad])
        store("GET", "/addresses/1")
        store("GET", "/states?searchType=0&q=Nowhere")
        store("GET", "/channels/9")
        store("GET", "/v2/customer_groups/99")
        store("GET", "/v2/customer_groups?limit=251")
        store("PUT", "/v3/inventory/adjustments/absolute", {"items": [{"sku": "NO"}]})
        store("GET", "/v3/inventory/locations/9/items")
        store("GET", "/nowhere")
        store("PATCH", "/companies")
        store.headers["X-Auth-Token"] = "wrong"
        store("GET", "/companies")
        store("GET", "/v3/channels")
        del store.headers["X-Auth-Token"]
        store("GET", "/companies")
        store("GET", "/v3/channels")
    assert all(status >= 400 for _, _, status in seen.calls)


def test_the_check_itself_finds_what_is_wrong():
    validate_request("GET", "/api/v3/io/companies", {"limit": ["200"]})
    with pytest.raises(SpecError, match="limt: not a query parameter"):
        validate_request("GET", "/api/v3/io/companies", {"limt": ["200"]})
    with pytest.raises(SpecError, match="companyNam"):
        validate_request("PUT", "/api/v3/io/companies/3", {}, {"companyNam": "x"})
    body = {"code": 200, "data": {"companyStatus": 1}, "meta": {"message": "SUCCESS"}}
    kind = {"Content-Type": "application/json"}
    with pytest.raises(SpecError, match="companyStatus"):
        validate_answer("GET", "/api/v3/io/companies/3", 200, kind, json.dumps(body))
    store = Direct()
    with pytest.raises(SpecError, match="has no POST /nothing"), recording(store.sim):
        store("POST", "/nothing", {})
