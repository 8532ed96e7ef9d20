"""The connector's companies in the simulated store, over loopback: what arrives, in how many calls."""

from datetime import timedelta

import pytest

from hub.sdk import AmbiguousWrite, ConfigError, Outcome, Window
from tests.contract.bigcommerce_connector_kit import PLUGIN, action, answer, customer, scripted

# -- companies ------------------------------------------------------------------------------------


def test_a_company_arrives_with_its_number_admin_and_names_in_full(store):
    (result,) = store.load("customer", customer("C1", name="Blütenhaus & Söhne 漢字"))
    assert result.outcome is Outcome.CREATED
    row = store.row("companies", companyId=int(result.external_id))
    assert row["companyName"] == "Blütenhaus & Söhne 漢字"
    assert (row["state"], row["country"], row["city"]) == ("Texas", "United States", "Austin")
    assert {f["fieldName"]: f["fieldValue"] for f in row["extraFields"]}["ERP ID"] == "C1"
    admin = store.row("users", companyId=int(result.external_id))
    assert (admin["firstName"], admin["email"], admin["role"]) == ("Ada", "buyer.c1@example.com", 0)


def test_no_mail_goes_out_unless_it_is_wanted():
    for wanted in (False, True):
        client, http = scripted(answer(200, {"code": 200, "data": {"companyId": 1}}))
        item = customer("C1", preferences={"send_welcome_email": wanted})
        PLUGIN.load(client, action("customer"), [item])
        PLUGIN.load(client, action("customer"), [item, item])
        assert http.calls[0][3]["acceptCreationEmail"] is wanted
        assert [c["acceptWelcomeEmail"] for c in http.calls[1][3]] == [wanted, wanted]


def test_bulk_ids_are_candidates_and_the_listing_ties_them(open_store):
    store = open_store(faults=["omit_bulk_ids=2"])
    since = store.clock.now()
    batch = [customer(f"C{i}") for i in range(10)]
    results = store.load("customer", *batch)
    assert all(r.outcome is Outcome.UNKNOWN and r.answered and not r.detail for r in results)
    listed = store.list("customer", Window(since=since))
    assert {row.stamp for row in listed} == {item.key for item in batch}
    for row in listed:
        assert store.row("companies", companyId=int(row.external_id))["companyName"] == (
            f"Customer {row.stamp}"
        )
    assert store.http.count("POST", "/companies/bulk") == 1
    assert store.http.count("GET", "/companies") == 1


def test_a_refused_bulk_call_blames_nobody_and_says_why(open_store):
    store = open_store(faults=["partial_bulk"])
    since = store.clock.now()
    batch = [customer("C1"), customer("C2", address={"country": "Atlantis"}), customer("C3")]
    results = store.load("customer", *batch)
    assert all(r.outcome is Outcome.UNKNOWN and r.answered for r in results)
    assert all("Atlantis" in r.detail for r in results)
    assert {row.stamp for row in store.list("customer", Window(since=since))} == {"C1", "C3"}
    (alone,) = store.load("customer", batch[1])
    assert alone.outcome is Outcome.REJECTED
    assert "Atlantis" in alone.detail


def test_a_lost_answer_is_raised_and_the_company_is_found_by_its_stamp(store):
    store.fault(match="POST /api/v3/io/companies", fault="answer_lost", nth=1)
    with pytest.raises(AmbiguousWrite):
        store.load("customer", customer("C1"))
    hits = store.match("customer", customer("C1"), customer("C2"))
    assert [len(hits["C1"]), len(hits["C2"])] == [1, 0]
    assert hits["C1"][0].stamp == "C1"


def test_a_bound_company_is_updated_in_one_call_and_status_costs_a_second(store):
    number = store.company()
    store.http.calls.clear()
    (plain,) = store.load(
        "customer", customer("C1", number, frozenset({"companyName"}), name="New name")
    )
    assert plain.outcome is Outcome.UPDATED
    assert store.http.calls == [("PUT", f"/api/v3/io/companies/{number}")]
    store.http.calls.clear()
    held = customer("C1", number, frozenset({"companyStatus"}), name="New name", status="inactive")
    assert store.load("customer", held)[0].outcome is Outcome.UPDATED
    assert store.http.calls == [("PUT", f"/api/v3/io/companies/{number}/status")]
    row = store.row("companies", companyId=int(number))
    assert (row["companyName"], row["companyStatus"]) == ("New name", "3")


def test_bound_companies_are_updated_together(store):
    numbers = [store.company(f"C{i}") for i in range(3)]
    store.http.calls.clear()
    batch = [
        customer(f"C{i}", number, frozenset({"companyName"}), name=f"Renamed {i}")
        for i, number in enumerate(numbers)
    ]
    batch[2] = customer("C2", numbers[2], frozenset({"companyStatus"}), status="inactive")
    assert [r.outcome for r in store.load("customer", *batch)] == [Outcome.UPDATED] * 3
    assert [path.rsplit("/io/")[1] for _, path in store.http.calls] == [
        "companies/bulk",
        f"companies/{numbers[2]}/status",
    ]
    names = {row["companyId"]: row["companyName"] for row in store.sim.rows("companies")}
    assert [names[int(n)] for n in numbers] == ["Renamed 0", "Renamed 1", "Customer C2"]


def test_adopting_writes_the_stamp(open_store):
    store = open_store(existing_companies=3)
    found = store.sim.rows("companies")[0]
    assert [f["fieldValue"] for f in found["extraFields"]] == [""]
    (hit,) = store.match("customer", customer("C9", name=found["companyName"]))["C9"]
    assert hit.stamp is None
    (result,) = store.load("customer", customer("C9", hit.external_id))
    assert result.outcome is Outcome.UPDATED
    row = store.row("companies", companyId=found["companyId"])
    assert [f["fieldValue"] for f in row["extraFields"]] == ["C9"]


def test_an_undefined_extra_field_is_said_once_at_its_setting(open_store):
    store = open_store(define_erp_field=False)
    for batch in ([customer("C1")], [customer("C1"), customer("C2")]):
        with pytest.raises(ConfigError, match="“ERP ID”") as caught:
            store.load("customer", *batch)
        assert caught.value.parameter == "erp_id_field"
    assert store.sim.rows("companies") == []


def test_an_emptied_second_line_is_cleared_and_a_group_is_taken_away(store):
    groups = [row["id"] for row in store.sim.rows("customer_groups")]
    values = {"price_class": {"GOLD": groups[0]}}
    second = {
        "line1": "1 Main St",
        "line2": "Suite 4",
        "city": "Austin",
        "state": "TX",
        "country": "US",
    }
    number = store.company(price_class="GOLD", values=values, address=second)
    row = store.row("companies", companyId=int(number))
    assert (row["bcGroupId"], row["addressLine2"]) == (groups[0], "Suite 4")
    store.load("customer", customer("C1", number))
    row = store.row("companies", companyId=int(number))
    assert (row["bcGroupId"], row["addressLine2"]) == (0, "")


def test_an_admin_email_of_another_company_is_said_with_its_name(store):
    number = store.company("C1", name="First come")
    shared = {"first_name": "A", "last_name": "B", "email": "buyer.c1@example.com"}
    (result,) = store.load("customer", customer("C2", admin=shared))
    assert result.outcome is Outcome.REJECTED
    assert result.detail == f"buyer.c1@example.com belongs to company “First come” ({number})."
    assert list(result.field_errors) == ["adminEmail"]


def test_a_company_of_the_same_name_is_proposed_by_the_search(store):
    store.company("C1", name="Twin")
    hits = store.match("customer", customer("C2", name="Twin", email="other@example.com"))["C2"]
    assert [(hit.stamp, hit.natural_keys["name"]) for hit in hits] == [("C1", "Twin")]


def test_the_whole_store_is_listed_with_what_may_be_compared(open_store):
    store = open_store(existing_companies=450, faults=["page_limit_lowered=100"])
    rows = store.list("customer", Window())
    assert len({row.external_id for row in rows}) == len(rows) == 450
    assert store.http.count("GET", "/companies") == 5
    number = store.company("C1")
    (row,) = [r for r in store.list("customer", Window()) if r.stamp == "C1"]
    assert row.external_id == number
    assert row.natural_keys == {"email": "buyer.c1@example.com", "name": "Customer C1"}
    payload = customer("C1").payload
    assert {n: str(v) for n, v in row.fields.items()} == {n: str(payload[n]) for n in row.fields}


@pytest.mark.parametrize("shape", ["flat_meta", "no_pagination", "string_ids", "int_status"])
def test_lists_are_read_in_every_shape(open_store, shape):
    store = open_store(existing_companies=230, faults=[shape])
    rows = store.list("customer", Window())
    assert len(rows) == 230
    assert all(row.fields["companyStatus"] in (0, 1, 2, 3) for row in rows)
    # Without a total only an empty page proves the end (CONTRACT §4.1).
    assert store.http.count("GET", "/companies") == (3 if shape == "no_pagination" else 2)


def test_a_list_that_moves_while_it_is_read_is_read_again():
    def page(ids, total=3):
        rows = [{"companyId": i, "companyName": str(i)} for i in ids]
        meta = {"pagination": {"totalCount": total}}
        return answer(200, {"code": 200, "data": rows, "meta": meta})

    client, http = scripted(page([1, 2]), page([2]), page([1, 2, 3]))
    pages = PLUGIN.listing(client, action("customer"), Window(), {})
    assert [row.external_id for found in pages for row in found] == ["1", "2", "3"]
    assert len(http.calls) == 3


def test_a_since_listing_gives_the_newest_first_and_nothing_older(store):
    store.company("C1")
    store.clock.advance(3600)
    since = store.clock.now()
    store.clock.advance(5)
    store.company("C2")
    store.clock.advance(5)
    store.company("C3")
    assert [r.stamp for r in store.list("customer", Window(since=since))] == ["C3", "C2"]
    assert len(store.list("customer", Window(since=since - timedelta(days=9)))) == 3
