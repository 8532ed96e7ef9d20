"""The connector against answers that CONTRACT.md allows and our simulated store does not give."""

from datetime import UTC, datetime

import pytest
from bigcommerce_connector_kit import (
    PLUGIN,
    action,
    answer,
    contact,
    customer,
    location,
    scripted,
    stock,
)

from hub.sdk import ConfigError, Outcome, TransientError, Window

REFUSED = {"code": 422, "data": {"errMsg": {"sortBy": ["Not a choice."]}}, "meta": {"message": "x"}}


def b2b(rows, **meta):
    return answer(200, {"code": 200, "data": rows, "meta": {"message": "SUCCESS", **meta}})


def companies(*numbers):
    return [{"companyId": number, "companyName": f"N{number}"} for number in numbers]


def listed(client, flow, window=None, preferences=None):
    pages = PLUGIN.listing(client, action(flow), window or Window(), preferences or {})
    return [row for page in pages for row in page]


def load(client, flow, *items):
    return PLUGIN.load(client, action(flow), list(items))


# -- lists ------------------------------------------------------------------------------------


def test_a_lowered_limit_without_a_total_does_not_end_the_list():
    client, http = scripted(b2b(companies(1, 2)), b2b(companies(3)), b2b([]))
    assert [row.external_id for row in listed(client, "customer")] == ["1", "2", "3"]
    assert [dict(call[2])["offset"] for call in http.calls] == ["0", "2", "3"]


def test_a_store_that_knows_only_the_documented_order_is_listed_by_it():
    client, http = scripted(answer(422, REFUSED), b2b(companies(1), pagination={"totalCount": 1}))
    assert [row.external_id for row in listed(client, "customer")] == ["1"]
    assert [dict(call[2])["sortBy"] for call in http.calls] == ["companyName", "updatedAt"]


def test_a_list_that_breaks_off_is_not_begun_again_in_another_order():
    page = b2b(companies(1, 2), pagination={"totalCount": 4})
    client, http = scripted(page, answer(409, {"code": 409, "data": {}, "meta": {}}))
    with pytest.raises(TransientError):
        listed(client, "customer")
    assert len(http.calls) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"identity": None, "locations": []},
        {"identity": {"sku": 7}, "locations": None},
        {"identity": {"sku": "A-1"}, "locations": {"location_id": 1}},
        {"identity": {"sku": "A-1"}, "locations": [None, "x", {"location_id": None}]},
        "A-1",
    ],
)
def test_rows_of_no_use_are_passed_over(row):
    level = {"location_id": 1, "total_inventory_onhand": 7}
    fine = {"identity": {"sku": "Z-1"}, "locations": [level]}
    meta = {"pagination": {"total_pages": 1}}
    client, _ = scripted(answer(200, {"data": [row, fine], "meta": meta}))
    client.default_location = lambda: 1
    assert [r.stamp for r in listed(client, "inventory")] == ["Z-1@default"]
    (found,) = PLUGIN.match(client, action("inventory"), [stock("Z-1", 1)]).values()
    assert [r.fields["quantity"] for r in found] == [7]


def test_a_search_by_key_reads_all_pages_and_believes_only_the_key():
    page = {"totalCount": "3", "limit": 2, "offset": 0}
    ours = {**companies(3)[0], "extraFields": [{"fieldName": "ERP ID", "fieldValue": "C1"}]}
    client, http = scripted(b2b(companies(1, 2), pagination=page), b2b([ours], pagination=page))
    (found,) = PLUGIN.match(client, action("customer"), [customer("C1")])["C1"]
    assert (found.external_id, found.stamp) == ("3", "C1")
    assert len(http.calls) == 2


def test_locations_of_a_large_store_are_all_read():
    def page(first, number):
        rows = [{"id": str(first + n), "enabled": 0 if first == 1 else 1} for n in range(2)]
        return answer(200, {"data": rows, "meta": {"pagination": {"total_pages": number}}})

    client, http = scripted(page(1, 2), page(3, 2))
    assert client.default_location() == 3
    assert [dict(call[2])["page"] for call in http.calls] == ["1", "2"]


def test_customer_groups_are_read_until_the_empty_page():
    groups = [answer(200, [{"id": n, "name": f"G{n}"}]) for n in (1, 2)]
    client, _ = scripted(*groups, answer(204))
    assert [c.value for c in PLUGIN.lookup(client, "customer_groups", "")] == ["1", "2"]


def test_a_server_that_does_not_page_is_not_read_for_ever():
    client, http = scripted(answer(200, [{"id": 1, "name": "G1"}]))
    assert [c.label for c in PLUGIN.lookup(client, "customer_groups", "")] == ["G1"]
    assert len(http.calls) == 2


@pytest.mark.parametrize("held", [7, "7", 7.0])
def test_stock_is_read_in_every_spelling_of_a_number(held):
    level = {"location_id": "1", "total_inventory_onhand": held}
    row = {"identity": {"sku": "A-1"}, "locations": [level]}
    bare = {"location_id": 1, "total_inventory_onhand": None, "available_to_sell": held}
    other = {"identity": {"sku": "B-1"}, "locations": [bare]}
    client, _ = scripted(answer(200, {"data": [row, other], "meta": {}}), answer(200, {"data": []}))
    client.default_location = lambda: 1
    assert {r.stamp: r.fields["quantity"] for r in listed(client, "inventory")} == {
        "A-1@default": 7,
        "B-1@default": 7,
    }


def test_a_listing_since_a_moment_asks_in_whole_seconds_of_unix_time():
    client, http = scripted(b2b([], pagination={"totalCount": 0}))
    listed(client, "customer", Window(since=datetime(2026, 11, 24, 12, 0, 0, 900_000, UTC)))
    assert dict(http.calls[0][2])["minCreated"] == "1795521599"


# -- refusals -----------------------------------------------------------------------------------


def test_a_taken_admin_mail_is_recognized_whatever_the_words():
    said = {"code": 422, "data": {"errMsg": {"adminEmail": ["Not available."]}}, "meta": {}}
    none = b2b([], pagination={"totalCount": 0})
    holder = {"id": 9, "email": "buyer.c1@example.com", "companyId": 5}
    client, _ = scripted(
        answer(422, said), none, b2b([holder]), b2b({"companyId": 5, "companyName": "Other Inc."})
    )
    (result,) = load(client, "customer", customer("C1"))
    assert result.outcome is Outcome.REJECTED
    assert result.detail == "buyer.c1@example.com belongs to company “Other Inc.” (5)."


@pytest.mark.parametrize("text", [b"Not Found", b""])
def test_a_record_that_is_gone_may_be_told_in_plain_text(text):
    client, _ = scripted(answer(404, text, content_type="text/plain"))
    (result,) = load(client, "contact", contact("1", 5, external_id="77"))
    assert (result.outcome, result.external_id) == (Outcome.RETRY, "")


def test_a_web_page_instead_of_a_record_is_a_wrong_address():
    client, _ = scripted(answer(404, b"<html>nothing here</html>"))
    with pytest.raises(ConfigError):
        load(client, "contact", contact("1", 5, external_id="77"))


@pytest.mark.parametrize("status", [501, 507])
def test_a_full_store_refuses_for_sure(status):
    body = {"status": status, "title": "The store limit is reached."}
    client, _ = scripted(answer(status, body))
    (result,) = load(client, "inventory", stock("A-1", 3, place="1"))
    assert result.outcome is Outcome.REJECTED
    assert "store limit" in result.detail


@pytest.mark.parametrize(
    "told",
    [
        {"title": "Item with sku B-2 was not found"},
        {"title": "Invalid", "detail": "[sku B-2]"},
        {"title": "Invalid", "errors": ["The sku 'B-2' was not found"]},
        {"title": "Invalid", "errors": {"items[1].sku": "error.not_found"}},
        {"title": "Invalid", "errors": {"B-2": "not found"}},
    ],
)
def test_a_refused_stock_level_is_found_wherever_it_is_named(told):
    refusal = answer(422, {"status": 422, **told})
    fine = answer(200, {"transaction_id": "t"})
    client, http = scripted(refusal, fine, refusal)
    client.default_location = lambda: 1
    items = [stock("A-1", 1), stock("B-2", 2), stock("C-3", 3)]
    results = {r.key.partition("@")[0]: r.outcome for r in load(client, "inventory", *items)}
    assert results == {
        "A-1": Outcome.UNKNOWN, "B-2": Outcome.REJECTED, "C-3": Outcome.UNKNOWN
    }  # fmt: skip
    assert [len(call[3]["items"]) for call in http.calls] == [3, 2, 1]


def test_a_bulk_refusal_without_list_blames_nobody():
    said = {"code": 422, "data": {"errMsg": "Something is wrong."}, "meta": {"message": "x"}}
    client, _ = scripted(answer(422, said))
    results = load(client, "location", location("C1/A", 5), location("C1/B", 5))
    assert {(r.outcome, r.answered) for r in results} == {(Outcome.UNKNOWN, True)}


def test_a_created_user_without_id_in_the_answer_is_looked_up():
    client, _ = scripted(b2b([]), channel_ids=["1"])
    (result,) = load(client, "contact", contact("1", 5))
    assert (result.outcome, result.answered) == (Outcome.UNKNOWN, True)
