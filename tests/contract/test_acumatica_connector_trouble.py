"""What an operator sees when something is wrong on the way: sign-in, tenant, licence, checks."""

import pytest

from hub.sdk import AuthError, ConfigError, ConnectionTrouble, RateLimited
from tests.contract.acumatica_connector_kit import PLUGIN, Site, action


@pytest.fixture
def site():
    found = Site()
    yield found
    found.running.stop()


FLOWS = ["customer", "location", "contact", "inventory"]


def statuses(client) -> dict[str, str]:
    return {check.activity: check.status for check in PLUGIN.checks(client, FLOWS)}


@pytest.mark.parametrize(
    ("settings", "kind", "parameter"),
    [
        ({"password": "wrong"}, AuthError, "password"),
        ({"tenant": "Nowhere"}, AuthError, "tenant"),
        ({"username": "nobody"}, AuthError, "password"),
    ],
)
def test_wrong_sign_in_values_land_on_their_field(site, settings, kind, parameter):
    with pytest.raises(kind) as caught, site.client(**settings):
        pass
    assert caught.value.parameter == parameter
    assert len(site.http.calls) == 1


def test_a_wrong_site_name_lands_on_the_address(site):
    with (
        pytest.raises(ConfigError) as caught,
        site.client(base_url=site.settings["base_url"] + "/NoSuchSite"),
    ):
        pass
    assert caught.value.parameter == "base_url"


def test_a_silently_wrong_tenant_is_caught(site):
    site.fault("wrong_tenant", match="POST /entity/auth/login")
    with pytest.raises(AuthError) as caught, site.client():
        pass
    assert caught.value.parameter == "tenant"
    assert site.sim.stats_json()["open_signins"] == 0


def test_a_wrong_endpoint_version_tells_which_there_are(site):
    with site.client(endpoint_version="99.100.001") as client:
        with pytest.raises(ConfigError) as caught:
            PLUGIN.test_connection(client)
        assert caught.value.parameter == "endpoint_version"
        assert "24.200.001" in str(caught.value)
        with pytest.raises(ConfigError) as caught:
            site.read(client, "customer")
        assert caught.value.parameter == "endpoint_version"


def test_connection_test_and_health_tell_version_and_tenant(site):
    with site.client() as client:
        probe = PLUGIN.test_connection(client)
        assert probe.ok
        assert "Company" in probe.detail
        assert probe.server.startswith("Acumatica 25.")
        assert PLUGIN.health(client).metrics["Endpoint"] == "24.200.001"


def test_the_session_limit_waits_minutes(site):
    site.fault("leaked_sessions", match="POST /entity/auth/login", count=2)
    with pytest.raises(ConnectionTrouble) as caught, site.client():
        pass
    assert caught.value.retry_after >= 60
    assert "API Login Limit" in str(caught.value)


def test_a_lost_session_is_renewed_in_mid_reading(site):
    site.fault("session_lost", nth=1)
    with site.client() as client:
        assert len(site.read(client, "customer")[0]) == 40
    assert [c[1] for c in site.http.calls].count("/entity/auth/login") == 2
    assert site.sim.stats_json()["open_signins"] == 0


@pytest.mark.parametrize("fault", ["recycle", "html_login", "html"])
def test_web_pages_instead_of_data_are_trouble_not_an_empty_list(site, fault):
    with site.client() as client:
        site.fault(fault)
        with pytest.raises(ConnectionTrouble):
            site.read(client, "customer")


def test_a_cut_answer_is_trouble_not_a_short_list(site):
    with site.client() as client:
        site.fault("truncate")
        for key in ("customer", "location"):
            with pytest.raises(ConnectionTrouble):
                site.read(client, key)


def test_throttling_closes_the_gate_for_as_long_as_stated(site):
    with site.client() as client:
        site.fault("throttle")
        with pytest.raises(RateLimited):
            site.read(client, "contact")


def test_missing_rights_name_the_role(site):
    with site.client() as client:
        site.fault("forbidden", match="GET /entity/Default/24.200.001/Contact")
        with pytest.raises(ConfigError, match="role"):
            site.read(client, "contact")
        rows = statuses(client)
    assert rows["Read Contact"] == "failed"
    assert rows["Read Customer"] == "passed"


def test_an_outage_of_the_main_contact_reading_is_no_silence(site):
    with site.client() as client:
        site.fault("status", code=503)
        with pytest.raises(ConnectionTrouble):
            site.read(client, "customer", partition="main_contact", since=site.clock.now())


def test_a_main_contact_stamp_that_cannot_be_asked_for_moves_no_cursor(site):
    with site.client() as client:
        match = "GET /entity/Default/24.200.001/Customer?"
        site.fault("deadlock", match=match, nth=1)
        window = {"partition": "main_contact", "since": site.clock.now()}
        assert site.read(client, "customer", **window) == ([], None)


def test_all_checks_pass_on_a_healthy_instance(site):
    with site.client() as client:
        rows = statuses(client)
    clock = rows.pop("Server clock")
    assert clock in {"passed", "note"}
    assert set(rows.values()) == {"passed"}
    assert len(rows) == 9


def test_checks_tell_of_the_slow_way_for_stock():
    site = Site(customers=2, items=3, storage_details=False)
    with site.client() as client:
        rows = {check.activity: check for check in PLUGIN.checks(client, ["inventory"])}
    site.running.stop()
    assert rows["Read StorageDetailsInquiry"].status == "note"
    assert "one request per stock item" in rows["Read StorageDetailsInquiry"].detail
    assert rows["Read StockItem"].status == "passed"


def test_lookups_are_live_and_filtered_by_what_is_typed(site):
    with site.client() as client:
        classes = {c["ClassID"]["value"] for c in site.sim.rows("CustomerClass")}
        assert {c.value for c in PLUGIN.lookup(client, "customer_classes")} == classes
        assert {c.value for c in PLUGIN.lookup(client, "customer_classes", "deal")} == {"DEALER"}
        assert {"EAST", "WHOLESALE"} <= {c.value for c in PLUGIN.lookup(client, "warehouses")}
        assert "WHOLESALE" in {c.value for c in PLUGIN.lookup(client, "price_classes")}
        assert {c.value for c in PLUGIN.lookup(client, "branches")} == {"MAIN", "WEST"}
        assert PLUGIN.lookup(client, "no_such_list") == []


def test_order_types_fall_back_to_the_predefined_ones_and_say_so(site):
    with site.client() as client:
        live = PLUGIN.lookup(client, "order_types")
        assert "SO" in {c.value for c in live}
        assert not any(c.note for c in live)
        for code in (401, 404, 403):
            site.fault("status", match="GET /t/", code=code)
            fallen = PLUGIN.lookup(client, "order_types")
            assert {"SO", "QT"} <= {c.value for c in fallen}
            assert all("predefined" in c.note for c in fallen)
    assert [c[1] for c in site.http.calls].count("/entity/auth/login") == 1


def test_quota_follows_the_licence_settings():
    spec = PLUGIN.quotas({"requests_per_minute": 60, "concurrent_requests": 1})[0]
    assert (spec.calls, spec.seconds, spec.concurrent) == (60, 60.0, 1)
    assert PLUGIN.quotas({})[0].concurrent == 2


def test_flows_hang_together():
    assert [PLUGIN.actions[f"extract:{key}"].label for key in FLOWS] == [
        "Customer Sync",
        "Location Sync",
        "Contact Sync",
        "Inventory Sync",
    ]
    assert action("location").needs == ("customer",)
    assert action("contact").endpoint == "{base_url}/entity/Default/{endpoint_version}/Contact"
