"""What each answer of the vendor means, in which words, at which field (CONTRACT §3, §6)."""

import pytest

from hub.sdk import (
    AuthError,
    ConfigError,
    ConnectionTrouble,
    Outcome,
    RateLimited,
    TransientError,
)
from plugins.bigcommerce import quotas
from tests.contract.bigcommerce_connector_kit import (
    PLUGIN,
    action,
    answer,
    customer,
    location,
    scripted,
    stock,
)

NOW = "Tue, 24 Nov 2026 12:00:00 GMT"


def probe(*answers, **settings):
    client, _ = scripted(*answers, **settings)
    return PLUGIN.test_connection(client)


def load(flow, item, *answers):
    client, _ = scripted(*answers)
    return PLUGIN.load(client, action(flow), [item])[0]


@pytest.mark.parametrize(
    "refusal",
    [
        answer(401, b"X-Auth-Token header is required"),
        answer(401, b"X-Auth-Token header should have correct format"),
        answer(401, {"status": 401, "title": "Unauthorized"}),
        answer(200, {"code": 401, "data": {}, "meta": {"message": "Unauthorized"}}),
        answer(401, b""),
    ],
)
def test_a_refused_token_is_named_at_its_field_with_what_to_do(refusal):
    ok = answer(200, {"time": 1})
    with pytest.raises(AuthError) as caught:
        probe(ok, refusal)
    text = str(caught.value)
    assert caught.value.parameter == "access_token"
    assert "BigCommerce answered 401 Unauthorized for store k3xq9vw2tp" in text
    assert "Create an API account with the scopes" in text
    assert "s3cret-token" not in text


def test_a_wrong_store_hash_is_named_at_its_field():
    said = {"status": 403, "title": "You don't have a required scope to access the endpoint"}
    with pytest.raises(ConfigError) as caught:
        probe(answer(403, said))
    assert caught.value.parameter == "store_hash"
    assert "/stores/" in str(caught.value)


@pytest.mark.parametrize(
    ("flow", "record", "scope"),
    [
        ("inventory", stock("A", 1), "Store inventory: modify"),
        ("customer", customer("C1"), "B2B Edition: modify"),
    ],
)
def test_a_missing_scope_is_named(flow, record, scope):
    client, _ = scripted(answer(403, {"title": "required scope"}), location_id="1")
    with pytest.raises(ConfigError, match=scope) as caught:
        PLUGIN.load(client, action(flow), [record])
    assert caught.value.parameter == "access_token"


def test_b2b_may_call_a_bad_token_a_403():
    said = {"code": 403, "data": {"errMsg": "Invalid token"}, "meta": {"message": "Forbidden"}}
    with pytest.raises(AuthError):
        probe(answer(200, {"time": 1}), answer(403, said))


def test_a_server_error_of_b2b_hints_at_the_store_hash():
    with pytest.raises(ConnectionTrouble, match="store hash"):
        probe(answer(200, {"time": 1}), answer(500, {"code": 500}))


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ([answer(404, b"The route is not found, check the URL")], "api_url"),
        ([answer(404, b"<html>not here</html>")], "api_url"),
        ([answer(302, b"", location="https://elsewhere.test")], "api_url"),
        ([answer(200, {"time": 1}), answer(404, b"<html>")], "b2b_api_url"),
    ],
)
def test_a_wrong_address_is_named_at_its_field(wrong, parameter):
    with pytest.raises(ConfigError) as caught:
        probe(*wrong)
    assert caught.value.parameter == parameter


def test_a_web_page_instead_of_data_is_trouble_of_the_connection():
    with pytest.raises(ConnectionTrouble, match="a web page"):
        probe(answer(200, b"<!doctype html><p>Sign in to the hotel network"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "17"}, 17.0),
        ({"retry_after": "Tue, 24 Nov 2026 12:00:09 GMT", "date": NOW}, 9.0),
        ({"x_retry_after": "12"}, 12.0),
        ({"x_rate_limit_time_reset_ms": "15000"}, 15.0),
        ({"x_request_window_resets_after": "0.397 s"}, 0.397),
        ({"x_requests_window_resets_after": "250 ms"}, 0.25),
        ({"x_request_window_resets_after": "soon"}, None),
    ],
)
def test_429_tells_the_wait_in_every_form_or_none(headers, seconds):
    client, _ = scripted(answer(429, b"", **headers))
    with pytest.raises(RateLimited) as caught:
        PLUGIN.load(client, action("customer"), [customer("C1")])
    assert caught.value.retry_after == seconds


def test_quota_headers_are_read_with_their_units():
    core = quotas.read_core(
        {
            "x-rate-limit-requests-quota": "150",
            "x-rate-limit-requests-left": "35",
            "x-rate-limit-time-window-ms": "30000",
            "x-rate-limit-time-reset-ms": "15000",
        }
    )
    assert (core.limit, core.remaining, core.seconds, core.resets_in) == (150, 35, 30.0, 15.0)
    b2b = quotas.read_b2b(
        {
            "x-requests-allocated": "1000000000 times/60 s",
            "x-requests-remaining": "149 times",
            "x-request-window-resets-after": "0.397 s",
        }
    )
    assert (b2b.limit, b2b.remaining, b2b.seconds, b2b.resets_in) == (10**9, 149, 60.0, 0.397)
    assert quotas.read_b2b({}).limit is None


def test_creating_users_costs_both_quotas():
    import re

    def costs(call):
        return {q.key for q in PLUGIN.quotas({}) if any(re.search(m, call) for m in q.match)}

    assert costs("POST /api/v3/io/users/bulk") == {"core", "b2b"}
    assert costs("PUT /api/v3/io/users/7") == {"b2b"}
    assert costs("GET /api/v3/io/users") == {"b2b"}
    assert costs("PUT /stores/abc/v3/inventory/adjustments/absolute") == {"core"}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_after_a_write_leaves_its_end_unknown(status):
    result = load("customer", customer("C1"), answer(status, b"upstream"))
    assert (result.outcome, result.answered) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize("body", [b"<html>hello", b'{"code": 200, "da'])
def test_a_success_that_cannot_be_read_leaves_the_end_unknown(body):
    result = load("customer", customer("C1"), answer(200, body))
    assert (result.outcome, result.answered) == (Outcome.UNKNOWN, False)


def test_a_success_without_an_id_is_looked_up_at_once():
    result = load("customer", customer("C1"), answer(200, {"code": 200, "data": {}}))
    assert (result.outcome, result.answered, result.detail) == (Outcome.UNKNOWN, True, "")


@pytest.mark.parametrize("shape", [{"companyId": 5}, {"companyId": "5"}, [{"companyId": 5}]])
def test_an_id_is_read_in_every_shape(shape):
    result = load("customer", customer("C1"), answer(200, {"code": "200", "data": shape}))
    assert (result.outcome, result.external_id) == (Outcome.CREATED, "5")


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        ({"code": 422, "data": {"errMsg": "zipCode is wrong"}}, None, "zipCode is wrong"),
        (
            {"code": 422, "data": {"errMsg": {"state_name": ["Please enter a valid state"]}}},
            "stateName",
            "Please enter a valid state",
        ),
        ({"code": 422, "data": {"errMsg": ["first", "second"]}}, None, "second"),
        ({"code": 400, "data": {"errors": [{"id": "1", "_detail": "odd"}]}}, None, "odd"),
        ({"status": 422, "title": "Bad", "errors": {"city": "is empty"}}, "city", "is empty"),
        ([{"status": 400, "message": "No such thing", "details": {}}], None, "No such thing"),
    ],
)
def test_a_refusal_reads_the_complaint_in_every_shape(body, field, text):
    result = load("location", location("C1/MAIN", "9"), answer(422, body))
    assert result.outcome is Outcome.REJECTED
    assert text in result.detail
    assert result.remedy
    assert list(result.field_errors) == ([field] if field else [])


def test_http_200_with_code_400_is_a_refusal():
    said = {"code": 400, "data": {"errMsg": "No."}, "meta": {"message": "Bad Requests Error"}}
    result = load("location", location("C1/MAIN", "9"), answer(200, said))
    assert result.outcome is Outcome.REJECTED
    assert "400 Bad Request" in result.detail


def test_a_refused_read_is_this_records_trouble():
    client, _ = scripted(answer(422, {"code": 422, "data": {"errMsg": "bad filter"}}))
    with pytest.raises(TransientError, match="bad filter"):
        PLUGIN.match(client, action("customer"), [customer("C1")])


def test_an_updated_record_that_is_gone_loses_its_binding():
    gone = answer(404, {"code": 404, "data": {}, "meta": {"message": "Company not found"}})
    result = load("customer", customer("C1", external_id="44"), gone)
    assert (result.outcome, result.external_id) == (Outcome.RETRY, "")


def test_addresses_refused_together_blame_only_whom_the_aligned_list_names():
    client, _ = scripted(
        answer(422, {"code": 422, "data": {"errMsg": [{}, {"state_name": ["is wrong"]}]}})
    )
    batch = [location("C1/A", "9"), location("C1/B", "9")]
    first, second = PLUGIN.load(client, action("location"), batch)
    assert (first.outcome, first.answered, bool(first.detail)) == (Outcome.UNKNOWN, True, True)
    assert (second.outcome, second.field_errors) == (Outcome.REJECTED, {"stateName": "is wrong"})


def test_addresses_refused_together_blame_nobody_when_the_list_is_not_aligned():
    client, _ = scripted(answer(422, {"code": 422, "data": {"errMsg": ["one of them is wrong"]}}))
    batch = [location("C1/A", "9"), location("C1/B", "9")]
    results = PLUGIN.load(client, action("location"), batch)
    assert all(r.outcome is Outcome.UNKNOWN and r.answered for r in results)
    assert all("one of them is wrong" in r.detail for r in results)


def test_trouble_in_the_middle_keeps_the_results_before_it():
    client, _ = scripted(answer(200, {"code": 200, "data": {}}), answer(429, b""))
    batch = [location(f"C1/{i}", "9", external_id=str(i)) for i in (1, 2, 3)]
    outcomes = [r.outcome for r in PLUGIN.load(client, action("location"), batch)]
    assert outcomes == [Outcome.UPDATED, Outcome.NOT_SENT, Outcome.NOT_SENT]


@pytest.mark.parametrize("index", ["items.1.sku", "items[1].quantity", "1.sku"])
def test_stock_refused_by_place_parks_that_item_alone(index):
    client, http = scripted(
        answer(422, {"status": 422, "title": "Invalid", "errors": {index: "not found"}}),
        answer(200, {"transaction_id": "x"}),
        answer(422, {"status": 422, "title": "not found", "errors": {}}),
        location_id="1",
    )
    batch = [stock("A", 1), stock("B", 2), stock("C", 3)]
    results = PLUGIN.load(client, action("inventory"), batch)
    assert [r.outcome for r in results] == [Outcome.UNKNOWN, Outcome.REJECTED, Outcome.UNKNOWN]
    assert [i["sku"] for i in http.calls[1][3]["items"]] == ["A", "C"]


def test_stock_refused_without_a_name_is_taken_apart():
    bad = answer(422, {"status": 422, "title": "Unprocessable", "errors": {}})
    client, http = scripted(bad, bad, bad, answer(200, {"transaction_id": "x"}), location_id="1")
    batch = [stock(sku, 1) for sku in "WXYZ"]
    outcomes = [r.outcome for r in PLUGIN.load(client, action("inventory"), batch)]
    assert outcomes == [Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.REJECTED]
    assert len(http.calls) == 5
