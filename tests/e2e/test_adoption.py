"""Records that stand in the store already are taken over, never made a second time (F12, F15)."""

from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig, eligible

Make = Callable[..., Rig]
ONLY_CUSTOMERS = {"features": {"customer": {}}}
PLACE = {
    "companyPhone": "312-555-0100", "addressLine1": "1 Old Road", "city": "Chicago",
    "state": "Illinois", "country": "United States", "zipCode": "60601",
}  # fmt: skip


def mail(row: dict[str, Any]) -> str:
    """The address that a customer's company will bear."""
    return str((row.get("PrimaryContact") or {}).get("Email") or row["MainContact"]["Email"] or "")


def own_mails(rig: Rig) -> dict[str, dict[str, Any]]:
    """Eligible customers whose address nobody else bears, by key."""
    everybody = [mail(row).lower() for row in rig.erp_rows()]
    return {
        key: row
        for key, row in eligible(rig).items()
        if mail(row) and everybody.count(mail(row).lower()) == 1
    }


def earlier(rig: Rig, name: str, email: str, stamp: str = "") -> str:
    """A company that somebody made in the store before the hub came; returns its number."""
    fields = [{"fieldName": "ERP ID", "fieldValue": stamp}] if stamp else []
    with rig.store.lock:
        row = rig.store.put_row(
            "companies", name,
            {**PLACE, "companyName": name, "companyEmail": email, "extraFields": fields},
        )  # fmt: skip
        number = str(row["companyId"])
        for company in rig.store.rows("companies"):
            if str(company["companyId"]) == number and rig.stamp(company) == name:
                rig.store.put_row("companies", number, {"extraFields": [
                    {"fieldName": "ERP ID", "fieldValue": stamp}
                ]})  # fmt: skip
        if email.lower() not in {user["email"].lower() for user in rig.store.rows("users")}:
            rig.store.put_row("users", email, {"companyId": row["companyId"], "role": 0})
    return number


def numbers(rig: Rig) -> dict[str, str]:
    """The store's number of each ERP key."""
    return {key: str(row["companyId"]) for key, row in rig.companies().items()}


def test_a_company_with_our_stamp_is_taken_over_and_brought_up_to_date(make_rig: Make) -> None:
    rig = make_rig(**ONLY_CUSTOMERS)
    key, row = next(iter(own_mails(rig).items()))
    number = earlier(rig, "Somebody Else Typed This", "old@stamp.example", key)
    flows = rig.sync("customer")
    assert numbers(rig)[key] == number
    assert rig.companies()[key]["companyName"] == row["CustomerName"]
    assert flows["customer"]["adopted"] == 1
    assert rig.created_twice() == []


@pytest.mark.parametrize("customers", [3, 30], ids=["searched", "listed"])
def test_a_company_with_the_same_email_is_taken_over_and_stamped(
    make_rig: Make, customers: int
) -> None:
    rig = make_rig(customers=customers, **ONLY_CUSTOMERS)
    (one, first), (two, second) = list(own_mails(rig).items())[:2]
    a = earlier(rig, "An Earlier Company", mail(first))
    b = earlier(rig, "Another Earlier Company", mail(second).upper())
    rig.sync("customer")
    found = numbers(rig)
    assert (found.get(one), found.get(two)) == (a, b)
    assert len(found) == len(rig.rows("companies")), "every company bears its stamp"
    mark = rig.mark()
    rig.sync("customer", mode="full")
    assert rig.effects(mark) == []


@pytest.mark.parametrize("customers", [3, 30], ids=["searched", "listed"])
def test_a_name_alone_never_takes_a_company_over(make_rig: Make, customers: int) -> None:
    rig = make_rig(customers=customers, **ONLY_CUSTOMERS)
    key, row = next(iter(own_mails(rig).items()))
    number = earlier(rig, row["CustomerName"], "nobody@elsewhere.example")
    rig.sync("customer")
    assert numbers(rig)[key] != number
    (left,) = [r for r in rig.rows("companies") if str(r["companyId"]) == number]
    assert (left["companyEmail"], rig.stamp(left)) == ("nobody@elsewhere.example", "")


def test_a_company_that_belongs_to_another_erp_record_is_left_alone(make_rig: Make) -> None:
    """It bears the e-mail, and the stamp of somebody else."""
    rig = make_rig(**ONLY_CUSTOMERS)
    (key, row), (other, _) = list(own_mails(rig).items())[:2]
    number = earlier(rig, "Belongs To Another", mail(row), other)
    rig.sync("customer")
    assert numbers(rig)[other] == number
    assert numbers(rig).get(key) != number


def test_twice_in_the_store_is_parked_with_both_and_goes_on_when_one_is_gone(
    make_rig: Make,
) -> None:
    rig = make_rig(**ONLY_CUSTOMERS)
    (stamped, _), (mailed, row) = list(own_mails(rig).items())[:2]
    surplus = [earlier(rig, f"Twice {n}", f"twice{n}@x.example", stamped) for n in (1, 2)]
    pair = [earlier(rig, f"Same Box {n}", mail(row)) for n in (1, 2)]
    rig.sync("customer")
    parked = rig.messages("parked", "customer")
    for key, both in ((stamped, surplus), (mailed, pair)):
        assert "exists twice" in parked[key].reason
        assert all(number in parked[key].reason for number in both)
        assert "Merge or delete" in parked[key].remedy
    assert mailed not in rig.companies(), "neither was guessed, no third one made"
    assert len(rig.rows("companies")) == 4 + len(eligible(rig)) - len(parked)
    with rig.store.lock:
        rig.store.delete_row("companies", surplus[1])
        rig.store.delete_row("companies", pair[1])
    rig.clock.sleep(700)
    rig.runtime.retry([parked[stamped].id, parked[mailed].id])
    rig.sync("customer")
    assert (numbers(rig)[stamped], numbers(rig)[mailed]) == (surplus[0], pair[0])
    assert not {stamped, mailed} & set(rig.messages("parked", "customer"))


def test_an_email_that_two_erp_records_share_takes_nothing_over(make_rig: Make) -> None:
    rig = make_rig(**ONLY_CUSTOMERS)
    free = [k for k, r in eligible(rig).items() if not r.get("PrimaryContact")][:2]
    for key in free:
        rig.put("Customer", key, MainContact={"Email": "both@shared.example"})
    number = earlier(rig, "Whose Is It", "both@shared.example")
    rig.sync("customer")
    parked = rig.messages("parked", "customer")
    for key in free:
        assert "2 records of the ERP" in parked[key].reason
        assert number in parked[key].reason
    (left,) = [r for r in rig.rows("companies") if str(r["companyId"]) == number]
    assert rig.stamp(left) == ""


def test_an_initial_load_beside_earlier_companies_doubles_none(make_rig: Make) -> None:
    """F15: half are there by stamp or e-mail, one in twenty of them twice."""
    rig = make_rig(customers=100, items=1, **ONLY_CUSTOMERS)
    candidates = list(own_mails(rig).items())
    there, double = candidates[: len(candidates) // 2], []
    known: dict[str, str] = {}
    for place, (key, row) in enumerate(there):
        stamp = key if place % 2 else ""
        known[key] = earlier(rig, f"Earlier {place}", mail(row), stamp)
        if place % 20 in (6, 17):
            earlier(rig, f"Earlier {place} again", mail(row), stamp)
            double.append(key)
    before = len(rig.rows("companies"))
    flows = rig.sync("customer")
    parked = rig.messages("parked", "customer")
    twice = {key for key, row in parked.items() if "exists twice" in row.reason}
    assert twice == set(double)
    assert len(double) >= 1
    found = numbers(rig)
    for key, number in known.items():
        assert key in double or found[key] == number
    created = len(rig.rows("companies")) - before
    assert created == len(eligible(rig)) - len(there) - len(set(parked) - set(double))
    assert flows["customer"]["created"] == created
    assert flows["customer"]["adopted"] == len(there) - len(double)
    assert rig.created_twice() == []


def test_a_user_that_stands_in_its_company_is_taken_over(make_rig: Make) -> None:
    rig = make_rig(features={"customer": {}, "contact": {}})
    rig.sync("customer")
    users = {email: row["id"] for email, row in rig.users().items()}
    person = next(
        row for row in rig.erp_rows("Contact")
        if row["BusinessAccount"] in rig.companies() and row["Active"] and row["Email"]
        and row["Email"].lower() not in users
    )  # fmt: skip
    company = rig.companies()[person["BusinessAccount"]]["companyId"]
    with rig.store.lock:
        there = rig.store.put_row(
            "users", person["Email"],
            {"companyId": company, "firstName": "Typed", "lastName": "By Hand"},
        )  # fmt: skip
    rig.sync("contact")
    after = rig.users()
    assert after[person["Email"].lower()]["id"] == there["id"]
    assert after[person["Email"].lower()]["lastName"] == person["LastName"]
    assert all(after[email]["id"] == number for email, number in users.items())


def test_a_stamp_that_the_store_forgets_stops_the_sync_after_its_first_record(
    make_rig: Make,
) -> None:
    """F12: nothing more is made until the field is mended, and then nothing is doubled."""
    rig = make_rig(**ONLY_CUSTOMERS)
    rig.store.faults.replace([{"match": "* /", "fault": "drop_field", "field": "ERP ID"}])
    result = rig.run("customer")
    assert len(rig.rows("companies")) == 1, "one record, not one per customer"
    (problem,) = result.problems
    assert "ERP ID" in problem
    (incident,) = rig.query("SELECT stopped_reason, stopped_field, stopped_remedy FROM flow "
                            "WHERE stopped_reason <> ''")  # fmt: skip
    assert incident.stopped_field == "erp_id_field"
    assert "ERP ID" in incident.stopped_remedy
    rig.run("customer")
    assert len(rig.rows("companies")) == 2, "each try by a person costs one record at most"
    rig.store.faults.replace([])
    rig.sync("customer")
    rig.sync("customer", mode="full")
    names = [row["companyName"] for row in rig.rows("companies")]
    wanted = [row["CustomerName"] for key, row in eligible(rig).items()]
    assert sorted(names) == sorted(wanted), "every customer once"
    assert set(rig.companies()) == set(eligible(rig)), "the forgotten stamps were put in"
