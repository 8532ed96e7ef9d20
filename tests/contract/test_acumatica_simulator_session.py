"""Sign-in, licence and the vendor's misbehaviours of the simulated instance."""

import base64
import http.client
import threading
import time

import pytest
import requests
from acumatica_simulator_kit import Caller, signed_in, value

from hub.sdk.simulation import serve
from hub.seams import SystemClock, VirtualClock
from plugins.acumatica.simulator import make_simulator
from plugins.acumatica.simulator.licence import MAX_QUEUE, Licence


@pytest.fixture
def fresh():
    return Caller(make_simulator(VirtualClock(), 7, customers=30, items=10))


@pytest.fixture
def caller():
    return signed_in(customers=30, items=10)


def script(caller, *faults):
    answer = caller.control("PUT", "faults", list(faults))
    assert answer.status == 200, answer.text


def test_a_sign_in_sets_the_vendors_cookies(fresh):
    assert fresh.get("Customer").status == 401
    answer = fresh.login()
    assert (answer.status, answer.text) == (204, "")
    assert {".ASPXAUTH", "ASP.NET_SessionId", "CompanyID", "Locale", "UserBranch"} <= set(
        fresh.cookies
    )
    assert fresh.cookies["CompanyID"] == "Company"
    assert fresh.get("Customer", top=1).status == 200


def test_a_wrong_password_is_a_500_and_locks_after_five(fresh):
    for _ in range(5):
        answer = fresh.login(password="wrong")
        assert answer.status == 500
        assert answer.trouble == "Error: Invalid credentials. Please try again."
    assert "locked" in fresh.login().trouble
    fresh.sim.clock.advance(901)
    assert fresh.login().status == 204


def test_tenants(fresh):
    assert fresh.login(tenant="Nobody").json["exceptionType"].endswith("CompanyException")
    assert fresh.login(company="Company").status == 400
    assert fresh.login(tenant=None, company="Company").status == 204
    assert Caller(fresh.sim).login(tenant="").status == 204
    lone = Caller(make_simulator(VirtualClock(), 7, customers=1, items=1, tenants=("Company",)))
    assert lone.login(tenant="Whatever").status == 204


def test_another_tenant_has_other_records(fresh):
    assert fresh.login(tenant="Training").status == 204
    assert fresh.cookies["CompanyID"] == "Training"
    assert fresh.get("Customer").json == []


def test_the_licence_has_two_seats(fresh):
    callers = [fresh, Caller(fresh.sim), Caller(fresh.sim)]
    assert [c.login().status for c in callers] == [204, 204, 500]
    refused = callers[2].login()
    assert "API Login Limit" in refused.trouble
    assert "CheckApiUsersLimits" in refused.json["stackTrace"]
    assert callers[0].logout().status == 204
    assert callers[0].get("Customer").status == 401
    assert callers[2].login().status == 204
    stats = fresh.control("GET", "stats").json
    assert (stats["open_signins"], stats["max_open_signins"], stats["signins"]) == (2, 2, 3)


def test_an_idle_session_dies_after_ten_minutes(caller):
    caller.sim.clock.advance(599)
    assert caller.get("Customer", top=1).status == 200
    caller.sim.clock.advance(600)
    assert caller.get("Customer", top=1).status == 401
    assert caller.control("GET", "stats").json["open_signins"] == 0


def test_signing_in_again_keeps_the_seat(caller):
    assert caller.login().status == 204
    assert caller.control("GET", "stats").json["open_signins"] == 1


def logout_without_length(running):
    wire = http.client.HTTPConnection(running.host, running.port)
    wire.putrequest("POST", "/entity/auth/logout")
    wire.endheaders()
    status = wire.getresponse().status
    wire.close()
    return status


def test_over_the_wire():
    sim = make_simulator(SystemClock(), 7, customers=3, items=3)
    with serve(sim) as running, requests.Session() as session:
        settings = sim.settings(running.url)
        form = {"name": settings["username"], "password": settings["password"]}
        form["company"] = settings["tenant"]
        assert session.post(running.url + "/entity/auth/login", data=form).status_code == 204
        base = f"{running.url}/entity/Default/{settings['endpoint_version']}"
        answer = session.get(base + "/Customer", params={"$top": 2})
        assert len(answer.json()) == 2
        assert answer.headers["date"].endswith("GMT")
        assert logout_without_length(running) == 411
        assert session.post(running.url + "/entity/auth/logout").status_code == 204
        assert session.get(base + "/Customer").status_code == 401


def test_odata_takes_basic_authentication(fresh):
    settings = fresh.sim.settings("http://x")
    pair = f"{settings['username']}:{settings['password']}".encode()
    target = "/t/Company/api/odata/dac/Terms"
    assert fresh.send("GET", target).status == 401
    good = fresh.send("GET", target, Authorization="Basic " + base64.b64encode(pair).decode())
    assert good.json["value"][0]["TermsID"] == "30D"


def test_leaked_sessions_lock_everybody_out(fresh):
    script(fresh, {"match": "* /", "fault": "leaked_sessions", "count": 2})
    assert "API Login Limit" in fresh.login().trouble
    script(fresh, {"match": "* /", "fault": "leaked_sessions", "count": 1})
    assert fresh.login().status == 204


def test_a_lost_session(caller):
    script(caller, {"match": "GET /entity", "nth": 2, "fault": "session_lost"})
    codes = [caller.get("Customer", top=1).status for _ in range(3)]
    assert codes == [200, 401, 401]


def test_the_429_is_plain_text(caller):
    script(caller, {"match": "GET /entity", "fault": "throttle", "headers": False})
    answer = caller.get("Customer")
    assert answer.status == 429
    assert answer.text == "The custom error module does not recognize this error."
    assert answer.response.header("retry-after") is None
    script(caller, {"match": "GET /entity", "fault": "throttle"})
    assert caller.get("Customer").response.header("retry-after") == "60"
    script(caller)
    caller.get("Customer", top=1)
    assert caller.control("GET", "stats").json["refused_while_waiting"] == 1


def test_the_licence_slows_down_before_it_refuses():
    caller = signed_in(customers=1, items=1, per_minute=10)
    clock = caller.sim.clock
    for _ in range(4):
        caller.get("Customer")
    assert clock.monotonic() == 0
    start = clock.monotonic()
    for _ in range(10):
        assert caller.get("Customer").status == 200
    assert clock.monotonic() - start >= 60


def test_requests_queue_behind_the_cores_and_only_then_are_declined():
    licence = Licence(VirtualClock(), None, concurrent=1)
    assert licence.enter() is None
    served = []

    def one():
        if licence.enter() is None:
            served.append(1)
            licence.leave()

    waiting = [threading.Thread(target=one, daemon=True) for _ in range(MAX_QUEUE + 1)]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 5
    while licence.queued <= MAX_QUEUE and time.monotonic() < deadline:
        time.sleep(0.01)
    declined = licence.enter()
    assert declined is not None
    assert declined.status == 429
    licence.leave()
    for thread in waiting:
        thread.join(5)
    assert len(served) == MAX_QUEUE + 1


def test_contacts_of_nobody_and_of_vendors():
    caller = signed_in(customers=2, items=1, stray_contacts=4)
    rows = caller.get("Contact", filter="endswith(Email, 'fair.example.com')").json
    assert [value(r, "BusinessAccount") for r in rows] == [None, "V000001", None, "V000003"]


def test_a_list_with_expand_that_cannot_be_optimised(caller):
    script(caller, {"match": "GET /entity", "fault": "optimization"})
    assert "BQL delegate" in caller.get("Customer", expand="MainContact").trouble
    assert caller.get("Customer", select="CustomerID").status == 200
    assert caller.get("Customer/C000001", expand="MainContact").status == 200


def test_an_expanded_entity_that_is_empty_on_lists(caller):
    script(caller, {"match": "GET /entity", "fault": "empty_expand", "field": "MainContact"})
    listed = caller.get("Customer", filter="CustomerID eq 'C000001'", expand="MainContact").json[0]
    assert listed["MainContact"]["Email"] == {}
    assert value(caller.get("Customer/C000001", expand="MainContact").json, "MainContact/Email")


def test_lists_in_another_order_each_time(caller):
    script(caller, {"match": "GET /entity", "fault": "shuffle"})
    one, other = caller.keys(), caller.keys()
    assert one != other
    assert sorted(one) == sorted(other)


def test_any_condition_over_two_views_may_come_back_empty(caller):
    both = "CustomerID eq 'C000001' and MainContact/CompanyName ne 'x'"
    assert caller.keys(filter=both) == ["C000001"]
    script(caller, {"match": "GET /entity", "fault": "cross_view"})
    assert caller.keys(filter=both) == []


def test_a_late_commit_carries_the_stamp_of_its_start(caller):
    script(caller, {"match": "* /", "fault": "late_commit", "seconds": 40})
    start = caller.sim.clock.now().isoformat()
    caller.control("PUT", "rows/Customer/C000001", {"Terms": "2P10N30"})
    caller.sim.clock.advance(39)
    early = caller.get("Customer/C000001").json
    assert value(early, "Terms") != "2P10N30"
    assert value(early, "LastModifiedDateTime") < start
    caller.sim.clock.advance(1)
    late = caller.get("Customer/C000001").json
    assert (value(late, "Terms"), value(late, "LastModifiedDateTime")) == ("2P10N30", start)


def test_a_restarting_site(caller):
    script(caller, {"match": "* /entity", "fault": "recycle"})
    first, second = caller.get("Customer"), caller.get("Customer")
    assert (first.status, second.status) == (503, 302)
    assert second.response.header("location") == "/ui/error"


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("html_login", 200, "<form"),
        ("redirect_login", 302, ""),
        ("forbidden", 403, "insufficient rights"),
        ("setup_missing", 500, "PXSetupNotEnteredException"),
        ("lock_error", 500, "Another process has updated"),
        ("deadlock", 500, "deadlock victim"),
        ("save_rejected", 500, "OutcomeEntityHasErrorsException"),
    ],
)
def test_stated_faults(caller, fault, status, words):
    script(caller, {"match": "* /entity", "fault": fault})
    answer = caller.get("Customer")
    assert answer.status == status
    assert words in answer.text


def test_the_sign_in_lands_elsewhere_or_nowhere(fresh):
    script(fresh, {"match": "POST /entity/auth", "fault": "wrong_tenant"})
    assert fresh.login().status == 204
    assert fresh.cookies["CompanyID"] == "Training"
    assert fresh.get("Customer").json == []
    script(fresh, {"match": "POST /entity/auth", "fault": "tenant_missing"})
    assert "PXUndefinedCompanyException" in fresh.login().text


def test_a_missing_inquiry(caller):
    script(caller, {"match": "PUT /entity", "fault": "no_storage_details"})
    assert caller.put("StorageDetailsInquiry", {}).status == 404


def test_a_write_that_is_not_kept(caller):
    body = {"CustomerID": {"value": "C000001"}, "Terms": {"value": "2P10N30"}}
    script(caller, {"match": "PUT /entity", "fault": "not_stored"})
    assert caller.put("Customer", body).status == 200
    assert value(caller.get("Customer/C000001").json, "Terms") != "2P10N30"
    script(caller, {"match": "PUT /entity", "fault": "drop_field", "field": "Terms"})
    assert caller.put("Customer", body).status == 200
    assert value(caller.get("Customer/C000001").json, "Terms") != "2P10N30"


def test_a_search_that_lags_behind(caller):
    script(caller, {"match": "* /", "fault": "index_lag", "seconds": 30})
    made = caller.put("Customer", {"CustomerName": {"value": "Just made"}}).json
    assert caller.keys(filter="CustomerName eq 'Just made'") == []
    caller.sim.clock.advance(31)
    assert caller.keys(filter="CustomerName eq 'Just made'") == [value(made, "CustomerID")]
