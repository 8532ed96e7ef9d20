"""The simulated instance answers readings as CONTRACT §3 and §4 tell."""

import pytest
from acumatica_simulator_kit import signed_in, value

from hub.seams import VirtualClock
from plugins.acumatica.simulator.wire import stamp

DATED = "LastModifiedDateTime gt datetimeoffset'2026-01-01T00:00:00+00:00'"
MAIN_DATED = f"MainContact/{DATED}"


@pytest.fixture(scope="module")
def caller():
    return signed_in()


def test_a_list_is_a_bare_array_with_wrapped_values(caller):
    rows = caller.get("Customer").json
    assert len(rows) == 120
    assert {"id", "rowNumber", "note", "custom", "CustomerID"} <= rows[0].keys()
    assert rows[0]["CustomerID"] == {"value": "C000001"}
    assert rows[0]["AccountRef"] == {}


def test_rows_come_in_no_order_of_time(caller):
    stamps = caller.keys(field="LastModifiedDateTime")
    assert stamps != sorted(stamps)
    assert len(set(stamps)) < len(stamps)


def test_linked_entities_appear_only_when_expanded(caller):
    assert "MainContact" not in caller.get("Customer/C000001").json
    with_contact = caller.get("Customer/C000001", expand="MainContact").json
    assert "Address" not in with_contact["MainContact"]
    deep = caller.get("Customer/C000001", expand="MainContact,MainContact/Address").json
    assert value(deep, "MainContact/Address/Country")


def test_select_with_slash_paths(caller):
    row = caller.get(
        "Customer",
        top=1,
        select="CustomerID,MainContact/Email,MainContact/Address/City",
        expand="MainContact,MainContact/Address",
    ).json[0]
    own = {"id", "rowNumber", "note", "custom"}
    assert row.keys() - own == {"CustomerID", "MainContact"}
    assert row["MainContact"].keys() - own == {"Email", "Address"}
    assert row["MainContact"]["Address"].keys() - own == {"City"}


def test_pages(caller):
    everything = caller.keys()
    paged = caller.keys(top=50) + caller.keys(top=50, skip=50) + caller.keys(top=50, skip=100)
    assert paged == everything
    assert caller.keys(top=50, skip=120) == []


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("CustomerID eq 'C000003'", lambda r: value(r, "CustomerID") == "C000003"),
        ("CustomerID eq 'c000003'", lambda r: value(r, "CustomerID") == "C000003"),
        ("Status ne 'Active'", lambda r: value(r, "Status") != "Active"),
        (
            "CustomerClass eq 'DEALER' and not (Status eq 'Active' or Status eq 'Inactive')",
            lambda r: (
                value(r, "CustomerClass") == "DEALER"
                and value(r, "Status") not in ("Active", "Inactive")
            ),
        ),
        ("substringof('supply', CustomerName)", lambda r: "Supply" in value(r, "CustomerName")),
        ("startswith(CustomerName, 'S') eq true", lambda r: value(r, "CustomerName")[0] == "S"),
        ("endswith(CustomerName, 'LLC')", lambda r: value(r, "CustomerName").endswith("LLC")),
        ("BAccountID gt 900", lambda r: value(r, "BAccountID") > 900),
        (
            "BAccountID ge 900M and BAccountID lt 1000",
            lambda r: 900 <= value(r, "BAccountID") < 1000,
        ),
        ("IsGuestCustomer eq false", lambda _r: True),
        ("PriceClassID eq null", lambda r: value(r, "PriceClassID") is None),
        ("Email eq ''", lambda r: value(r, "Email") is None),
        (
            DATED,
            lambda r: value(r, "LastModifiedDateTime") > "2026-01-01T00:00:00",
        ),
    ],
)
def test_filters(caller, text, test):
    expected = [value(r, "CustomerID") for r in caller.get("Customer").json if test(r)]
    assert caller.keys(filter=text) == expected
    assert expected


def test_a_quote_is_doubled():
    caller = signed_in()
    caller.control("PUT", "rows/Customer/C000001", {"CustomerName": "Joe's"})
    assert caller.keys(filter="CustomerName eq 'Joe''s'") == ["C000001"]


def test_a_linked_field_can_be_filtered_without_expanding(caller):
    row = caller.get("Customer/C000001", expand="MainContact").json
    email = value(row, "MainContact/Email")
    assert caller.keys(filter=f"MainContact/Email eq '{email}'") == ["C000001"]


def test_two_dates_of_two_views_never_match_together(caller):
    own, main = caller.keys(filter=DATED), caller.keys(filter=MAIN_DATED)
    assert set(own) & set(main)
    assert caller.keys(filter=f"{DATED} and {MAIN_DATED}") == []
    assert set(caller.keys(filter=f"{DATED} or {MAIN_DATED}")) == {*own, *main}


def test_a_plus_that_is_not_encoded_is_a_space(caller):
    raw = DATED.replace(" ", "%20")
    answer = caller.send("GET", f"/entity/Default/24.200.001/Customer?$filter={raw}")
    assert answer.status == 500
    assert "00:00:00 00:00" in answer.trouble
    encoded = caller.send(
        "GET", f"/entity/Default/24.200.001/Customer?%24filter={raw.replace('+', '%2B')}"
    )
    assert encoded.status == 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("IsGuestCustomer eq 'false'", "incompatible types"),
        ("BAccountID eq '7'", "incompatible types"),
        ("LastModifiedDateTime gt '2026-01-01'", "incompatible types"),
        ("Nonsense eq 1", "named 'Nonsense'"),
        ("Contacts/Email eq 'x'", "named 'Contacts/Email'"),
        ("cf.String(f='BAccount.UsrX') eq 'x'", "cf.String"),
        ("CustomerID eq", "at the end"),
        ("(CustomerID eq 'x'", "at the end"),
        ("CustomerID is 'x'", "Operator expected"),
        ("CustomerID eq 'x' 'y'", "Syntax error"),
    ],
)
def test_a_filter_that_cannot_be_used_is_a_500(caller, text, words):
    answer = caller.get("Customer", filter=text)
    assert answer.status == 500
    assert words in answer.trouble


def test_there_is_no_order_and_no_count(caller):
    assert caller.get("Customer", orderby="CustomerID").status == 400
    assert caller.get("Customer", inlinecount="allpages").status == 400


def test_a_record_is_found_by_key_by_id_and_with_bars(caller):
    row = caller.get("CustomerLocation/C000003/MAIN").json
    assert caller.get("CustomerLocation/C000003|MAIN").json["id"] == row["id"]
    assert caller.get(f"CustomerLocation/{row['id']}").json == row
    assert value(row, "NoteID") == row["id"]


def test_not_found_is_a_500(caller):
    for path in ("Customer/NOBODY", "Contact/x", "Customer/c05eed00-0000-4000-8000-0000000fffff"):
        answer = caller.get(path)
        assert answer.status == 500
        assert answer.json["exceptionType"].endswith("NoEntitySatisfiesTheConditionException")


def test_unknown_entities_endpoints_and_versions_are_404(caller):
    assert caller.get("Nothing").status == 404
    assert caller.send("GET", "/entity/Default/19.200.001/Customer").status == 404
    assert caller.send("GET", "/entity/Custom/24.200.001/Customer").status == 404
    assert caller.send("GET", "/entity/Default/23.200.001/Customer?$top=1").status == 200
    assert caller.send("PATCH", "/entity/Default/24.200.001/Customer", {}).status == 405


def test_the_instance_tells_its_endpoints(caller):
    found = caller.send("GET", "/entity").json
    assert found["version"]["acumaticaBuildVersion"]
    assert {"name", "version", "href"} == found["endpoints"][0].keys()
    swagger = caller.send("GET", "/entity/Default/24.200.001/swagger.json").json
    assert "/Customer" in swagger["paths"]


def test_stock_of_a_warehouse_in_one_call(caller):
    answer = caller.put(
        "StorageDetailsInquiry", {"WarehouseID": {"value": "EAST"}}, expand="StorageDetails"
    ).json
    rows = answer["StorageDetails"]
    assert {value(r, "WarehouseID") for r in rows} == {"EAST"}
    assert all({"QtyOnHand", "QtyAvailable", "QtyHardAvailable"} <= r.keys() for r in rows)
    bare = caller.put("StorageDetailsInquiry", {"WarehouseID": {"value": "EAST"}}).json
    assert "StorageDetails" not in bare


def test_the_three_quantities_differ_and_some_are_odd(caller):
    rows = caller.put("StorageDetailsInquiry", {}, expand="StorageDetails").json["StorageDetails"]
    triples = [
        tuple(value(r, f) for f in ("QtyOnHand", "QtyAvailable", "QtyHardAvailable")) for r in rows
    ]
    assert any(len(set(t)) == 3 for t in triples)
    assert any(t[1] < 0 for t in triples)
    assert any(t[0] % 1 for t in triples)
    assert any(t[0] == 0 for t in triples)


def test_the_per_item_inquiry_needs_the_item(caller):
    body = {"WarehouseID": {"value": "EAST"}}
    assert caller.put("InventorySummaryInquiry", body, expand="Results").json["Results"] == []
    body = {"InventoryID": {"value": "WH-00001"}}
    rows = caller.put("InventorySummaryInquiry", body, expand="Results").json["Results"]
    assert "WHOLESALE" in [value(r, "WarehouseID") for r in rows]
    assert "InventoryID" not in rows[0]


def test_an_instance_without_the_bulk_inquiry():
    caller = signed_in(storage_details=False, customers=1, items=1)
    assert caller.put("StorageDetailsInquiry", {}, expand="StorageDetails").status == 404


def test_branches_by_inquiry_and_order_types_by_odata(caller):
    rows = caller.put("CompaniesStructure", {}, expand="Results").json["Results"]
    assert [value(r, "BranchID") for r in rows] == ["MAIN", "WEST"]
    assert "BQL delegate" in caller.get("CompaniesStructure").trouble
    types = caller.send("GET", "/t/Company/api/odata/dac/SOOrderType?$select=OrderType,Descr").json
    assert {"OrderType": "SO", "Descr": "Sales Order"} in types["value"]
    assert caller.send("GET", "/t/Company/api/odata/dac/Nothing").status == 404


def test_the_seeded_wholesaler_has_what_real_ones_have(caller):
    rows = caller.control("GET", "rows/Customer").json
    names = [value(r, "CustomerName") for r in rows]
    assert len(set(names)) == len(names) - 1
    assert max(map(len, names)) == 100
    assert any(not n.isascii() for n in names)
    assert len({value(r, "CustomerClass") for r in rows}) == 5
    assert {value(r, "Status") for r in rows} == {
        "Active",
        "Credit Hold",
        "One-Time",
        "On Hold",
        "Inactive",
    }
    assert any(value(r, "MainContact/Phone1") is None for r in rows)
    assert any(value(r, "MainContact/Email") is None for r in rows)
    countries = {value(r, "MainContact/Address/Country") for r in rows}
    assert {"US", "CA", "DE", "SG"} <= countries


def test_the_seeded_people_and_places(caller):
    contacts = caller.control("GET", "rows/Contact").json
    mails = [value(c, "Email") for c in contacts if value(c, "Email")]
    assert len(mails) < len(contacts)
    shared = [c for c in contacts if mails.count(value(c, "Email")) == 2]
    assert len({value(c, "BusinessAccount") for c in shared}) == 2
    assert any(not value(c, "Active") for c in contacts)
    locations = caller.control("GET", "rows/CustomerLocation").json
    assert any(not value(x, "Active") for x in locations)
    default = [value(x, "LocationID") for x in locations if value(x, "Default")]
    assert default == ["MAIN"] * 120
    per_customer = [value(x, "Customer") for x in locations]
    assert {per_customer.count(c) for c in set(per_customer)} >= {1, 2, 3, 4}


def test_the_same_seed_gives_the_same_data():
    assert signed_in().get("Customer").text == signed_in().get("Customer").text


def test_stamps_are_iso_with_offset_and_trimmed_fraction():
    moment = VirtualClock().now()
    assert stamp(moment.replace(microsecond=160_000)) == "2026-11-24T12:00:00.16+00:00"
    assert stamp(moment) == "2026-11-24T12:00:00+00:00"
