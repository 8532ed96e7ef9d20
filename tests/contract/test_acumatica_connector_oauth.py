"""OAuth 2.0: tokens instead of cookies; a refresh token is on disk before anything uses what came."""

import threading

import pytest

from hub.sdk import AuthError, ConfigError, ConnectionTrouble, VirtualClock
from hub.sdk.simulation import serve
from plugins.acumatica import parameters
from plugins.acumatica.client import open_client
from plugins.acumatica.simulator import make_simulator
from tests.contract.acumatica_connector_kit import MemoryState, Scripted, TinyHttp, answer

BASE = "https://erp.test/Site"
TOKEN = "POST /Site/identity/connect/token"
LIST = "GET /Site/entity/Default/24.200.001/Customer"
LOGOUT = "POST /Site/entity/auth/logout"
APPLICATION = {"base_url": BASE, "client_id": "4B2C@Company", "client_secret": "hush-hush"}
BY_PASSWORD = {**APPLICATION, "sign_in": "oauth_password", "username": "hub", "password": "pw-1"}
BY_REFRESH = {**APPLICATION, "sign_in": "oauth_refresh", "refresh_token": "R1"}


def given(number, refresh=""):
    body = {"access_token": f"A{number}", "expires_in": 3600, "token_type": "Bearer"}
    return answer(200, body | ({"refresh_token": refresh} if refresh else {}))


def script(**more):
    return {TOKEN: [given(1)], LIST: [answer(200, [])], LOGOUT: [answer(204)], **more}


def opened(http, state, settings):
    state.users += 1
    return open_client(settings, http, state)


def asked(http):
    return [path.rpartition("/")[2] for _, path, _ in http.calls]


def forms(http):
    return [body for _, path, body in http.calls if path.endswith("/token")]


def test_user_and_password_give_a_token_that_is_signed_out_by_its_last_user():
    http, state = Scripted(script()), MemoryState()
    with opened(http, state, BY_PASSWORD) as client:
        client.rows("Customer", {})
        assert client.session.headers == {"Authorization": "Bearer A1"}
        assert client.session.tenant == "Company"
        assert client.session.cookies == {}
    assert forms(http) == [
        {
            "client_id": "4B2C@Company",
            "client_secret": "hush-hush",
            "grant_type": "password",
            "scope": "api",
            "username": "hub",
            "password": "pw-1",
        }
    ]
    assert asked(http) == ["token", "Customer", "logout"]
    assert state.data is None


def test_a_refresh_token_follows_another_and_the_grant_outlives_every_user():
    http, state = Scripted(script(**{TOKEN: [given(1, "R2"), given(2, "R3")]})), MemoryState()
    with opened(http, state, BY_REFRESH) as client:
        client.rows("Customer", {})
    assert asked(http) == ["token", "Customer"], "never signed out"
    assert state.data["refresh"] == "R2"
    with opened(http, state, BY_REFRESH) as client:
        client.rows("Customer", {})
        client.session.renew("A1")
    assert [form["refresh_token"] for form in forms(http)] == ["R1", "R2"]
    assert state.data["refresh"] == "R3"


def test_the_new_refresh_token_is_stored_before_the_first_call():
    http, state = Scripted(script(**{TOKEN: [given(1, "R2")]})), MemoryState()
    order = []
    save, request = state.save, http.request
    state.save = lambda data: (order.append("stored " + data["refresh"]), save(data))

    def sent(method, url, **more):
        order.append(url.rpartition("/")[2])
        return request(method, url, **more)

    http.request = sent
    with opened(http, state, BY_REFRESH) as client:
        client.rows("Customer", {})
    assert order == ["token", "stored R2", "Customer"]


def test_an_answer_without_another_refresh_token_keeps_the_one_that_was_used():
    http, state = Scripted(script()), MemoryState()
    with opened(http, state, BY_REFRESH):
        pass
    assert state.data["refresh"] == "R1"


def test_two_that_are_refused_at_once_refresh_once():
    http, state = Scripted(script(**{TOKEN: [given(1, "R2"), given(2, "R3")]})), MemoryState()
    first, second = opened(http, state, BY_REFRESH), opened(http, state, BY_REFRESH)
    clients = [first.__enter__(), second.__enter__()]
    workers = [threading.Thread(target=client.session.renew, args=("A1",)) for client in clients]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [form["refresh_token"] for form in forms(http)] == ["R1", "R2"]
    assert {client.session.proof for client in clients} == {"A2"}


def test_a_token_that_is_over_is_replaced_once_and_the_call_goes_on():
    gone = answer(401, {"message": "The token has expired."})
    http = Scripted(script(**{TOKEN: [given(1), given(2)], LIST: [gone, answer(200, [])]}))
    with opened(http, MemoryState(), BY_PASSWORD) as client:
        assert client.rows("Customer", {}) == []
    assert asked(http) == ["token", "Customer", "token", "Customer", "logout"]


@pytest.mark.parametrize(
    ("settings", "status", "body", "kind", "parameter"),
    [
        (BY_PASSWORD, 400, {"error": "invalid_grant"}, AuthError, "password"),
        (BY_REFRESH, 400, {"error": "invalid_grant"}, AuthError, "refresh_token"),
        (BY_PASSWORD, 401, {"error": "invalid_client"}, AuthError, "client_id"),
        (BY_REFRESH, 400, {"error": "unauthorized_client"}, ConfigError, "sign_in"),
        (BY_PASSWORD, 400, {"error": "invalid_scope"}, ConfigError, "sign_in"),
        (BY_PASSWORD, 404, "<html>", ConfigError, "base_url"),
        (BY_PASSWORD, 200, "<html>hello</html>", ConfigError, "base_url"),
        (BY_PASSWORD, 503, "", ConnectionTrouble, None),
    ],
)
def test_a_refusal_names_the_field_and_no_secret(settings, status, body, kind, parameter):
    http = Scripted(script(**{TOKEN: [answer(status, body)]}))
    with pytest.raises(kind) as raised, opened(http, MemoryState(), settings):
        pass
    assert getattr(raised.value, "parameter", None) == parameter
    for secret in ("hush-hush", "pw-1", "R1"):
        assert secret not in str(raised.value)


def test_a_refresh_token_is_not_spent_by_a_test_that_cannot_keep_the_next_one():
    http, state = Scripted(script()), MemoryState()
    state.kept = False
    with pytest.raises(ConfigError, match="not tried before it is saved") as raised:
        opened(http, state, BY_REFRESH).__enter__()
    assert raised.value.parameter == "refresh_token"
    assert http.calls == []


def test_another_refresh_token_entered_by_a_person_counts_and_a_new_secret_does_not():
    http, state = Scripted(script(**{TOKEN: [given(1, "R2"), given(2, "S2")]})), MemoryState()
    with opened(http, state, BY_REFRESH):
        pass
    with opened(http, state, {**BY_REFRESH, "client_secret": "changed"}):
        pass
    assert len(forms(http)) == 1
    with opened(http, state, {**BY_REFRESH, "refresh_token": "S1"}):
        pass
    assert [form["refresh_token"] for form in forms(http)] == ["R1", "S1"]


def test_a_change_from_cookies_to_oauth_signs_the_cookies_out():
    http, state = Scripted(script()), MemoryState()
    state.data = {"cookies": {".ASPXAUTH": "old"}, "mark": "other", "base_url": BASE}
    with opened(http, state, BY_PASSWORD):
        pass
    assert asked(http) == ["logout", "token", "logout"]


def test_the_branch_goes_along_with_each_call():
    http, state = Scripted(script()), MemoryState()
    with opened(http, state, {**BY_PASSWORD, "branch": "SweetLife Store"}) as client:
        assert client.session.headers["PX-CbApiBranch"] == "SweetLife Store"


@pytest.fixture
def site():
    sim = make_simulator(VirtualClock(), 7, customers=8, items=4, quotas=None)
    with serve(sim) as running:
        yield sim, running.url


@pytest.mark.parametrize("way", ["oauth_password", "oauth_refresh"])
def test_the_simulator_gives_a_token_for_an_hour_and_holds_one_seat(site, way):
    sim, url = site
    sim._sign_in = way
    settings, state, http = sim.settings(url), MemoryState(), TinyHttp()
    with opened(http, state, settings) as client:
        assert len(client.rows("Customer", {})) == 8
        sim.clock.advance(3601)
        assert len(client.rows("Customer", {})) == 8
        assert sim.stats_json()["open_signins"] == 1
    assert sim.stats_json()["open_signins"] == (0 if way == "oauth_password" else 1)
    tokens = [call for call in http.calls if call[1].endswith("/token")]
    assert len(tokens) == 2


def test_the_simulator_takes_a_refresh_token_once(site):
    sim, url = site
    sim._sign_in = "oauth_refresh"
    settings = sim.settings(url)
    with opened(TinyHttp(), MemoryState(), settings):
        pass
    with pytest.raises(AuthError) as raised, opened(TinyHttp(), MemoryState(), settings):
        pass
    assert raised.value.parameter == "refresh_token"


def test_each_way_needs_its_own_fields_only():
    from hub.settings.validate import validate

    def missing(way, **more):
        base = {"base_url": "https://erp.example.com/Site", **({"sign_in": way} if way else {})}
        return set(validate(parameters.parameters(), base | more).errors)

    assert missing("") == missing("cookie") == {"username", "password"}
    assert missing("oauth_password") == {"username", "password", "client_id", "client_secret"}
    assert missing("oauth_refresh") == {"client_id", "client_secret", "refresh_token"}
    assert missing("token") == {"sign_in", "username", "password"}
    assert "client_id" in missing("oauth_refresh", client_id="without-tenant")
