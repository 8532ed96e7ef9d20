"""The configuration file: whole or not at all, idempotent, never a secret in clear."""

import dataclasses

import pytest
import yaml
from settings_kit import PASSWORD, TOKEN, Kit
from sqlalchemy import select

from hub.settings import NotFound
from hub.store.tables import AuditEvent, Connection, Connector

FILE = """
common: {action_types: all, retention_days: 30}
connections:
  erp:   {plugin: erp, own_network: true, parameters: {base_url: "http://127.0.0.1:8101", tenant: Company, username: admin, password: "env:ACU_PASSWORD", endpoint_version: 24.200.001}}
  store: {plugin: store, own_network: true, parameters: {store_hash: abc123, access_token: "env:BC_TOKEN", api_url: "http://127.0.0.1:8102"}}
connectors:
  B2B-US:
    name: Wholesale US
    erp: erp
    store: store
    active: true
    preferences: {customer_classes: [DEFAULT], include_locations: true, include_contacts: true, warehouses: default, sync_qty: available,
                  order_types: [SO], only_enabled_customers: true, on_first_shipment: true, on_zero_balance: true, shipment_trigger: confirmation}
    messages: {retry_count: 5, retry_interval: 5, batch: true, threshold_count: 25}
    logging: {info: true, error: true}
    values: {price_class: {WHOLESALE: 3}}
    features: {customer: {schedule: "*/15 * * * *"}, location: {}, contact: {}, inventory: {schedule: "5 * * * *"}}
"""


@pytest.fixture
def kit(tmp_path):
    kit = Kit(tmp_path)
    yield kit
    kit.database.close()


def passes(_connector_id):
    return []


def test_the_documented_file_configures_everything(kit):
    report = kit.settings.apply(FILE, activate=passes)
    assert report.ok, report.problems
    connector_id = kit.settings.connector_id("B2B-US")
    found = kit.settings.preferences(connector_id)
    assert found["customer_classes"] == ["DEFAULT"]
    assert found["contact_role"] == "2"
    assert kit.settings.ticked(connector_id)["location"] == "*/15 * * * *"
    assert kit.settings.value_map(connector_id, "price_class") == {"WHOLESALE": "3"}
    assert kit.settings.resolved(kit.settings.connection_id("erp"))["password"] == PASSWORD
    assert kit.settings.resolved(1)["endpoint_version"] == "24.200.001"
    with kit.database.read() as session:
        assert session.scalar(select(Connector.active))


def test_applied_twice_the_second_time_changes_nothing(kit):
    kit.settings.apply(FILE, activate=passes)
    with kit.database.read() as session:
        events = len(session.scalars(select(AuditEvent)).all())
    report = kit.settings.apply(FILE, activate=lambda _id: pytest.fail("checked again"))
    assert (report.changes, report.problems) == ([], [])
    again = kit.settings.apply(kit.settings.export(), activate=lambda _id: pytest.fail("checked"))
    assert (again.changes, again.problems) == ([], [])
    with kit.database.read() as session:
        assert len(session.scalars(select(AuditEvent)).all()) == events


def test_export_moves_the_whole_configuration_to_another_hub(kit, tmp_path):
    kit.settings.apply(FILE, activate=passes)
    (tmp_path / "two").mkdir()
    other = Kit(tmp_path / "two")
    assert other.settings.apply(kit.settings.export(), activate=passes).ok
    assert other.settings.export() == kit.settings.export()
    other.database.close()


def test_export_holds_no_sealed_secret_and_apply_keeps_it(kit):
    kit.make()
    text = kit.settings.export()
    assert PASSWORD not in text
    assert TOKEN not in text
    assert "# connections.erp.parameters.password is set and sealed; it is not exported." in text
    assert kit.settings.apply(text).problems == []
    assert kit.settings.resolved(1)["password"] == PASSWORD
    only = yaml.safe_load(kit.settings.export("B2B-US"))
    assert list(only) == ["connections", "connectors"]
    with pytest.raises(NotFound):
        kit.settings.export("none")


def test_dry_run_says_what_would_change_and_changes_nothing(kit):
    report = kit.settings.apply(FILE, dry_run=True, activate=lambda _id: pytest.fail("checked"))
    assert "connection erp: created" in report.changes
    with kit.database.read() as session:
        assert session.scalar(select(Connection.id)) is None
    kit.settings.apply(FILE, activate=passes)
    report = kit.settings.apply(FILE.replace("retry_count: 5", "retry_count: 9"), dry_run=True)
    assert report.changes == ["connector B2B-US: messages.retry_count 5 → 9"]


def test_a_failed_check_leaves_the_connector_inactive_with_its_remedy(kit):
    report = kit.settings.apply(
        FILE, activate=lambda _id: ["Sign-in refused. Correct the password."]
    )
    assert not report.ok
    assert report.failed == ["connectors.B2B-US.active: Sign-in refused. Correct the password."]
    with kit.database.read() as session:
        assert not session.scalar(select(Connector.active))
    assert kit.settings.apply(FILE, activate=passes).ok


def test_all_errors_are_collected_with_path_and_line_and_nothing_changes(kit):
    bad = (
        FILE.replace("retry_count: 5", "retry_count: 80")
        .replace("retention_days: 30", "retention_days: none")
        .replace('"http://127.0.0.1:8101"', "erp")
        .replace("sync_qty: available", "sync_quantity: available")
        .replace("location: {}", "locations: {}")
        .replace('"5 * * * *"', '"61 * * * *"')
    )
    report = kit.settings.apply(bad, activate=passes)
    assert report.changes == []
    assert report.problems == [
        (
            "common.retention_days: Keep the log for must be a whole number between 1 and 3650. "
            "You entered none. (line 2)"
        ),
        (
            "connections.erp.parameters.base_url: Instance URL must be an address like "
            "https://erp.example.com/site. You entered erp. (line 4)"
        ),
        (
            "connectors.B2B-US.preferences.sync_quantity: There is no setting called sync_quantity "
            "here. Did you mean sync_qty? (line 12)"
        ),
        (
            "connectors.B2B-US.messages.retry_count: Retry Count must be between 0 and 50. "
            "You entered 80. (line 14)"
        ),
    ]
    with kit.database.read() as session:
        assert session.scalar(select(Connection.id)) is None
    good_erp = bad.replace("base_url: erp", 'base_url: "http://e"')
    problems = kit.settings.apply(good_erp, activate=passes).problems
    assert (
        "connectors.B2B-US.features.locations: This pair has no sync called locations. It has: "
        "customer, location, contact, inventory. (line 17)" in problems
    )
    assert any(
        "features.inventory.schedule: The schedule '61 * * * *' is not" in p for p in problems
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("connections: {a: &x {plugin: erp}, b: *x}", "aliases"),
        ("connections: {erp: {plugin: erp}, erp: {plugin: store}}", "stands twice"),
        ("a: !!python/object:os.system x", "tags"),
        ("a: 1\n---\nb: 2", "second document"),
        ("[" * 3000, "nest"),
        ("[" * 20 + "]" * 20, "nested more than 12 levels"),
        ("x: [1", "cannot be read"),
        ("just text", "must be a table"),
        ("conections: {}", "Did you mean connections?"),
        ("# " + "x" * 2_100_000, "larger than 2 MB"),
        ("connections: 7", "must be a table"),
        ("connections: {erp: 7}", "must be a table"),
        ("connections: {erp: {parameters: {}}}", "plugin is missing"),
        (
            "connections: {erp: {plugin: erp, own_network: maybe}}",
            "own_network must be true or false",
        ),
        ("connectors: {X: {erp: nope, store: nope}}", "There is no connection nope"),
        ("connectors: {X: {features: {customer: always}}}", "{schedule: …}"),
        ("connectors: {'a b': {}}", "Connector ID must be 1 to 60 characters"),
        ("a: \x00", "cannot be read"),
    ],
)
def test_bad_files_get_one_clear_sentence(kit, text, part):
    report = kit.settings.apply(text, activate=passes)
    assert part in " ".join(report.problems)
    assert not report.changes
    with kit.database.read() as session:
        assert session.scalar(select(Connection.id)) is None


def test_a_secret_in_clear_is_refused_and_not_repeated(kit):
    report = kit.settings.apply(FILE.replace("env:ACU_PASSWORD", PASSWORD), activate=passes)
    assert report.problems[0].startswith(
        "connections.erp.parameters.password: Password cannot stand here in clear. "
        "Write env:NAME or file:PATH."
    )
    assert PASSWORD not in " ".join(report.problems)


def test_a_section_in_the_file_is_exact_and_a_missing_one_is_kept(kit):
    kit.settings.apply(
        FILE.replace("sync_qty: available", "safety_stock: 4, sync_qty: on_hand"), activate=passes
    )
    part = (
        "connectors: {B2B-US: {preferences: {customer_classes: all, warehouses: {WH1: 5, WH2: 5}}}}"
    )
    assert kit.settings.apply(part).ok
    connector_id = kit.settings.connector_id("B2B-US")
    found = kit.settings.preferences(connector_id)
    assert (found["customer_classes"], found["safety_stock"]) == ("all", 0)
    assert found["warehouses"] == {"WH1": "5", "WH2": "5"}
    assert set(kit.settings.ticked(connector_id)) == {
        "customer",
        "location",
        "contact",
        "inventory",
    }
    assert kit.settings.logging(connector_id)["info"] is True


def test_words_and_codes_survive_as_text(kit):
    text = FILE.replace("[DEFAULT]", "[NO, ON, 0010, 12:30]").replace(
        'schedule: "5 * * * *"', "schedule: none"
    )
    assert kit.settings.apply(text, activate=passes).ok
    assert kit.settings.preferences(1)["customer_classes"] == ["NO", "ON", "0010", "12:30"]
    assert kit.settings.ticked(1)["inventory"] == "none"
    assert kit.settings.apply(kit.settings.export()).changes == []


def test_active_false_switches_off(kit):
    kit.settings.apply(FILE, activate=passes)
    kit.settings.apply(FILE.replace("active: true", "active: false"))
    with kit.database.read() as session:
        assert not session.scalar(select(Connector.active))


def test_a_quarantined_plugin_keeps_its_values_in_the_export(kit):
    kit.settings.apply(FILE, activate=passes)
    kit.context.registry.found["erp"] = dataclasses.replace(
        kit.context.registry.found["erp"], plugin=None, reason="it raised"
    )
    text = kit.settings.export()
    assert "base_url: http://127.0.0.1:8101" in text
    report = kit.settings.apply(text, activate=passes)
    assert report.problems[0].startswith(
        "connections.erp.plugin: The plugin erp cannot be used: it raised"
    )


def test_the_old_session_is_ended_before_the_file_changes_a_sign_in(kit):
    kit.settings.apply(FILE, activate=passes)
    ended = []
    kit.settings.sign_out = ended.append
    kit.settings.apply(FILE.replace("retry_count: 5", "retry_count: 6"))
    kit.settings.apply(FILE.replace("username: admin", "username: [x"))
    assert ended == []
    kit.settings.apply(FILE.replace("username: admin", "username: hub"), activate=passes)
    assert ended == [kit.settings.connection_id("erp")]
