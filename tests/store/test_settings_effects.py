"""What a saved setting does to the flows, to what waits, and to the log."""

import pytest
from settings_kit import Kit
from sqlalchemy import select

from hub.settings import ConnectorInput, FieldErrors
from hub.store.tables import LogEntry


@pytest.fixture
def kit(tmp_path):
    kit = Kit(tmp_path)
    yield kit
    kit.database.close()


def errors_of(call):
    with pytest.raises(FieldErrors) as caught:
        call()
    return caught.value.errors


def test_switching_off_cancels_what_waits_and_on_again_reads_everything(kit):
    connector_id = kit.make()
    kit.set_flow("location", full_next=False)
    waiting = [kit.message(f"C/{s}", "location", s) for s in ("pending", "blocked", "parked")]
    running = kit.message("C/run", "location", "in_flight")
    other = kit.message("C1", "customer", "pending")
    off = ConnectorInput("B2B-US", preferences={"include_locations": False})
    kit.settings.save_connector(off, "ann")
    for message in waiting:
        assert kit.status(message) == (
            "cancelled",
            "Cancelled: Include Location in Data Retrieval is not ticked.",
        )
    assert kit.status(running)[0] == "in_flight"
    assert kit.status(other)[0] == "pending"
    kit.set_flow("location", full_next=False)
    kit.settings.save_connector(
        ConnectorInput("B2B-US", preferences={"include_locations": True}), "ann"
    )
    assert kit.flow("location").full_next
    assert kit.settings.why_off(connector_id, "location") == ""


def test_unticking_customer_takes_its_children_along(kit):
    kit.make()
    message = kit.message("C/1", "location", "pending")
    kit.settings.save_connector(kit.connector(features={"inventory": None}), "ann")
    assert kit.status(message)[0] == "cancelled"
    assert not kit.flow("customer").enabled


def test_common_configuration_switches_a_sync_off_everywhere(kit):
    connector_id = kit.make()
    message = kit.message("S@L", "inventory", "parked")
    kit.settings.save_common({"action_types": ["customer", "location"]}, "ann")
    assert kit.settings.why_off(connector_id, "inventory") == (
        "Inventory Sync is off in Common configuration."
    )
    assert kit.status(message)[0] == "cancelled"
    kit.set_flow("inventory", full_next=False)
    kit.settings.save_common({"action_types": "all"}, "ann")
    assert kit.flow("inventory").full_next
    found = errors_of(
        lambda: kit.settings.save_common(
            {
                "action_types": ["x"],
                "retention_days": 0,
                "time_zone": "Mars",
                "cleaning_time": "25:00",
            },
            "ann",
        )
    )
    assert set(found) == {"action_types", "retention_days", "time_zone", "cleaning_time"}


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"preferences": {"customer_classes": ["DEFAULT"]}}, {"customer", "location"}),
        ({"preferences": {"safety_stock": 3}}, {"inventory"}),
        ({"preferences": {"sync_qty": "on_hand"}}, {"inventory"}),
        ({"preferences": {"order_types": ["SO"]}}, set()),
        ({"messages": {"retry_count": 9}}, set()),
        ({"values": {"price_class": {"WHOLESALE": 3}}}, {"customer", "location", "inventory"}),
    ],
)
def test_a_change_that_alters_payloads_marks_its_flows(kit, change, moved):
    connector_id = kit.make()
    flows = ("customer", "location", "inventory")
    before = {key: kit.settings.rule_version(connector_id, key) for key in flows}
    for key in flows:
        kit.set_flow(key, full_next=False)
    kit.settings.save_connector(ConnectorInput("B2B-US", **change), "ann")
    assert {key for key in flows if kit.flow(key).full_next} == moved
    now = {key: kit.settings.rule_version(connector_id, key) for key in flows}
    assert {key for key in flows if now[key] != before[key]} == moved


def test_connection_parameter_that_alters_payloads_marks_flows_of_its_connectors(kit):
    kit.make()
    kit.set_flow("customer", full_next=False)
    kit.settings.save_connection(kit.store(quota_share=50), "ann")
    assert not kit.flow("customer").full_next
    kit.settings.save_connection(kit.store(erp_id_field="Number"), "ann")
    assert kit.flow("customer").full_next
    assert kit.settings.facts(2).quota_share == 50


def test_configuration_changes_stand_in_the_connector_log(kit):
    connector_id = kit.make()
    kit.settings.save_connector(ConnectorInput("B2B-US", messages={"retry_count": 7}), "ann")
    with kit.database.read() as session:
        entry = session.scalars(select(LogEntry).order_by(LogEntry.id.desc())).first()
    assert entry.description == "Retry Count: 5 → 7"
    assert (entry.user, entry.connector_id) == ("ann", connector_id)


def test_connection_changes_stand_in_the_log_of_the_connectors_they_touch(kit):
    kit.make()
    kit.settings.save_connection(
        kit.erp(base_url="http://127.0.0.1:9", password="another-Secret1"), "ann"
    )
    with kit.database.read() as session:
        entry = session.scalars(select(LogEntry).order_by(LogEntry.id.desc())).first()
    assert entry.message == "Connection erp changed"
    assert entry.description == (
        "Instance URL: http://127.0.0.1:1 → http://127.0.0.1:9\nPassword: replaced"
    )


def test_the_page_can_say_before_saving_what_a_save_touches(kit):
    kit.make()
    kit.message("C1", "customer", "pending")
    kit.message("S@L", "inventory", "parked")
    change = ConnectorInput(
        "B2B-US",
        preferences={"customer_classes": ["DEFAULT"]},
        features={"customer": None, "location": None},
    )
    found = {t.flow: t for t in kit.settings.preview_connector(change)}
    assert (found["customer"].records, found["customer"].cancelled) == (1, 0)
    assert (found["inventory"].records, found["inventory"].cancelled) == (0, 1)
    assert found["inventory"].reason == "Inventory Sync is not ticked under Enable Features."
    assert kit.settings.preferences(1)["customer_classes"] == []
    assert kit.flow("inventory").enabled
    common = kit.settings.preview_common({"action_types": ["customer", "location"]})
    assert [(t.flow, t.cancelled) for t in common] == [("inventory", 1)]
    assert kit.settings.common()["action_types"] == "all"
