"""Every answer of the simulated instance is one that the vendor's OpenAPI file allows."""

import pytest
from acumatica_simulator_kit import ENDPOINT, signed_in
from acumatica_spec import SpecError, check_answer, check_request, needs_spec

pytestmark = [pytest.mark.vendor_spec, needs_spec]

EXPANDS = {
    "Customer": "MainContact,MainContact/Address,BillingContact,ShippingContact,PrimaryContact,"
    "PrimaryContact/Address,Contacts,Contacts/Contact,Contacts/Contact/Address,Attributes,"
    "CreditVerificationRules,Salespersons,PaymentInstructions",
    "CustomerLocation": "LocationContact,LocationContact/Address,RoleAssignments",
    "Contact": "Address,Attributes,RoleAssignments,Relations",
    "CustomerClass": "Attributes",
    "CustomerPriceClass": "",
    "Warehouse": "Locations",
    "StockItem": "WarehouseDetails,Attributes,UOMConversions",
}


@pytest.fixture(scope="module")
def caller():
    return signed_in(customers=60, items=40)


@pytest.mark.parametrize("entity", EXPANDS)
def test_lists_and_records(caller, entity):
    options = {"expand": EXPANDS[entity]} if EXPANDS[entity] else {}
    listed = caller.get(entity, **options)
    check_answer("GET", f"{ENDPOINT}/{entity}", 200, listed.json)
    assert listed.json
    path = f"{entity}/{listed.json[0]['id']}"
    one = caller.get(path, **options)
    check_answer("GET", f"{ENDPOINT}/{path}", 200, one.json)
    files = caller.get(path, expand="files")
    check_answer("GET", f"{ENDPOINT}/{path}", 200, files.json)


@pytest.mark.parametrize(
    ("inquiry", "rows", "body"),
    [
        ("StorageDetailsInquiry", "StorageDetails", {"WarehouseID": {"value": "EAST"}}),
        ("InventorySummaryInquiry", "Results", {"InventoryID": {"value": "WH-00001"}}),
        ("CompaniesStructure", "Results", {}),
    ],
)
def test_inquiries(caller, inquiry, rows, body):
    check_request("PUT", f"{ENDPOINT}/{inquiry}", ["$expand"], body)
    answer = caller.put(inquiry, body, expand=rows)
    check_answer("PUT", f"{ENDPOINT}/{inquiry}", 200, answer.json)
    assert answer.json[rows]


@pytest.mark.parametrize(
    ("entity", "body", "status"),
    [
        ("Customer", {"CustomerName": {"value": "New"}}, 200),
        ("Customer", {"CustomerName": {"value": ""}, "Status": {"value": "?"}}, 422),
        ("Contact", {"LastName": {"value": "New"}}, 200),
        ("Contact", {"Email": {"value": "x"}}, 422),
        ("CustomerLocation", {"Customer": {"value": "C000001"}, "LocationID": {"value": "N"}}, 200),
        ("CustomerLocation", {"Customer": {"value": "?"}}, 422),
        ("StockItem", {}, 200),
    ],
)
def test_writes(caller, entity, body, status):
    check_request("PUT", f"{ENDPOINT}/{entity}", [], body)
    answer = caller.put(entity, body)
    assert answer.status == status
    check_answer("PUT", f"{ENDPOINT}/{entity}", status, answer.json)


def test_errors(caller):
    path = f"{ENDPOINT}/Customer"
    for options in ({"filter": "x eq 1"}, {"filter": "IsGuestCustomer eq 'x'"}):
        answer = caller.get("Customer", **options)
        check_answer("GET", path, answer.status, answer.json)
    missing = caller.get("Customer/NOBODY")
    check_answer("GET", f"{path}/NOBODY", missing.status, missing.json)
    empty = caller.send("PUT", path)
    check_answer("PUT", path, 400, empty.json)
    there = caller.put("Customer", {"CustomerID": "C000001"}, {"If-None-Match": "*"})
    check_answer("PUT", path, 412, there.json)
    caller.cookies.clear()
    unknown = caller.get("Customer")
    check_answer("GET", path, 401, unknown.json)
    caller.login()


def test_the_check_itself_refuses(caller):
    rows = caller.get("Customer", top=1).json
    path = f"{ENDPOINT}/Customer"
    for broken in (
        {"Nonsense": {}},
        {"CustomerID": "bare"},
        {"id": 5},
        {"BAccountID": {"value": "7"}},
    ):
        with pytest.raises(SpecError):
            check_answer("GET", path, 200, [{**rows[0], **broken}])
    with pytest.raises(SpecError, match="no parameter"):
        check_request("GET", path, ["$orderby"])
