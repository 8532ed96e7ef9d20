"""Connectors, connection, initialization, common configuration and plugins, over real simulators."""

import pytest
from configuration_kit import KEY, running_hub, text_of

from hub.store.tables import Connection, Connector

URL = f"/connectors/{KEY}"
ERP = f"/connections/{KEY}-acumatica"


@pytest.fixture
def hub(tmp_path):
    with running_hub(tmp_path) as made:
        yield made


def test_an_empty_hub_offers_the_way_in(hub):
    assert "Connect my systems" in hub.page("/connectors")


def test_the_list_says_what_each_needs_and_filters(hub):
    hub.create()
    page = text_of(hub.client.get("/connectors"))
    assert "Being set up" in page
    assert "1 is being set up" in page
    assert f"{KEY}-bigcommerce" in page
    assert "No connector matches" in hub.page("/connectors?q=nothing-like-it")


def test_pause_resume_and_deactivate(hub):
    hub.create()
    hub.submit(URL, {"active": "1"})
    hub.submit(f"{URL}/pause", page="/connectors")
    assert "1 is paused" in hub.page("/connectors")
    hub.submit(f"{URL}/resume", page="/connectors")
    assert "Paused" not in text_of(hub.client.get(URL))
    hub.submit(f"{URL}/deactivate", {"how": "off"})
    with hub.runtime.read() as session:
        assert session.query(Connector).one().active is False


def test_delete_needs_the_typed_id_and_says_what_stays(hub):
    hub.create()
    page = text_of(hub.client.get(f"{URL}/delete"))
    assert "4 syncs" in page
    assert "Both connections stay" in page
    wrong = hub.submit(f"{URL}/delete", {"typed": "b2b"})
    assert wrong.status_code == 422
    assert f"Type {KEY} to delete this connector." in text_of(wrong)
    assert hub.submit(f"{URL}/delete", {"typed": KEY}).status_code == 303
    with hub.runtime.read() as session:
        assert session.query(Connector).count() == 0
        assert session.query(Connection).count() == 2
    assert hub.submit(f"{ERP}/delete", {"typed": f"{KEY}-acumatica"}).status_code == 303


def test_a_viewer_reads_and_an_operator_pauses(hub):
    hub.create()
    hub.submit(URL, {"active": "1"})
    viewer = hub.signed_in("vi@example.com", "viewer")
    page = hub.page(URL, viewer)
    assert "Save" not in page[page.index("<main") : page.index("</main")].replace("Saved", "")
    assert viewer.get("/new-connector").status_code == 403
    assert viewer.post(f"{URL}/pause").status_code in (400, 403)
    operator = hub.signed_in("op@example.com", "operator")
    assert hub.submit(f"{URL}/pause", page="/connectors", client=operator).status_code == 303
    assert hub.submit(URL, {"name": "x"}, page="/connectors", client=operator).status_code == 403


def test_connection_page_shows_state_quota_and_secrets_masked(hub):
    hub.create()
    answer = hub.submit(f"{ERP}/test", page=ERP)
    page = hub.page(answer.location)
    assert "Signed in as tenant" in page
    assert "Connected" in page
    assert hub.erp.settings("")["password"] not in page
    assert "Calls pass" in page
    assert "Connection created" in page


def test_an_open_circuit_is_shown_and_tried_by_hand(hub):
    hub.create()
    hub.erp_server.stop()
    ident = 0
    with hub.runtime.read() as session:
        ident = session.query(Connection).filter_by(key=f"{KEY}-acumatica").one().id
    for _ in range(6):
        hub.runtime.lookups.read(ident, "warehouses", fresh=True)
    page = hub.page(ERP)
    assert "Reading is closed" in page
    assert hub.submit(f"{ERP}/try-now", page=ERP).status_code == 303


def test_initialization_failure_has_cause_and_remedy(hub):
    hub.create(store__erp_id_field="Nowhere")
    answer = hub.submit(f"{URL}/initialize", page=f"{URL}/initialization")
    page = text_of(hub.client.get(answer.location))
    assert "cannot be activated yet" in page
    assert "Nowhere" in page
    assert "failed" in page


def test_common_configuration_says_what_stops_and_switches_off(hub):
    hub.create()
    page = hub.page("/common")
    assert "Saving stops Inventory Sync in Wholesale US." in page
    answer = hub.submit("/common", {"action_types": ["customer"], "time_zone": "Europe/Berlin"})
    assert answer.status_code == 303, text_of(answer)
    from hub.settings import Settings

    settings = Settings(hub.runtime.context)
    assert settings.common()["time_zone"] == "Europe/Berlin"
    assert "off in Common configuration" in settings.why_off(1, "inventory")
    wrong = hub.submit("/common", {"retention_days": "0", "time_zone": "Mars"})
    assert wrong.status_code == 422
    assert "Keep the log for must be between 1 and 3650" in text_of(wrong)
    assert "must be a time zone like" in text_of(wrong)


def test_common_defaults_start_new_connectors(hub):
    hub.submit("/common", {"defaults.messages.retry_count": "9", "defaults.logging.warning": "1"})
    page = hub.new_page()
    assert 'name="messages.retry_count"' in page
    hub.create()
    assert hub.flat()["messages.retry_count"] == 9
    assert hub.flat()["logging.warning"] is True


def test_plugins_lists_what_is_installed_and_the_command(hub):
    page = text_of(hub.client.get("/plugins"))
    assert "Acumatica" in page
    assert "BigCommerce" in page
    assert "pip install hub-connector-NAME" in page


def test_plugins_show_the_quality_that_their_packages_state(hub, monkeypatch):
    page = text_of(hub.client.get("/plugins"))
    assert page.count("Gold") == 2
    assert "rules kept" in page
    assert "of version" not in page
    monkeypatch.setattr("hub.web.views.plugins.read_quality", lambda _module: None)
    assert text_of(hub.client.get("/plugins")).count("Not stated") == 2


def test_a_quarantined_plugin_stands_with_its_reason(tmp_path):
    from hub.registry import Registry

    with running_hub(tmp_path) as hub:
        hub.runtime.registry.found |= Registry({"broken": "no_such_module_here"}).found
        page = text_of(hub.client.get("/plugins"))
    assert "broken is quarantined" in page
    assert "no_such_module_here" in page


def test_a_refused_sign_in_is_shown_and_goes_on_once_mended_on_the_page(hub):
    hub.create(erp__password="not-the-password")
    answer = hub.submit(URL, {"active": "1"})
    assert answer.location.endswith("/initialization")
    assert "refused the sign-in" in hub.page(answer.location)
    assert "<span>Needs sign-in</span>" in hub.page("/connectors")
    assert "The sign-in was refused." in hub.page(ERP)
    answer = hub.submit(URL, {"erp.password": hub.typed["erp.password"], "active": "1"})
    assert answer.location.endswith(URL)
    assert "is on" in hub.page(answer.location)
    assert "<span>Needs sign-in</span>" not in hub.page("/connectors")


def test_the_look_up_works_as_a_page(hub):
    hub.create()
    page = text_of(hub.client.get("/look-up-connector"))
    assert "B2B-US" in page
    assert "Being set up" in page


def test_a_connector_whose_plugin_is_lost_says_so(hub):
    hub.create()
    kept = hub.runtime.registry.found.pop("acumatica")
    try:
        page = text_of(hub.client.get(URL))
        assert "The plugin acumatica is not usable now." in page
        assert hub.client.get("/connectors").status_code == 200
        assert hub.client.get(ERP).status_code == 200
        assert hub.client.get(f"{URL}/initialization").status_code == 200
    finally:
        hub.runtime.registry.found["acumatica"] = kept
