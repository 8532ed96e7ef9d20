"""One session per connection: reused, renewed once, signed out always, in the right tenant."""

import pytest

from hub.sdk import AuthError, ConfigError, ConnectionTrouble
from plugins.acumatica.client import open_client
from tests.contract.acumatica_connector_kit import MemoryState, Scripted, answer

BASE = "https://erp.test/Site"
LOGIN = "POST /Site/entity/auth/login"
LOGOUT = "POST /Site/entity/auth/logout"
LIST = "GET /Site/entity/Default/24.200.001/Customer"
SETTINGS = {
    "base_url": BASE + "/",
    "tenant": "Company",
    "branch": "HQ",
    "username": "hub",
    "password": "pw-1",
}


def signed_in(number: int = 1, tenant: str = "Company"):
    return answer(204, cookies={".ASPXAUTH": f"t{number}", "CompanyID": tenant})


def script(**more):
    found = {LOGIN: [signed_in()], LOGOUT: [answer(204)], LIST: [answer(200, [])]}
    return found | more


def opened(http, state, settings=None):
    state.users += 1
    return open_client(settings or SETTINGS, http, state)


def asked(http) -> list[str]:
    return [path.rpartition("/")[2] for _, path, _ in http.calls]


def test_signs_in_with_tenant_and_branch_and_out_at_the_end():
    http, state = Scripted(script()), MemoryState()
    with opened(http, state) as client:
        client.rows("Customer", {})
        assert state.data["cookies"][".ASPXAUTH"] == "t1"
    assert http.calls[0][2] == {
        "name": "hub",
        "password": "pw-1",
        "tenant": "Company",
        "branch": "HQ",
    }
    assert asked(http) == ["login", "Customer", "logout"]
    assert state.data is None
    assert "pw-1" not in repr(state.data)


def test_signs_out_after_an_error_too():
    http, state = Scripted(script()), MemoryState()
    with pytest.raises(KeyError), opened(http, state):
        raise KeyError
    assert asked(http) == ["login", "logout"]


def test_one_session_serves_several_users_and_the_last_signs_out():
    http, state = Scripted(script()), MemoryState()
    with opened(http, state) as first:
        with opened(http, state) as second:
            assert second.session.cookies == first.session.cookies
        assert asked(http) == ["login"]
        assert state.data is not None
    assert asked(http) == ["login", "logout"]


def test_a_session_left_by_a_killed_process_is_taken_up():
    http, state = Scripted(script()), MemoryState()
    killed = opened(http, state)
    killed.__enter__()
    state.users = 0
    with opened(http, state) as client:
        client.rows("Customer", {})
    assert asked(http) == ["login", "Customer", "logout"]


def test_changed_sign_in_values_end_the_old_session():
    http, state = Scripted(script(**{LOGIN: [signed_in(1), signed_in(2)]})), MemoryState()
    killed = opened(http, state)
    killed.__enter__()
    with opened(http, state, {**SETTINGS, "branch": "WEST"}) as client:
        assert client.session.cookies[".ASPXAUTH"] == "t2"
    assert asked(http)[:3] == ["login", "logout", "login"]


def test_a_lost_session_is_renewed_once_and_saved():
    lost = {LOGIN: [signed_in(1), signed_in(2)], LIST: [answer(401), answer(200, [])]}
    http, state = Scripted(script(**lost)), MemoryState()
    with opened(http, state) as client:
        assert client.rows("Customer", {}) == []
        assert state.data["cookies"][".ASPXAUTH"] == "t2"
    assert asked(http) == ["login", "Customer", "login", "Customer", "logout"]


def test_a_second_401_needs_a_person():
    http, state = Scripted(script(**{LIST: [answer(401)]})), MemoryState()
    with pytest.raises(AuthError), opened(http, state) as client:
        client.rows("Customer", {})
    assert asked(http) == ["login", "Customer", "login", "Customer", "logout"]


def test_a_session_that_another_process_renewed_is_used_without_a_sign_in():
    http, state = Scripted(script(**{LIST: [answer(401), answer(200, [])]})), MemoryState()
    with opened(http, state) as client:
        state.save({**state.data, "cookies": {".ASPXAUTH": "theirs"}})
        client.rows("Customer", {})
        assert client.session.cookies == {".ASPXAUTH": "theirs"}
    assert asked(http) == ["login", "Customer", "Customer", "logout"]


def test_wrong_password_is_tried_once():
    body = {"exceptionMessage": "Error: Invalid credentials. Please try again."}
    http, state = Scripted(script(**{LOGIN: [answer(500, body)]})), MemoryState()
    with pytest.raises(AuthError) as caught, opened(http, state):
        pass
    assert caught.value.parameter == "password"
    assert asked(http) == ["login"]


def test_another_tenant_is_refused_and_signed_out_of():
    http, state = Scripted(script(**{LOGIN: [signed_in(1, "Training")]})), MemoryState()
    with pytest.raises(AuthError) as caught, opened(http, state):
        pass
    assert caught.value.parameter == "tenant"
    assert "tenant Training, not to Company" in str(caught.value)
    assert asked(http) == ["login", "logout", "login", "logout"]
    assert state.data is None


def test_an_older_server_that_reads_company_gets_it():
    logins = {LOGIN: [signed_in(1, "Default"), signed_in(2, "COMPANY")]}
    http, state = Scripted(script(**logins)), MemoryState()
    with opened(http, state):
        pass
    bodies = [body for _, path, body in http.calls if path.endswith("login")]
    assert [set(body) & {"tenant", "company"} for body in bodies] == [{"tenant"}, {"company"}]


def test_a_server_that_takes_forms_only_gets_one():
    http, state = Scripted(script(**{LOGIN: [answer(415), signed_in()]})), MemoryState()
    with opened(http, state) as client:
        assert client.session.tenant == "Company"


def test_a_moved_instance_is_named_and_not_followed():
    moved = answer(
        301, url=f"{BASE}/entity/auth/login", location="https://new.test/Erp/Site/entity/auth/login"
    )
    http, state = Scripted(script(**{LOGIN: [moved]})), MemoryState()
    with pytest.raises(ConfigError) as caught, opened(http, state):
        pass
    assert caught.value.parameter == "base_url"
    assert len(http.calls) == 1


def test_a_failed_sign_out_keeps_the_session_for_the_next_use():
    http, state = Scripted(script(**{LOGOUT: [ConnectionTrouble("down")]})), MemoryState()
    with opened(http, state):
        pass
    assert state.data["cookies"][".ASPXAUTH"] == "t1"


def test_the_session_that_is_saved_is_signed_out_not_an_older_one():
    http, state = Scripted(script()), MemoryState()
    with opened(http, state):
        state.save({**state.data, "cookies": {".ASPXAUTH": "renewed by another process"}})
    assert http.cookies[-1] == {".ASPXAUTH": "renewed by another process"}
    assert asked(http) == ["login", "logout"]
