"""The Connector Configuration page without script, over real simulators."""

import json

import pytest
from configuration_kit import KEY, form_items, running_hub, text_of

GIVEN = [
    "Connector ID", "Name", "Active", "Connector Plugin", "Customer Sync Preferences",
    "Customer Class", "Include Location in Data Retrieval", "Include Contacts in Data Retrieval",
    "Inventory Sync Preferences", "Warehouses Management", "Sync Qty.", "Order Sync Preferences",
    "Order Types To (sync)", "Sync Orders only for enabled customers",
    "Sync Order if at least one shipment is confirmed",
    "Orders with Unpaid Balance for Sync changes to Zero", "Shipment Sync Trigger",
    "On shipment confirmation", "On invoice release", "Message Processing Settings",
    "Retry Count", "Retry Interval", "Enable Batch Mode", "Threshold Count", "Batch Count",
    "Plugin Parameters", "Logging", "Info", "Error", "Warning", "Debug", "Enable Features",
    "Endpoint URL",
]  # fmt: skip


@pytest.fixture
def hub(tmp_path):
    with running_hub(tmp_path) as made:
        yield made


def test_every_given_row_stands_in_the_given_order(hub):
    page = hub.new_page()
    main = page[page.index("<main") :]
    places = []
    at = main.index('id="general"')
    for label in GIVEN:
        at = main.find(f">{label}", at)
        assert at > 0, f"{label} is missing or not in its place"
        places.append(at)
    for heading in ("ID</th>", "Description</th>", "Value</th>", "Entity URL</th>"):
        assert heading in main
    assert "tried over about 1 h 15 min" in main
    assert "Used by Sales Order Export, a later sync." in main


def test_a_new_connector_shows_general_alone_and_says_what_is_needed(hub):
    page = hub.page("/new-connector")
    assert "Ten more sections follow from the plugins" in page
    assert 'id="customer_sync"' not in page
    assert "Still needed" in page
    answer = hub.submit("/new-connector", {"key": "", "name": "x"})
    assert answer.status_code == 422
    said = text_of(answer)
    assert "Connector ID is needed" in said
    assert "ERP plugin is needed" in said


def test_each_wrong_value_is_named_at_its_field_and_nothing_is_saved(hub):
    page = hub.new_page()
    wrong = hub.values(messages__retry_count="80", erp__base_url="erp", store__store_hash="")
    answer = hub.submit("/new-connector", wrong, page=page)
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="f-messages-retry_count-err"' in shown
    assert "Retry Count must be between 0 and 50. You entered 80." in text_of(answer)
    assert 'id="f-erp-base_url-err"' in shown
    assert "Store hash is needed" in text_of(answer)
    assert dict(form_items(shown))["messages.retry_count"] == "80"
    assert "There is none yet" in hub.page("/connectors")


def test_a_typed_secret_survives_a_failed_save_and_is_never_sent_back(hub):
    secret = hub.values()["erp.password"]
    answer = hub.submit(
        "/new-connector", hub.values(messages__retry_count="x"), page=hub.new_page()
    )
    page = answer.get_data(as_text=True)
    assert secret not in page
    assert "Replaced, not saved yet" in page
    again = hub.submit("/new-connector", {"messages.retry_count": "5"}, page=page)
    assert again.status_code == 303, text_of(again)
    test = hub.submit(f"/connections/{KEY}-acumatica/test", page=f"/connections/{KEY}-acumatica")
    assert "Signed in" in hub.page(test.location)


def test_a_test_runs_on_unsaved_values_and_lands_on_the_field(hub):
    page = hub.new_page()
    for change, ident, words in (
        ({"erp.base_url": "http://127.0.0.1:9/x"}, "f-erp-base_url", "refused the connection"),
        ({"erp.tenant": "Wrong"}, "f-erp-tenant", "does not know the tenant Wrong"),
        ({"erp.password": "not-the-password"}, "f-erp-password", "refused the sign-in"),
        ({"store.access_token": "not-the-token"}, "f-store-access_token", "the token is not valid"),
    ):
        answer = hub.submit("/configuration/test", hub.values() | change, page=page)
        assert answer.status_code == 422
        assert f'id="{ident}-err"' in answer.get_data(as_text=True), change
        assert words in text_of(answer)
        assert "Nothing was saved" in text_of(answer)
    good = hub.submit("/configuration/test", hub.values(), page=page)
    assert good.status_code == 200
    assert "KEYACCT" in good.get_data(as_text=True), "the classes are read after a good test"


def test_saving_with_active_off_then_checks_then_on(hub):
    hub.create()
    page = hub.page(f"/connectors/{KEY}")
    assert "Being set up" in page
    answer = hub.submit(f"/connectors/{KEY}", {"active": "1"})
    assert answer.location.endswith(f"/connectors/{KEY}")
    assert "is on" in hub.page(answer.location)
    assert "Running" in hub.page("/connectors")


def test_active_stays_off_with_the_remedy_while_a_check_fails(hub):
    hub.create(store__erp_id_field="No such field")
    answer = hub.submit(f"/connectors/{KEY}", {"active": "1"})
    assert answer.location.endswith("/initialization")
    page = hub.page(answer.location)
    assert "No such field" in page
    assert 'aria-disabled="true"' in page
    assert "Being set up" in hub.page(f"/connectors/{KEY}")


def test_ticking_a_sync_ticks_what_it_needs_and_unticking_says_who_needs_it(hub):
    page = hub.new_page()
    answer = hub.submit("/new-connector", hub.values() | {"features.contact": "1"}, page=page)
    assert answer.status_code == 303, text_of(answer)
    assert hub.flat()["features.customer"] != "off"
    answer = hub.submit(f"/connectors/{KEY}", drop=("features.customer",))
    assert answer.status_code == 422
    assert "Contact Sync needs Customer Sync. Tick both." in text_of(answer)


def test_a_feature_that_is_off_for_the_hub_is_grey_with_the_reason(hub):
    hub.submit("/common", {"action_types": ["customer", "location", "contact"]})
    page = hub.new_page()
    assert "Off for the whole hub in Common configuration." in page
    row = page[page.index('id="f-features-inventory"') :]
    assert " disabled" in row[: row.index(">")]


def test_endpoint_urls_follow_the_parameters(hub):
    page = hub.new_page()
    given = hub.values(erp__base_url="https://erp.example.com/Site", store__store_hash="abc123")
    answer = hub.submit("/configuration/live", given, page=page)
    shown = text_of(answer)
    assert "https://erp.example.com/Site/entity/Default/24.200.001/Customer" in shown
    assert "/stores/abc123/" in shown
    assert given["erp.password"] not in shown


def test_saving_nothing_changes_nothing(hub):
    hub.create()
    before = hub.flat()
    assert hub.submit(f"/connectors/{KEY}").status_code == 303
    assert hub.flat() == before
    with hub.runtime.read() as session:
        from hub.store.tables import Connector

        assert session.query(Connector).one().config_version == 1


def test_batch_off_hides_its_two_counts_and_keeps_them(hub):
    hub.create()
    hub.submit(f"/connectors/{KEY}", {"messages.threshold_count": "7"})
    answer = hub.submit(
        f"/connectors/{KEY}", {"messages.threshold_count": "no number"}, drop=("messages.batch",)
    )
    assert answer.status_code == 303
    assert hub.flat()["messages.batch"] is False
    assert hub.flat()["messages.threshold_count"] == 7


def test_warehouses_default_specific_and_mapped(hub):
    hub.create()
    url, mode = f"/connectors/{KEY}", "preferences.warehouses__mode"
    hub.submit(url, {mode: "specific", "preferences.warehouses": ["WHOLESALE", "RETAIL"]})
    assert hub.flat()["preferences.warehouses"] == ["WHOLESALE", "RETAIL"]
    answer = hub.submit(
        url, {mode: "specific", "preferences.warehouses": None}, drop=("preferences.warehouses",)
    )
    assert "no warehouse is chosen" in text_of(answer)
    hub.submit(url, {mode: "mapped", "preferences.warehouses__row.WHOLESALE": "1"})
    assert hub.flat()["preferences.warehouses"] == {"WHOLESALE": "1"}
    hub.submit(url, {mode: "default"})
    assert hub.flat()["preferences.warehouses"] == "default"


def test_secrets_are_kept_replaced_and_taken_from_the_environment(hub):
    hub.create()
    page = hub.page(f"/connectors/{KEY}")
    assert "by mara@example.com" in page
    answer = hub.submit(f"/connectors/{KEY}", {"erp.password": "env:NO_SUCH_NAME"})
    assert answer.status_code == 303
    assert "from env:NO_SUCH_NAME" in hub.page(f"/connectors/{KEY}")
    test = hub.submit("/configuration/test", page=f"/connectors/{KEY}")
    assert "NO_SUCH_NAME, which is not set" in text_of(test)


def test_an_existing_connection_is_offered_and_shared(hub):
    hub.create()
    page = hub.new_page(key="B2B-CA", erp_connection=f"{KEY}-acumatica")
    assert f"Shared with Wholesale US" in page  # noqa: F541
    assert dict(form_items(page))["erp.base_url"] == hub.typed["erp.base_url"]
    typed = {k: v for k, v in hub.values().items() if k.startswith("store.")}
    answer = hub.submit("/new-connector", typed, page=page)
    assert answer.status_code == 303, text_of(answer)
    assert hub.flat("B2B-CA")["erp"] == f"{KEY}-acumatica"
    assert hub.flat("B2B-CA")["store"] == "B2B-CA-bigcommerce"


def test_what_saving_would_do_is_said_before(hub):
    hub.create()
    answer = hub.submit(
        "/configuration/live", {"preferences.sync_qty": "on_hand"}, page=f"/connectors/{KEY}"
    )
    assert "Inventory Sync reads everything once" in text_of(answer)
    answer = hub.submit(
        "/configuration/live", page=f"/connectors/{KEY}", drop=("features.inventory",)
    )
    assert "Saving stops Inventory Sync" in text_of(answer)


def test_no_class_ticked_is_said(hub):
    assert "No customer is synced." in hub.new_page()


def test_a_save_lets_a_stopped_flow_go_on(hub):
    from hub.store.tables import Flow

    hub.create()
    with hub.runtime.write() as session:
        session.query(Flow).update({"stopped_reason": "Stopped", "refusals": 25})
    hub.submit(f"/connectors/{KEY}", {"name": "Other"})
    with hub.runtime.read() as session:
        assert {f.stopped_reason for f in session.query(Flow)} == {""}


def test_base_of_the_form_holds_no_secret(hub):
    hub.create()
    base = json.loads(dict(form_items(hub.page(f"/connectors/{KEY}")))["base"])
    assert base["erp.password"] == "set"


FLIPPED = {
    "preferences.customer_classes": (["KEYACCT"], ["KEYACCT"]),
    "preferences.include_locations": (None, False),
    "preferences.include_contacts": (None, False),
    "preferences.contact_role": ("1", "1"),
    "preferences.send_welcome_email": ("1", True),
    "preferences.sync_qty": ("on_hand", "on_hand"),
    "preferences.price_source": ("base_price", "base_price"),
    "preferences.safety_stock": ("3", 3),
    "preferences.out_of_stock": ("hide", "hide"),
    "preferences.order_types": (["SO", "IN"], ["SO", "IN"]),
    "preferences.only_enabled_customers": (None, False),
    "preferences.on_first_shipment": (None, False),
    "preferences.on_zero_balance": (None, False),
    "preferences.import_order_type": ("SO", "SO"),
    "preferences.import_branch": ("MAIN", "MAIN"),
    "preferences.guest_customer": ("WEBGUEST", "WEBGUEST"),
    "preferences.new_customers": ("create", "create"),
    "preferences.new_customer_class": ("DEALER", "DEALER"),
    "preferences.earliest_order_date": ("2026-10-01", "2026-10-01"),
    "preferences.store_time_zone": ("America/Chicago", "America/Chicago"),
    "preferences.tax_handling": ("erp", "erp"),
    "preferences.shipment_trigger": ("invoice_release", "invoice_release"),
    "messages.retry_count": ("7", 7),
    "messages.retry_interval": ("2", 2),
    "messages.threshold_count": ("9", 9),
    "messages.batch_count": ("4", 4),
    "logging.info": (None, False),
    "logging.error": (None, False),
    "logging.warning": ("1", True),
    "logging.debug": ("1", True),
}


def test_every_setting_of_the_page_is_saved_and_shown_again(hub):
    from hub.settings.specs import SECTIONS

    hub.create()
    every = {f"{part.store}.{s.spec.name}" for part in SECTIONS for s in part.settings}
    assert every - set(FLIPPED) == {"preferences.warehouses", "messages.batch"}
    posted = {path: value for path, (value, _) in FLIPPED.items()}
    answer = hub.submit(f"/connectors/{KEY}", posted, drop=[p for p, v in posted.items() if not v])
    assert answer.status_code == 303, text_of(answer)
    saved = hub.flat()
    assert {path: saved[path] for path in FLIPPED} == {p: want for p, (_, want) in FLIPPED.items()}
    shown = form_items(hub.page(f"/connectors/{KEY}"))
    for path, (value, _) in FLIPPED.items():
        found = [v for name, v in shown if name == path]
        wanted = value if isinstance(value, list) else [value] if value else []
        assert sorted(found) == sorted(wanted), path


def test_another_connection_brings_its_own_values(hub):
    from hub.settings import ConnectionInput, Settings

    hub.create()
    spare = {k.partition(".")[2]: v for k, v in hub.typed.items() if k.startswith("erp.")}
    Settings(hub.runtime.context).save_connection(
        ConnectionInput("spare", "acumatica", {**spare, "username": "other"}), "somebody"
    )
    url = f"/connectors/{KEY}"
    answer = hub.submit("/configuration/form", {"erp_connection": "spare"}, page=url)
    page = answer.get_data(as_text=True)
    assert dict(form_items(page))["erp.username"] == "other"
    done = hub.submit(url, {"erp.username": "third"}, page=page)
    assert done.status_code == 303, text_of(done)
    assert hub.flat()["erp"] == "spare"
    assert hub.flat()["erp.username"] == "third"


def test_a_bad_id_is_one_error_at_its_field(hub):
    answer = hub.submit("/new-connector", hub.values() | {"key": "B2B US"}, page=hub.new_page())
    assert answer.status_code == 422
    assert "1 field needs attention" in text_of(answer)
    assert 'id="f-key-err"' in answer.get_data(as_text=True)
