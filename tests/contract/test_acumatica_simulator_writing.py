"""Upserts, time stamps and the control path of the simulated instance."""

import pytest
from acumatica_simulator_kit import signed_in, value


@pytest.fixture
def caller():
    made = signed_in(customers=30, items=10)
    made.sim.clock.advance(3600)
    made.login()
    return made


def now(caller):
    return caller.sim.clock.now().isoformat()


def customer(caller, key="C000001"):
    expand = "MainContact,MainContact/Address,PrimaryContact"
    return caller.get(f"Customer/{key}", expand=expand).json


def edit(caller, path, changes):
    caller.sim.clock.advance(60)
    answer = caller.control("PUT", f"rows/{path}", changes)
    assert answer.status == 200, answer.text
    return answer.json


def journal(caller):
    import json

    return [json.loads(x) for x in caller.control("GET", "journal").text.splitlines()]


def test_a_given_number_is_ignored_and_a_repeat_makes_a_second_customer(caller):
    body = {"CustomerID": {"value": "123"}, "CustomerName": {"value": "New"}}
    first = caller.put("Customer", body).json
    assert value(first, "CustomerID") == "C000031"
    assert value(caller.put("Customer", body).json, "CustomerID") == "C000032"


def test_an_update_by_key_by_id_and_by_filter(caller):
    row = customer(caller)
    caller.put("Customer", {"CustomerID": {"value": "C000001"}, "Terms": {"value": "COD"}})
    assert value(customer(caller), "Terms") == "COD"
    caller.put("Customer", {"id": row["id"], "Terms": {"value": "45D"}})
    assert value(customer(caller), "Terms") == "45D"
    caller.put("Customer", {"Terms": {"value": "30D"}}, filter="CustomerID eq 'C000001'")
    assert value(customer(caller), "Terms") == "30D"
    assert [e["effect"] for e in journal(caller)] == ["updated"] * 3


def test_unknown_and_read_only_fields_are_dropped_with_200(caller):
    before = customer(caller)
    answer = caller.put(
        "Customer",
        {
            "customerid": {"value": "C000001"},
            "Nonsense": {"value": 1},
            "BAccountID": {"value": 5},
            "LastModifiedDateTime": {"value": "2020-01-01T00:00:00+00:00"},
        },
    )
    assert answer.status == 200
    assert customer(caller) == before
    assert journal(caller) == []


def test_preconditions(caller):
    body = {"CustomerID": {"value": "C000001"}}
    assert caller.put("Customer", body, {"If-None-Match": "*"}).status == 412
    body = {"CustomerID": {"value": "NEW1"}, "CustomerName": {"value": "X"}}
    assert caller.put("Customer", body, {"If-Match": "*"}).status == 412


def test_a_refused_record_comes_back_with_the_text_at_its_field(caller):
    answer = caller.put(
        "Customer", {"CustomerName": {"value": "X"}, "CustomerClass": {"value": "NOPE"}}
    )
    assert answer.status == 422
    assert answer.json["CustomerClass"]["value"] == "NOPE"
    assert "cannot be found" in answer.json["CustomerClass"]["error"]
    assert answer.json["error"]
    assert journal(caller)[-1]["effect"] == "refused"
    assert caller.put("Contact", {"Email": {"value": "a@b.c"}}).status == 422
    assert caller.put("Contact", {"LastName": "L", "Active": 1, "ContactID": "x"}).status == 422


def test_contacts_and_locations_are_made(caller):
    made = caller.put(
        "Contact",
        {
            "LastName": {"value": "Doe"},
            "Email": {"value": "doe@x.example.com"},
            "BusinessAccount": {"value": "C000002"},
        },
        expand="Address",
    ).json
    assert value(made, "CompanyName") == value(customer(caller, "C000002"), "CustomerName")
    assert value(made, "Address/Country")
    caller.put(
        "CustomerLocation",
        {
            "Customer": {"value": "C000002"},
            "LocationID": {"value": "NORTH"},
            "LocationContact": {"Address": {"City": {"value": "Oslo"}, "Country": {"value": "NO"}}},
        },
    )
    row = caller.get(
        "CustomerLocation/C000002/NORTH", expand="LocationContact,LocationContact/Address"
    ).json
    assert value(row, "LocationContact/Address/City") == "Oslo"
    assert value(customer(caller, "C000002"), "MainContact/Address/City") != "Oslo"


def test_delete_post_and_empty_bodies(caller):
    contact = caller.keys("Contact", "ContactID")[0]
    assert caller.send("DELETE", f"/entity/Default/24.200.001/Contact/{contact}").status == 204
    assert caller.get(f"Contact/{contact}").status == 500
    assert caller.send("POST", "/entity/Default/24.200.001/Customer", {}).status == 406
    empty = caller.send("PUT", "/entity/Default/24.200.001/Customer")
    assert empty.status == 400
    assert empty.json["modelState"] == {"": ["The request body should not be empty."]}


@pytest.mark.parametrize("change", [{"Terms": "COD"}, {"CustomerName": "Renamed"}])
def test_an_own_field_moves_the_customers_stamp(caller, change):
    before = customer(caller)
    edit(caller, "Customer/C000001", change)
    after = customer(caller)
    assert value(after, "LastModifiedDateTime") == now(caller)
    main = "MainContact/LastModifiedDateTime"
    assert value(after, main) == value(before, main)


def test_the_main_contact_moves_its_own_stamp_only(caller):
    before = customer(caller)
    edit(caller, "Customer/C000001", {"MainContact": {"Email": {"value": "n@x.example.com"}}})
    after = customer(caller)
    assert value(after, "MainContact/Email") == "n@x.example.com"
    assert value(after, "MainContact/LastModifiedDateTime") == now(caller)
    assert value(after, "LastModifiedDateTime") == value(before, "LastModifiedDateTime")


def test_an_address_moves_no_stamp(caller):
    before = customer(caller)
    edit(caller, "Customer/C000001", {"MainContact": {"Address": {"City": "Elsewhere"}}})
    after = customer(caller)
    assert value(after, "MainContact/Address/City") == "Elsewhere"
    before["MainContact"]["Address"]["City"] = {"value": "Elsewhere"}
    assert after == before


def test_the_price_class_is_kept_in_the_default_location(caller):
    before = customer(caller)
    edit(caller, "Customer/C000001", {"PriceClassID": "VIP"})
    after = customer(caller)
    assert value(after, "PriceClassID") == "VIP"
    assert value(after, "LastModifiedDateTime") == value(before, "LastModifiedDateTime")
    location = caller.get("CustomerLocation/C000001/MAIN").json
    assert value(location, "LastModifiedDateTime") == now(caller)


def test_a_contact_moves_its_own_stamp_only(caller):
    row = next(r for r in caller.control("GET", "rows/Customer").json if "PrimaryContact" in r)
    key, contact = value(row, "CustomerID"), value(row, "PrimaryContactID")
    edit(caller, f"Contact/{contact}", {"FirstName": "Changed"})
    assert value(caller.get(f"Contact/{contact}").json, "LastModifiedDateTime") == now(caller)
    after = customer(caller, key)
    assert value(after, "PrimaryContact/FirstName") == "Changed"
    assert value(after, "LastModifiedDateTime") == value(row, "LastModifiedDateTime")


def test_an_edit_without_a_difference_moves_nothing(caller):
    before = customer(caller)
    edit(caller, "Customer/C000001", {"CustomerName": value(before, "CustomerName")})
    assert customer(caller) == before
    assert journal(caller) == []


def test_another_default_location(caller):
    edit(caller, "CustomerLocation/C000001%2FEAST", {"LocationName": "East", "Default": True})
    assert value(caller.get("CustomerLocation/C000001/EAST").json, "Default") is True
    assert value(caller.get("CustomerLocation/C000001/MAIN").json, "Default") is False


def test_stock_rows_change_and_are_made(caller):
    row = edit(caller, "StorageDetails/WH-00001%2FWHOLESALE", {"QtyOnHand": 5, "QtyAvailable": -2})
    assert (value(row, "QtyOnHand"), value(row, "QtyAvailable")) == (5.0, -2.0)
    assert value(row, "LastModifiedDateofWarehouseQty") == now(caller)
    edit(caller, "StockItem/SKU-NEW", {"Description": "Made by hand"})
    edit(caller, "StorageDetails/SKU-NEW%2FEAST", {"QtyOnHand": 3})
    rows = caller.put(
        "StorageDetailsInquiry", {"WarehouseID": {"value": "EAST"}}, expand="StorageDetails"
    ).json["StorageDetails"]
    assert "SKU-NEW" in [value(r, "InventoryID") for r in rows]
    assert caller.control("PUT", "rows/StorageDetails/NOPE%2FEAST", {}).status == 400


def test_rows_are_made_and_deleted_on_the_control_path(caller):
    made = edit(
        caller,
        "Customer/CNEW",
        {"CustomerName": "Fresh", "CustomerClass": "DEALER", "MainContact": {"Phone1": "1"}},
    )
    assert value(made, "CustomerID") == "CNEW"
    edit(caller, "Contact/90001", {"BusinessAccount": "CNEW", "LastName": "Doe"})
    edit(caller, "Customer/CNEW", {"PrimaryContactID": 90001})
    assert value(customer(caller, "CNEW"), "PrimaryContact/LastName") == "Doe"
    assert caller.control("DELETE", "rows/Customer/CNEW").status == 204
    assert caller.get("Contact/90001").status == 500
    assert caller.control("DELETE", "rows/Customer/CNEW").status == 404
    assert caller.control("GET", "rows/Nothing").status == 404
    effects = [(e["entity"], e["key"], e["effect"], e["request"]) for e in journal(caller)]
    assert ("Customer", "CNEW", "created", 0) in effects
    assert effects[-1] == ("Customer", "CNEW", "deleted", 0)


def test_a_row_that_was_read_may_be_sent_back_whole(caller):
    row = caller.control("GET", "rows/Customer").json[0]
    key = value(row, "CustomerID")
    row["MainContact"]["Email"] = {"value": "whole@x.example.com"}
    edit(caller, f"Customer/{key}", row)
    after = customer(caller, key)
    assert value(after, "MainContact/Email") == value(after, "Email") == "whole@x.example.com"
    assert value(after, "LastModifiedDateTime") == value(row, "LastModifiedDateTime")


def test_a_stamp_may_be_stated(caller):
    stamp = "2025-03-04T05:06:07.08+00:00"
    edit(caller, "Customer/C000001", {"Terms": "2P10N30", "LastModifiedDateTime": stamp})
    assert value(customer(caller), "LastModifiedDateTime") == stamp
    edit(caller, "Customer/C000002", {"LastModifiedDateTime": stamp})
    assert value(customer(caller, "C000002"), "LastModifiedDateTime") == stamp


def test_a_misspelt_change_is_refused_in_a_sentence(caller):
    answer = caller.control("PUT", "rows/Customer/C000001", {"MainContact": {"Mail": "x"}})
    assert answer.status == 400
    assert answer.json["error"] == "The entity MainContact has no field Mail."


def test_classes_and_warehouses_are_made_too(caller):
    edit(caller, "CustomerClass/GOV", {"Description": "Government"})
    assert "GOV" in caller.keys("CustomerClass", "ClassID")
    edit(caller, "Warehouse/NORTH", {"Description": "North"})
    assert value(caller.get("Warehouse/NORTH").json, "Active") is True
