"""The legacy B2B sign-in: a user's token, shared, renewed once, never beside the store hash."""

import pytest

from hub.sdk import AuthError, ConnectionTrouble, Outcome
from tests.contract.acumatica_connector_kit import MemoryState
from tests.contract.bigcommerce_connector_kit import PLUGIN, SETTINGS, Scripted, answer, customer

USER = {
    **SETTINGS,
    "b2b_sign_in": "account",
    "b2b_email": "backend@example.com",
    "b2b_password": "pw-1",
}


class Noted(Scripted):
    """Also remembers the headers of each call."""

    def __init__(self, *answers):
        super().__init__(*answers)
        self.headers = []

    def request(self, method, url, *, headers=None, **more):
        self.headers.append(dict(headers or {}))
        return super().request(method, url, **more)


def token(number):
    return answer(200, {"code": 200, "data": {"token": f"T{number}"}, "meta": {}})


def companies():
    return answer(200, {"code": 200, "data": [], "meta": {"pagination": {"totalCount": 0}}})


def opened(http, state, settings=USER):
    state.users += 1
    return PLUGIN.open_client(settings, http, state)


def test_a_user_signs_in_once_for_all_and_the_core_api_keeps_the_access_token():
    http, state = Noted(token(1), companies()), MemoryState()
    with opened(http, state) as client:
        client.read("b2b", "/companies")
        client.read("core", "/v2/time")
    with opened(http, state) as client:
        client.read("b2b", "/companies")
    assert [path for _, path, _, _ in http.calls].count("/api/io/auth/backend") == 1
    assert http.calls[0][3] == {
        "storeHash": SETTINGS["store_hash"],
        "email": "backend@example.com",
        "password": "pw-1",
        "name": "Integration Hub",
    }
    b2b, core = http.headers[1], http.headers[2]
    assert b2b["authToken"] == "T1"
    assert {"X-Store-Hash", "X-Auth-Token"}.isdisjoint(b2b)
    assert core["X-Auth-Token"] == SETTINGS["access_token"]
    assert "authToken" not in core


def test_a_token_that_is_over_is_renewed_once_and_the_write_goes_on():
    gone = answer(401, {"code": 401, "data": {}, "meta": {"message": "Unauthorized"}})
    made = answer(200, {"code": 200, "data": {"companyId": 7}, "meta": {}})
    http, state = Noted(token(1), gone, token(2), made), MemoryState()
    with opened(http, state) as client:
        (result,) = PLUGIN.load(client, PLUGIN.actions["load:customer"], [customer("C1")])
    assert (result.outcome, result.external_id) == (Outcome.CREATED, "7")
    assert state.data["token"] == "T2"


def test_a_token_that_is_refused_again_names_the_password():
    gone = answer(401, {"code": 401, "data": {}, "meta": {"message": "Unauthorized"}})
    http = Noted(token(1), gone, token(2), gone)
    with opened(http, MemoryState()) as client, pytest.raises(AuthError) as raised:
        client.read("b2b", "/companies")
    assert raised.value.parameter == "b2b_password"
    assert len(http.calls) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_a_refused_user_names_the_password_and_shows_no_secret(status):
    http = Noted(answer(status, {"code": status, "data": {}, "meta": {"message": "No"}}))
    with pytest.raises(AuthError) as raised, opened(http, MemoryState()):
        pass
    assert raised.value.parameter == "b2b_password"
    assert "pw-1" not in str(raised.value)


@pytest.mark.parametrize("body", [b"", b"<html>", {"code": 200, "data": {}, "meta": {}}])
def test_an_answer_without_a_token_is_trouble(body):
    with pytest.raises(ConnectionTrouble), opened(Noted(answer(200, body)), MemoryState()):
        pass


def test_the_simulator_knows_both_ways(open_store):
    store = open_store()
    store.sim._b2b_sign_in = "account"
    settings = store.sim.settings(store.running.url)
    with opened(store.http, MemoryState(), settings) as client:
        (result,) = PLUGIN.load(client, PLUGIN.actions["load:customer"], [customer("C1")])
        assert result.outcome is Outcome.CREATED
    both = {"authToken": "simulated-b2b-user-token-0001", "X-Store-Hash": "k3xq9vw2tp"}
    assert store.sim.call("GET", "/api/v3/io/companies", both).status == 500
    wrong = {**settings, "b2b_password": "wrong"}
    with pytest.raises(AuthError), opened(store.http, MemoryState(), wrong):
        pass
