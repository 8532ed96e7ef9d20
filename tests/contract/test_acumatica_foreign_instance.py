"""The connector against answers that CONTRACT.md allows and our simulated instance does not give."""

import pytest
from acumatica_connector_kit import PLUGIN, MemoryState, Scripted, action, answer

from hub.sdk import AuthError, ConfigError, HubError, Window

SETTINGS = {
    "base_url": "http://erp.test/Site",
    "username": "u",
    "password": "p",
    "tenant": "Company",
}
ENTITY = "/Site/entity/Default/24.200.001"
LOGIN = "POST /Site/entity/auth/login"
LOGOUT = "POST /Site/entity/auth/logout"
PAGE = "GET /Site/Frames/Login.aspx"
STORAGE = f"PUT {ENTITY}/StorageDetailsInquiry"
# Field reports: no CompanyID among the cookies (26.1).
SIGNED_IN = answer(204, cookies={".ASPXAUTH": "t", "ASP.NET_SessionId": "s"})


def read(script, flow, **settings):
    silent = {PAGE: [answer(404)], LOGIN: [SIGNED_IN], LOGOUT: [answer(204)]}
    http = Scripted({**silent, **script})
    state = MemoryState()
    state.users = 1
    with PLUGIN.open_client({**SETTINGS, **settings}, http, state) as client:
        pages = list(PLUGIN.extract(client, action(flow), Window()))
    return [record for page in pages for record in page.records], http


def value(text):
    return {"value": text}


def level(sku, warehouse, quantity):
    fields = {"InventoryID": sku, "WarehouseID": warehouse, "QtyAvailable": quantity}
    return {name: value(text) for name, text in fields.items()}


WAREHOUSES = answer(200, [{"WarehouseID": value(name)} for name in ("EAST", "WEST ")])


@pytest.mark.parametrize(
    "first",
    [
        answer(200, {"WarehouseID": {}, "StorageDetails": []}),
        answer(400, {"message": "The request is invalid.", "modelState": {"": ["WarehouseID"]}}),
        answer(422, {"error": "x", "WarehouseID": {"error": "'Warehouse' cannot be empty."}}),
    ],
    ids=["no rows", "400", "422"],
)
def test_stock_is_read_by_warehouse_where_the_inquiry_wants_one(first):
    some = answer(200, {"StorageDetails": [level("A-1", "EAST", 2)]})
    more = answer(200, {"StorageDetails": [level("A-1", "WEST", "3.0")]})
    script = {STORAGE: [first, some, more], f"GET {ENTITY}/Warehouse": [WAREHOUSES]}
    (record,), http = read(script, "inventory")
    assert record.key == "A-1@default"
    assert record.data["quantities"]["QtyAvailable"] == 5
    assert [c[2] for c in http.calls if c[0] == "PUT"][1:] == [
        {"WarehouseID": value("EAST")},
        {"WarehouseID": value("WEST")},
    ]


def test_a_refused_inquiry_without_warehouses_is_told():
    script = {
        STORAGE: [answer(403, {"message": "You have insufficient rights."})],
        f"GET {ENTITY}/Warehouse": [answer(200, [])],
    }
    with pytest.raises(ConfigError, match="insufficient rights"):
        read(script, "inventory")


def test_fields_may_be_empty_missing_or_null_wherever_they_are_not_the_key():
    row = {
        "id": "b6410d82-9476-ef11-8c65-ac198e472cfe",
        "CustomerID": value("C1 "),
        "CustomerName": {},
        "Status": value(None),
        "LastModifiedDateTime": value("2023-12-14T17:20:45.16+02:00"),
        "MainContact": {"Email": value("a@b.example"), "Address": None},
        "PrimaryContact": None,
        "note": None,
    }
    (record,), _ = read({f"GET {ENTITY}/Customer": [answer(200, [row])]}, "customer")
    assert record.key == "C1"
    assert record.data["MainContact"]["Email"] == "a@b.example"
    assert record.modified_at.isoformat() == "2023-12-14T15:20:45.160000+00:00"


def test_rows_without_key_or_customer_are_left_alone():
    rows = [
        {"ContactID": value(7), "BusinessAccount": {}, "LastName": value("Lead")},
        {"ContactID": {}, "BusinessAccount": value("C1")},
        {},
        None,
        {"ContactID": value(8), "BusinessAccount": value("C1"), "LastModifiedDateTime": {}},
    ]
    found, _ = read({f"GET {ENTITY}/Contact": [answer(200, rows)]}, "contact")
    assert [(record.key, record.modified_at) for record in found] == [("8", None)]


def test_only_the_six_documented_parameters_are_sent():
    _, http = read({f"GET {ENTITY}/Customer": [answer(200, [])]}, "customer")
    asked = {name for method, _, sent in http.calls if method == "GET" for name in sent or ()}
    assert asked <= {"$filter", "$select", "$expand", "$top", "$skip", "$custom"}


class OnlyEnds(MemoryState):
    """The state of a client that was opened to end the session, not to work."""

    def load(self):
        found = super().load()
        if found is None:
            raise HubError("nothing to end")
        return found


def test_ending_a_session_of_other_settings_tries_no_new_password():
    http = Scripted({LOGOUT: [answer(204)]})
    state = OnlyEnds()
    state.users = 1
    state.save({"cookies": {"a": "b"}, "mark": "other", "base_url": SETTINGS["base_url"]})
    with pytest.raises(HubError, match="nothing to end"), PLUGIN.open_client(SETTINGS, http, state):
        pass
    assert [call[1] for call in http.calls] == ["/Site/entity/auth/logout"]
    assert state.data is None


def signed_in_page(name):
    text = f'<form><input value="{name}" type="hidden" name="txtSingleCompany" /></form>'
    return answer(200, f"<html>{text}</html>".encode(), content_type="text/html")


def test_without_a_cookie_the_sign_in_page_names_the_tenant():
    script = {PAGE: [signed_in_page("Other &amp; Co"), signed_in_page("Company")]}
    found, http = read({**script, f"GET {ENTITY}/Contact": [answer(200, [])]}, "contact")
    assert found == []
    assert [c[2] for c in http.calls if c[1].endswith("/login")] == [
        {"name": "u", "password": "p", "tenant": "Company"},
        {"name": "u", "password": "p", "company": "Company"},
    ]


def test_a_wrong_tenant_is_refused_even_without_a_cookie():
    with pytest.raises(AuthError, match="Training, not to Company"):
        read({PAGE: [signed_in_page("Training")]}, "contact")
