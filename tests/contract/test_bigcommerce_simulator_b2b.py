"""Companies, users and addresses of the simulated store behave as B2B Edition's do."""

import pytest
from bigcommerce_client import Store, address, company, user

from hub.seams import VirtualClock
from plugins.bigcommerce.simulator import make_simulator


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def make(clock):
    opened = []

    def build(**options):
        options.setdefault("quotas", None)
        opened.append(Store(make_simulator(clock, 7, items=20, **options)))
        return opened[-1]

    yield build
    for store in opened:
        store.close()


@pytest.fixture
def store(make):
    return make()


def stamp(row):
    return row["extraFields"][0]["fieldValue"]


def by_stamp(store, key):
    return store.get(
        "companies",
        extraFields=f"ERP ID:{key}",
        extraFieldFilterType="exact-match",
        isIncludeExtraFields="1",
    ).json()["data"]


# -- companies ----------------------------------------------------------------------------------


def test_a_company_comes_with_its_admin_and_core_customer(store):
    data = store.post("companies", company(1, customerGroupId=3)).json()["data"]
    assert data["customerGroupId"] == 3
    row = store.get(f"companies/{data['companyId']}").json()["data"]
    assert (row["companyStatus"], row["bcGroupId"], row["bcGroupName"]) == ("1", "3", "VIP")
    listed = store.get("companies").json()["data"][0]
    assert listed["bcGroupId"] == 3
    assert "extraFields" not in listed
    admin = store.get("users", companyId=data["companyId"]).json()["data"]
    assert [(u["email"], u["role"]) for u in admin] == [("admin1@company.example", 0)]
    customers = store.call("GET", "v3/customers", **{"email:in": "admin1@company.example"}).json()
    assert customers["data"][0]["id"] == data["customerId"]
    assert store.journal() == [
        ("companies", "C000001", "created"),
        ("users", "admin1@company.example", "created"),
        ("customers", "admin1@company.example", "created"),
    ]


def test_an_existing_core_customer_is_linked(store):
    rows = store.control("GET", "rows/customers").json()
    answer = store.post("companies", company(1, adminEmail=rows[0]["email"])).json()
    assert answer["data"]["customerId"] == rows[0]["id"]


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"companyName": ""}, 422, "The company name is required."),
        ({"country": "Atlantis"}, 422, "Atlantis"),
        ({"companyName": "x" * 201}, 422, "200 characters"),
        ({"companyEmail": "nobody"}, 422, "valid email"),
        ({"customerGroupId": 99}, 400, "customer group failed"),
        ({"catalogId": 1}, 405, "independent"),
        ({"extraFields": [{"fieldName": "Other", "fieldValue": "x"}]}, 422, "Other does not exist"),
    ],
)
def test_a_bad_company_is_refused_with_its_fault(store, change, status, text):
    answer = store.post("companies", company(1, **change))
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert text in answer.json()["meta"]["message"]
    assert store.control("GET", "rows/companies").json() == []
    assert [e for _, _, e in store.journal()] == ["refused"]


def test_company_names_may_repeat_but_admin_emails_may_not(store):
    store.new_company(1)
    store.new_company(2, companyName="Company 1")
    answer = store.post("companies", company(3, adminEmail="ADMIN1@company.example"))
    assert answer.status_code == 422
    assert "already exists" in answer.json()["meta"]["message"]


def test_filters_find_by_stamp_time_status_and_name(store, clock):
    first = store.new_company(1)
    clock.advance(100)
    second = store.new_company(2)
    store.put(f"companies/{first}/status", {"companyStatus": 3})
    assert [r["companyId"] for r in by_stamp(store, "C000002")] == [second]
    assert by_stamp(store, "C00000") == []
    partial = store.get("companies", extraFields="ERP ID:C00000").json()["data"]
    assert len(partial) == 2
    since = int(clock.now().timestamp()) - 50
    ids = lambda **q: [r["companyId"] for r in store.get("companies", **q).json()["data"]]
    assert ids() == [second, first]
    assert ids(minCreated=since) == [second]
    assert ids(minModified=since, sortBy="updatedAt", orderBy="ASC") == [first, second]
    assert ids(maxCreated=since) == [first]
    assert ids(companyStatus=3) == [first]
    assert ids(q="company 2") == [second]
    assert ids(bcGroupId=4) == []


def test_paging_moves_on_by_offset(store):
    for n in range(1, 8):
        store.new_company(n)
    seen = []
    for offset in (0, 3, 6):
        page = store.get("companies", limit=3, offset=offset, sortBy="updatedAt", orderBy="ASC")
        assert page.json()["meta"]["pagination"] == {
            "totalCount": 7, "limit": 3, "offset": offset,
        }  # fmt: skip
        seen += [row["companyName"] for row in page.json()["data"]]
    assert seen == [f"Company {n}" for n in range(1, 8)]
    assert store.get("companies", limit=251).status_code == 422
    assert len(store.get("companies").json()["data"]) == 7


def test_updates_merge_extra_fields_and_keep_the_rest(store, clock):
    cid = store.new_company(1)
    clock.advance(5)
    assert store.put(f"companies/{cid}", {"companyPhone": "1", "customerGroupId": 2}).ok
    row = store.control("GET", "rows/companies").json()[0]
    assert (row["companyPhone"], row["bcGroupId"], stamp(row)) == ("1", 2, "C000001")
    assert int(row["updatedAt"]) - int(row["createdAt"]) == 5
    assert store.put("companies/77", {"companyPhone": "1"}).status_code == 404


def test_bulk_create_tells_ids_only_and_in_no_order(store):
    answer = store.post("companies/bulk", [company(n) for n in range(1, 11)]).json()
    ids = [entry["companyId"] for entry in answer["meta"]]
    rows = store.get("companies", isIncludeExtraFields="1").json()["data"]
    assert sorted(ids) == sorted(row["companyId"] for row in rows)
    assert ids != sorted(ids)
    assert len(store.journal("companies", "created")) == 10
    assert store.post("companies/bulk", [company(n) for n in range(20, 31)]).status_code == 413


def test_an_invalid_item_refuses_the_bulk_call_a_conflict_only_itself(store):
    bad = [company(1), company(2, companyEmail="nobody")]
    answer = store.post("companies/bulk", bad)
    assert answer.status_code == 422
    assert answer.json()["data"]["errors"][0]["id"] == "1"
    assert store.control("GET", "rows/companies").json() == []
    twice = [company(1), company(2, adminEmail="admin1@company.example"), company(3)]
    answer = store.post("companies/bulk", twice)
    assert answer.status_code == 409
    assert answer.json()["meta"]["message"] == "Company was in conflict with another company."
    assert [stamp(r) for r in store.control("GET", "rows/companies").json()] == [
        "C000001",
        "C000003",
    ]


def test_bulk_faults_save_in_part_and_leave_ids_out(store):
    store.faults({"match": "POST /api/v3/io/companies/bulk", "fault": "partial_bulk", "nth": 1})
    bad = [company(1), company(2, companyEmail="nobody"), company(3)]
    assert store.post("companies/bulk", bad).status_code == 422
    assert len(store.control("GET", "rows/companies").json()) == 2
    store.faults({"match": "POST /", "fault": "omit_bulk_ids", "count": 2})
    answer = store.post("companies/bulk", [company(n) for n in (5, 6, 7)])
    assert len(answer.json()["meta"]) == 1
    assert len(store.control("GET", "rows/companies").json()) == 5


def test_bulk_update_is_all_or_nothing(store):
    ids = [store.new_company(n) for n in (1, 2)]
    changes = [{"companyId": i, "companyPhone": "9"} for i in ids]
    assert store.put("companies/bulk", [*changes, {"companyId": 5}]).status_code == 404
    assert store.put("companies/bulk", changes).ok
    assert {r["companyPhone"] for r in store.control("GET", "rows/companies").json()} == {"9"}


def test_extra_field_may_be_undefined(make):
    store = make(define_erp_field=False)
    assert store.get("companies/extra-fields").json()["data"] == []
    assert store.post("companies", company(1)).status_code == 422
    store.control("PUT", "rows/extra_fields/ERP ID", {})
    assert store.get("companies/extra-fields").json()["data"][0]["fieldName"] == "ERP ID"
    assert store.post("companies", company(1)).status_code == 200


def test_dependent_companies_own_a_group(make):
    store = make(dependent=True)
    first = store.new_company(1)
    store.new_company(2, companyName="Company 1")
    names = [group["name"] for group in store.get("v2/customer_groups").json()]
    assert names[-2:] == ["Company 1", "Company 1 (2)"]
    assert store.put(f"companies/{first}/catalogs", {"catalogId": "3"}).ok
    assert store.call("DELETE", f"companies/{first}").ok
    assert "Company 1" not in [g["name"] for g in store.get("v2/customer_groups").json()]


# -- users --------------------------------------------------------------------------------------


def test_users_are_unique_by_email_over_all_companies(store):
    one, two = store.new_company(1), store.new_company(2)
    made = store.post("users", user(one, "grace@x.example")).json()["data"]
    assert made.keys() == {"userId", "bcId"}
    again = store.post("users", user(two, "GRACE@x.example"))
    assert again.status_code == 422
    assert "already exists" in again.json()["data"]["errMsg"]
    assert [u["companyId"] for u in store.get("users", email="grace@X.example").json()["data"]] == [
        one
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"firstName": None}, {"firstName": ["This field may not be null"]}),
        ({"role": None}, {"non_field_errors": ["User must have a role."]}),
        (
            {"channelIds": []},
            "At least one B2B storefront needs to be enabled for a Company user.",
        ),
        ({"companyId": 5}, {"companyId": ["Company does not exist."]}),
        ({"email": "nobody"}, {"email": ["Enter a valid email address."]}),
    ],
)
def test_a_bad_user_is_refused_with_its_fault(store, change, fault):
    body = {
        k: v
        for k, v in {**user(store.new_company(), "a@x.example"), **change}.items()
        if v is not None
    }
    answer = store.post("users", body)
    assert answer.status_code == 422
    assert answer.json()["data"]["errMsg"] == fault


def test_users_change_but_never_their_company(store):
    one, two = store.new_company(1), store.new_company(2)
    uid = store.post("users", user(one, "grace@x.example")).json()["data"]["userId"]
    assert store.put(f"users/{uid}", {"email": "g@x.example", "role": 1}).ok
    row = store.get(f"users/{uid}").json()["data"]
    assert (row["email"], row["role"]) == ("g@x.example", 1)
    assert store.put(f"users/{uid}", {"companyId": two}).status_code == 422
    assert store.put(f"users/{uid}", {"email": "admin2@company.example"}).status_code == 422
    assert store.put("users/5", {"role": 1}).status_code == 404


def test_the_last_user_stays(store):
    cid = store.new_company()
    uid = store.post("users", user(cid, "a@x.example")).json()["data"]["userId"]
    assert store.call("DELETE", f"users/{uid}").ok
    admin = store.get("users", companyId=cid).json()["data"][0]["id"]
    assert store.call("DELETE", f"users/{admin}").status_code == 422


def test_bulk_users_come_back_without_email(store):
    cid = store.new_company()
    people = [user(cid, f"u{n}@x.example") for n in range(5)]
    data = store.post("users/bulk", people).json()["data"]
    assert all(entry.keys() == {"userId", "bcId"} for entry in data)
    assert store.post("users/bulk", [user(cid, "new@x.example"), people[0]]).status_code == 422
    assert store.get("users", email="new@x.example").json()["data"] == []


# -- addresses ----------------------------------------------------------------------------------


def test_addresses_are_found_by_external_id(store):
    cid = store.new_company()
    rows = [address(cid, f"C000001/{n}") for n in ("MAIN", "EAST, 2")]
    data = store.post("addresses/bulk", rows).json()["data"]
    assert {row["externalId"] for row in data} == {"C000001/MAIN", "C000001/EAST, 2"}
    found = store.call("GET", "addresses", **{"externalId[]": "C000001/EAST, 2"}).json()["data"]
    assert [row["externalId"] for row in found] == ["C000001/EAST, 2"]
    assert store.call("DELETE", f"addresses/{found[0]['addressId']}").ok
    assert len(store.get("addresses", companyId=cid).json()["data"]) == 1


def test_a_bulk_refusal_is_aligned_with_its_input(store):
    cid = store.new_company()
    bad = {k: v for k, v in address(cid, "B").items() if k not in ("stateName", "stateCode")}
    answer = store.post("addresses/bulk", [address(cid, "A"), bad])
    assert answer.status_code == 422
    first, second = answer.json()["data"]["errMsg"]
    assert first == {}
    assert "state" in second["state_name"][0].lower()
    assert store.get("addresses").json()["data"] == []


def test_a_state_is_needed_only_where_the_country_has_states(store):
    cid = store.new_company()
    plain = {k: v for k, v in address(cid, "UK").items() if not k.startswith(("state", "country"))}
    assert store.post("addresses", {**plain, "countryName": "United Kingdom"}).ok
    assert store.post("addresses", {**plain, "countryCode": "DE"}).status_code == 422
    berlin = {**plain, "countryCode": "DE", "countryName": "Germany"}
    assert store.post("addresses", {**berlin, "stateName": "Berlin", "stateCode": "BE"}).ok
    assert (
        store.post("addresses", {**plain, "countryCode": "US", "stateCode": "ZZ"}).status_code
        == 422
    )


def test_defaults_need_their_kind_and_there_is_one_per_company(store):
    cid = store.new_company()
    default = {"isShipping": True, "isDefaultShipping": True}
    first = store.post("addresses", address(cid, "A", **default)).json()["data"]["addressId"]
    second = store.post("addresses", address(cid, "B")).json()["data"]["addressId"]
    assert store.put(f"addresses/{second}", {"isDefaultShipping": True}).status_code == 422
    assert store.put(f"addresses/{second}", default).ok
    assert store.get(f"addresses/{first}").json()["data"]["isDefaultShipping"] is False
    assert store.put(f"addresses/{second}", {"countryCode": "CA"}).status_code == 422
    moved = {
        "countryCode": "CA",
        "countryName": "Canada",
        "stateCode": "ON",
        "stateName": "Ontario",
    }
    assert store.put(f"addresses/{second}", moved).ok


def test_lookups(store):
    assert store.get("countries", searchType=0, q="Germany").json()["data"]["countryCode"] == "DE"
    state = store.get("states", searchType=1, q="TX").json()["data"]
    assert state == {"stateCode": "TX", "stateName": "Texas"}
    assert store.get("states", q="TX").status_code == 422
    channels = store.get("channels").json()["data"]
    assert all(row["id"] != row["channelId"] for row in channels)
    assert {row["channelId"] for row in channels} == {
        row["id"] for row in store.get("v3/channels").json()["data"]
    }


# -- misbehaviours -------------------------------------------------------------------------------


def test_http_200_with_code_400_does_nothing(store):
    store.faults({"match": "POST /api/v3/io/companies", "fault": "http_200_code_400"})
    answer = store.post("companies", company(1))
    assert (answer.status_code, answer.json()["code"]) == (200, 400)
    assert store.control("GET", "rows/companies").json() == []


def test_lists_may_be_bent(store):
    store.new_company(1)
    store.faults(
        {"match": "GET /", "fault": "string_ids"},
        {"match": "GET /", "fault": "int_status"},
        {"match": "GET /", "fault": "flat_meta"},
    )
    answer = store.get("companies").json()
    assert answer["meta"]["totalCount"] == 1
    assert "pagination" not in answer["meta"]
    assert isinstance(answer["data"][0]["companyId"], str)
    assert answer["data"][0]["companyStatus"] == 1


def test_pages_may_be_shorter_than_asked_for(make):
    store = make(existing_companies=5, faults=("page_limit_lowered=2",))
    page = store.get("companies", limit=200).json()
    assert len(page["data"]) == 2
    assert page["meta"]["pagination"] == {"totalCount": 5, "limit": 2, "offset": 0}


def test_dropped_field_is_accepted_and_forgotten(store):
    store.faults({"match": "POST /", "fault": "drop_field", "field": "ERP ID"})
    store.new_company(1)
    assert by_stamp(store, "C000001") == []


def test_index_lag_hides_new_rows_from_lists_only(store, clock):
    store.faults({"match": "* /", "fault": "index_lag", "seconds": 30})
    cid = store.new_company(1)
    assert by_stamp(store, "C000001") == []
    assert store.get("companies").json()["data"] == []
    assert store.get(f"companies/{cid}").ok
    clock.advance(30)
    assert len(by_stamp(store, "C000001")) == 1


def test_text_401_comes_for_a_good_token(store):
    store.faults({"match": "* /", "fault": "text_401", "nth": 1})
    answer = store.get("companies")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (401, "text/plain")
    assert store.get("companies").ok
