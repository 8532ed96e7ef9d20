"""Changes in the ERP arrive with the next delta, or with the next full run when no stamp moved."""

from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig, eligible


def first(rig: Rig, **wanted: Any) -> str:
    """The first customer in the store whose row has these values."""
    companies = rig.companies()
    for key, row in eligible(rig).items():
        if key in companies and all(row.get(name) == value for name, value in wanted.items()):
            return key
    pytest.fail(f"no customer with {wanted}")


def person(rig: Rig, customer: str, *, primary: bool = False) -> dict[str, Any]:
    """A contact of this customer that is a user of the store."""
    users = rig.users()
    main = eligible(rig)[customer]["PrimaryContactID"]
    for row in rig.erp_rows("Contact"):
        mine = row["BusinessAccount"] == customer and (row["Email"] or "").lower() in users
        if mine and (row["ContactID"] == main) is primary:
            return row
    pytest.fail(f"{customer} has no such contact")


def add_contact(rig: Rig, customer: str, mail: str, **more: Any) -> str:
    row = rig.put(
        "Contact", "", BusinessAccount=customer, FirstName="Nora", LastName="Newman", Email=mail,
        Active=True, **more,
    )  # fmt: skip
    return str(row["ContactID"])


def test_only_the_main_contacts_email_changes(rig: Rig) -> None:
    """The customer's own stamp stands still: the partition of main contacts finds it."""
    rig.sync()
    mark = rig.mark()
    key = first(rig, PrimaryContactID=None)
    before = eligible(rig)[key]["LastModifiedDateTime"]
    rig.put("Customer", key, MainContact={"Email": "new.box@example.com"})
    assert eligible(rig)[key]["LastModifiedDateTime"] == before
    rig.sync("customer")
    assert rig.companies()[key]["companyEmail"] == "new.box@example.com"
    assert [e["key"] for e in rig.effects(mark, "companies")] == [key]


def test_an_address_edit_that_moves_no_stamp_is_found_by_the_full_run(rig: Rig) -> None:
    rig.sync()
    key = first(rig)
    rig.put("Customer", key, MainContact={"Address": {"City": "Quietville"}})
    rig.sync()
    assert rig.companies()[key]["city"] != "Quietville"
    rig.sync(mode="full")
    assert rig.companies()[key]["city"] == "Quietville"
    main = next(row for row in rig.addresses().values() if row["externalId"].startswith(key))
    assert main["city"] == "Quietville"


def test_a_changed_primary_contact_updates_the_company_by_its_own_reading(rig: Rig) -> None:
    """A contact's edit moves the contact alone; its customer is queued by key."""
    rig.sync()
    key = next(
        k for k, row in eligible(rig).items() if row["PrimaryContactID"] and k in rig.companies()
    )
    contact = person(rig, key, primary=True)
    rig.put("Contact", str(contact["ContactID"]), Email="boss@new.example.com")
    rig.sync()
    assert rig.companies()[key]["companyEmail"] == "boss@new.example.com"
    assert rig.users()["boss@new.example.com"]["role"] == 0
    assert contact["Email"].lower() not in rig.users(), "a changed e-mail is an update"


def test_a_contact_whose_email_changed_keeps_its_user(rig: Rig) -> None:
    rig.sync()
    key = first(rig)
    number = add_contact(rig, key, "nora@one.example.com")
    rig.sync()
    user = rig.users()["nora@one.example.com"]
    rig.put("Contact", number, Email="nora@two.example.com")
    rig.sync()
    assert rig.users()["nora@two.example.com"]["id"] == user["id"]
    assert "nora@one.example.com" not in rig.users()


def test_an_inactive_contact_loses_its_user_and_comes_back(rig: Rig) -> None:
    rig.sync()
    key = first(rig)
    number = add_contact(rig, key, "nora@one.example.com")
    rig.sync()
    assert "nora@one.example.com" in rig.users()
    rig.put("Contact", number, Active=False)
    assert rig.sync()["contact"]["deleted"] == 1
    assert "nora@one.example.com" not in rig.users()
    rig.put("Contact", number, Active=True)
    rig.sync()
    assert "nora@one.example.com" in rig.users()


def test_the_last_admin_of_a_company_is_never_deleted(rig: Rig) -> None:
    rig.sync()
    key = next(
        k for k, row in eligible(rig).items() if row["PrimaryContactID"] and k in rig.companies()
    )
    add_contact(rig, key, "helper@one.example.com")
    rig.sync()
    contact = person(rig, key, primary=True)
    rig.put("Contact", str(contact["ContactID"]), Active=False)
    flows = rig.sync()
    assert contact["Email"].lower() in rig.users()
    parked = rig.messages("parked", "contact")[str(contact["ContactID"])]
    assert "admin" in parked.reason
    assert parked.remedy
    assert flows["contact"]["deleted"] == 0


def test_an_inactive_location_goes_and_an_active_one_returns(rig: Rig) -> None:
    rig.sync()
    key = first(rig)
    rig.put("CustomerLocation", f"{key}/DOCK9", LocationName="Dock nine",
            LocationContact={"Attention": "Dora Dock", "Phone1": "555-0101",
                             "Address": {"AddressLine1": "9 Dock St", "City": "Boston",
                                         "State": "MA", "PostalCode": "02110",
                                         "Country": "US"}})  # fmt: skip
    rig.sync()
    assert rig.addresses()[f"{key}/DOCK9"]["addressLine1"] == "9 Dock St"
    rig.put("CustomerLocation", f"{key}/DOCK9", Active=False)
    assert rig.sync()["location"]["deleted"] == 1
    assert f"{key}/DOCK9" not in rig.addresses()
    rig.put("CustomerLocation", f"{key}/DOCK9", Active=True)
    rig.sync()
    assert rig.addresses()[f"{key}/DOCK9"]["firstName"] == "Dora"
    assert rig.created_twice() == []


def test_a_customer_goes_through_its_statuses(rig: Rig) -> None:
    rig.sync()
    key = first(rig)
    for status, shown in (
        ("On Hold", "1"),
        ("Inactive", "3"),
        ("Active", "1"),
        ("Credit Hold", "1"),
        ("One-Time", "1"),
    ):
        rig.put("Customer", key, Status=status)
        rig.sync()
        assert rig.companies()[key]["companyStatus"] == shown, status


def test_a_customer_on_hold_is_left_alone_until_it_is_released(rig: Rig) -> None:
    rig.sync()
    key = first(rig)
    name = rig.companies()[key]["companyName"]
    rig.put("Customer", key, Status="On Hold", CustomerName="Changed While Held")
    rig.sync()
    assert rig.companies()[key]["companyName"] == name
    rig.put("Customer", key, Status="Active")
    rig.sync()
    assert rig.companies()[key]["companyName"] == "Changed While Held"


def test_children_of_a_released_customer_arrive_although_their_stamps_stood_still(
    rig: Rig,
) -> None:
    rig.put("Customer", "C000003", Status="On Hold")
    rig.sync()
    assert "C000003" not in rig.companies()
    assert not any(key.startswith("C000003/") for key in rig.addresses())
    rig.clock.sleep(86_400)
    rig.sync()
    rig.put("Customer", "C000003", Status="Active")
    rig.sync()
    company = rig.companies()["C000003"]
    locations = [r for r in rig.erp_rows("CustomerLocation") if r["Customer"] == "C000003"]
    active = {f"C000003/{r['LocationID']}" for r in locations if r["Active"]}
    waiting = set(rig.messages("parked", "location"))
    assert {k for k in rig.addresses() if k.startswith("C000003/")} == active - waiting
    mails = {
        r["Email"].lower()
        for r in rig.erp_rows("Contact")
        if r["BusinessAccount"] == "C000003" and r["Active"] and r["Email"]
    }
    mine = {m for m, u in rig.users().items() if u["companyId"] == company["companyId"]}
    assert mails <= mine


def test_a_child_that_waits_for_its_parked_parent_is_released_by_it(rig: Rig) -> None:
    mails = {r["CustomerID"]: r["MainContact"]["Email"] for r in rig.erp_rows()}
    key = next(k for k, row in eligible(rig).items() if row["PrimaryContactID"] is None)
    rig.put("Customer", key, MainContact={"Email": ""})
    rig.sync()
    assert rig.messages("parked", "customer")[key].field == "E-mail of the main contact"
    blocked = rig.messages("blocked", "location")
    assert f"{key}/MAIN" in blocked
    assert blocked[f"{key}/MAIN"].blocked_key == key
    rig.put("Customer", key, MainContact={"Email": mails[key] or "found@example.com"})
    rig.sync()
    assert f"{key}/MAIN" in rig.addresses()
    assert rig.messages("blocked") == {}


def test_too_long_a_name_is_parked_with_field_and_limits_and_never_cut(rig: Rig) -> None:
    rig.sync()
    key, other = list(rig.companies())[:2]
    before = rig.companies()[key]["companyName"]
    rig.put("Customer", key, CustomerName="L" * 201)
    rig.put("Customer", other, CustomerName="Fine Ltd.")
    flows = rig.sync("customer")
    parked = rig.messages("parked", "customer")[key]
    assert parked.field == "Company name"
    assert "201" in parked.reason
    assert "200" in parked.reason
    assert rig.companies()[key]["companyName"] == before
    assert rig.companies()[other]["companyName"] == "Fine Ltd."
    assert flows["customer"]["parked"] == 1
    rig.put("Customer", key, CustomerName="S" * 200)
    rig.sync("customer")
    assert rig.companies()[key]["companyName"] == "S" * 200
    assert rig.messages("parked") == {}


def test_an_email_of_another_company_is_parked_with_that_companys_name(rig: Rig) -> None:
    rig.sync()
    one, other = list(rig.companies())[:2]
    add_contact(rig, one, "taken@example.com")
    rig.sync()
    number = add_contact(rig, other, "taken@example.com")
    rig.sync()
    parked = rig.messages("parked", "contact")[number]
    assert rig.companies()[one]["companyName"] in parked.reason
    assert rig.users()["taken@example.com"]["companyId"] == rig.companies()[one]["companyId"]


def test_one_bad_record_among_many_delays_nobody(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(customers=220, items=1, features={"customer": {}})
    bad = "C000100"
    rig.put("Customer", bad, Status="Active")
    with rig.erp.lock:
        rig.erp.put_row("Customer", bad, {"MainContact": {"Address": {"Country": ""}}})
    flows = rig.sync("customer")
    parked = rig.messages("parked", "customer")
    assert bad in parked
    assert "Country" in parked[bad].field
    assert set(rig.companies()) == set(eligible(rig)) - set(parked)
    assert flows["customer"]["parked"] == len(parked)
    with rig.calls() as seen:
        rig.sync("customer")
    assert seen["store"].total() == 0


def test_a_record_that_the_store_refuses_is_taken_out_of_its_batch(
    make_rig: Callable[..., Rig],
) -> None:
    """The store refuses a whole bulk call for one bad item: the others arrive all the same."""
    rig = make_rig(customers=120, items=1, features={"customer": {}})
    rig.put("Customer", "C000050", Status="Active", MainContact={"Email": "not an address"},
            PrimaryContactID=None)  # fmt: skip
    with rig.calls() as seen:
        rig.sync("customer")
    parked = rig.messages("parked", "customer")
    assert "C000050" in parked
    assert "mail" in parked["C000050"].reason.lower()
    assert set(rig.companies()) == set(eligible(rig)) - set(parked)
    print(dict(seen["store"]))
    assert seen["store"]["POST /api/v3/io/companies"] <= 12
    with rig.calls() as seen:
        rig.sync("customer")
    assert seen["store"].total() == 0
    assert rig.created_twice() == []


def test_stock_that_changed_is_written_alone(rig: Rig) -> None:
    rig.sync("inventory")
    mark = rig.mark()
    row = next(r for r in rig.erp_rows("StorageDetails") if r["InventoryID"] in rig.stock())
    sku = row["InventoryID"]
    rig.put("StorageDetails", f"{sku}/{row['WarehouseID']}", QtyAvailable=row["QtyAvailable"] + 7)
    before = rig.stock()[sku]
    rig.sync("inventory")
    assert [e["key"] for e in rig.effects(mark)] in ([f"{sku}@1"], [f"{sku}@default"], [sku])
    assert rig.stock()[sku] >= before


def test_an_adjustment_that_was_lost_is_written_once_more(rig: Rig) -> None:
    rig.sync("inventory")
    row = next(r for r in rig.erp_rows("StorageDetails") if r["InventoryID"] in rig.stock())
    rig.put("StorageDetails", f"{row['InventoryID']}/{row['WarehouseID']}", QtyAvailable=4000)
    rig.store.faults.replace([{"match": "PUT /stores/", "nth": 1, "fault": "inventory_lost"}])
    rig.sync("inventory")
    assert rig.stock()[row["InventoryID"]] >= 4000
    rig.put("StorageDetails", f"{row['InventoryID']}/{row['WarehouseID']}", QtyAvailable=5000)
    rig.store.faults.replace([{"match": "PUT /stores/", "fault": "inventory_lost"}])
    rig.sync("inventory")
    (parked,) = rig.messages("parked", "inventory").values()
    assert "twice" in parked.reason
    rig.store.faults.replace([])
    rig.runtime.retry([parked.id])
    rig.sync("inventory")
    assert rig.stock()[row["InventoryID"]] >= 5000
