"""Saving connections and connectors: whole or not at all, secrets only sealed, effects on flows."""

import pytest
from settings_kit import PASSWORD, TOKEN, Kit, opened
from sqlalchemy import select

from hub.sdk import AuthError, ConfigError, ConnectionTrouble
from hub.settings import Conflict, ConnectionInput, ConnectorInput, FieldErrors, Lookups, audit
from hub.store.tables import AuditEvent, Connection, ConnectionParameter, LogEntry, VendorSession


@pytest.fixture
def kit(tmp_path):
    kit = Kit(tmp_path)
    yield kit
    kit.database.close()


def errors_of(call):
    with pytest.raises(FieldErrors) as caught:
        call()
    return caught.value.errors


def test_secrets_are_nowhere_in_clear(kit):
    connector_id = kit.make()
    texts = [
        repr(kit.erp()),
        repr(kit.settings.shown(1)),
        repr(kit.settings.flat(connector_id)),
        kit.settings.export(),
        repr(kit.context),
    ]
    with kit.database.read() as session:
        texts += [f"{e.before} {e.after}" for e in session.scalars(select(AuditEvent))]
        texts += [e.description for e in session.scalars(select(LogEntry))]
    for text in texts:
        assert PASSWORD not in text
        assert TOKEN not in text
    content = kit.everything()
    assert PASSWORD.encode() not in content
    assert TOKEN.encode() not in content
    assert kit.settings.resolved(1)["password"] == PASSWORD
    assert kit.settings.resolved(2)["access_token"] == TOKEN


def test_swapped_rows_refuse_and_name_the_field(kit):
    kit.make()
    with kit.database.write() as session:
        rows = {
            r.connection_id: r
            for r in session.scalars(
                select(ConnectionParameter).where(ConnectionParameter.sealed.is_not(None))
            )
        }
        rows[1].sealed, rows[2].sealed = rows[2].sealed, rows[1].sealed
    with pytest.raises(ConfigError, match="Password of connection erp does not open") as caught:
        kit.settings.resolved(1)
    assert caught.value.parameter == "password"


def test_empty_secret_keeps_and_tick_clears(kit):
    kit.make()
    kit.settings.save_connection(kit.erp(password="", tenant="Company"), "ann")
    assert kit.settings.resolved(1)["password"] == PASSWORD
    assert kit.settings.shown(1)["password"].is_set
    wrong = ConnectionInput("erp", "erp", {}, cleared=("password",))
    assert errors_of(lambda: kit.settings.save_connection(wrong, "ann")) == {
        "password": "Password is needed. Enter a value."
    }


def test_reference_is_stored_as_reference_and_missing_one_is_named(kit):
    kit.make()
    kit.settings.save_connection(kit.erp(password="env:ACU_PASSWORD"), "ann")
    assert kit.settings.shown(1)["password"].reference == "env:ACU_PASSWORD"
    assert kit.settings.resolved(1)["password"] == PASSWORD
    del kit.environ["ACU_PASSWORD"]
    with pytest.raises(ConfigError, match="ACU_PASSWORD, which is not set") as caught:
        kit.settings.resolved(1)
    assert caught.value.parameter == "password"
    kit.environ["ACU_PASSWORD"] = "abc"
    with pytest.raises(ConfigError, match="at least 6 characters"):
        kit.settings.resolved(1)


def test_references_of_the_hub_and_files_from_a_page_are_refused(kit):
    kit.make()
    for value in ("env:HUB_SECRET_KEYS", "file:/etc/passwd", "env:", "env:A B"):
        found = errors_of(lambda v=value: kit.settings.save_connection(kit.erp(password=v), "ann"))
        assert set(found) == {"password"}


def test_file_reference_is_read_at_use(kit, tmp_path):
    (tmp_path / "pw").write_text(PASSWORD + "\n")
    given = ConnectionInput(
        "erp",
        "erp",
        {"base_url": "http://e", "username": "a", "password": f"file:{tmp_path}/pw"},
        files=True,
    )
    connection_id = kit.settings.save_connection(given, "ann")
    assert kit.settings.resolved(connection_id)["password"] == PASSWORD
    (tmp_path / "pw").unlink()
    with pytest.raises(ConfigError, match="missing, empty or unreadable"):
        kit.settings.resolved(connection_id)


def test_one_wrong_field_and_nothing_is_saved(kit):
    found = errors_of(
        lambda: kit.make(
            erp=kit.erp(base_url="erp.example.com", password="abc"),
            messages={"retry_count": "80"},
            preferences={"sync_qty": "most", "safety_stock": -1},
            features={"customer": "every day", "contact": None, "order": None},
        )
    )
    assert set(found) == {
        "erp.base_url",
        "erp.password",
        "messages.retry_count",
        "preferences.sync_qty",
        "preferences.safety_stock",
        "features.customer.schedule",
        "features.order",
    }
    assert found["messages.retry_count"] == "Retry Count must be between 0 and 50. You entered 80."
    with kit.database.read() as session:
        assert session.scalar(select(Connection.id)) is None


def test_a_sync_that_needs_another_asks_for_both(kit):
    found = errors_of(lambda: kit.make(features={"contact": None}))
    assert found == {"features.contact": "Contact Sync needs Customer Sync. Tick both."}


def test_features_become_flows_with_schedules(kit):
    connector_id = kit.make(
        features={"customer": None, "location": "0 2 * * *", "inventory": "none"}
    )
    assert kit.settings.ticked(connector_id) == {
        "customer": "*/15 * * * *",
        "location": "0 2 * * *",
        "inventory": "none",
    }
    assert kit.settings.why_off(connector_id, "contact") == (
        "Contact Sync is not ticked under Enable Features."
    )
    assert kit.settings.why_off(connector_id, "location") == ""


def test_saving_the_same_again_changes_nothing(kit):
    kit.make(preferences={"safety_stock": 4})
    with kit.database.read() as session:
        events = len(session.scalars(select(AuditEvent)).all())
    before = kit.settings.flat(1)
    kit.make(preferences={"safety_stock": "4"})
    with kit.database.read() as session:
        assert len(session.scalars(select(AuditEvent)).all()) == events
    assert kit.settings.flat(1) == before


def test_second_saver_is_told_both_values(kit):
    kit.make(preferences={"safety_stock": 1, "sync_qty": "available"})
    base = kit.settings.flat(1)
    mine = ConnectorInput("B2B-US", preferences={"safety_stock": 7, "sync_qty": "available"})
    theirs = ConnectorInput("B2B-US", preferences={"safety_stock": 3, "sync_qty": "on_hand"})
    kit.settings.save_connector(theirs, "bob", expected=1)
    with pytest.raises(Conflict) as caught:
        kit.settings.save_connector(mine, "ann", expected=1, base=base)
    conflict = caught.value
    assert [(c.field, c.base, c.theirs, c.mine) for c in conflict.clashes] == [
        ("preferences.safety_stock", 1, 3, 7)
    ]
    assert conflict.merged == {"preferences.sync_qty": "on_hand"}
    assert (conflict.version, conflict.who) == (2, "bob")
    assert kit.settings.preferences(1)["safety_stock"] == 3
    kit.settings.save_connector(mine, "ann", expected=2)
    assert kit.settings.preferences(1)["safety_stock"] == 7


def test_a_new_connector_starts_with_the_hubs_defaults(kit):
    kit.settings.save_common(
        {"defaults": {"messages": {"retry_count": 2}, "logging": {"debug": True}}}, "ann"
    )
    connector_id = kit.make()
    assert kit.settings.messages(connector_id)["retry_count"] == 2
    assert kit.settings.messages(connector_id)["threshold_count"] == 25
    assert kit.settings.logging(connector_id)["debug"] is True


def test_changed_sign_in_forgets_the_refusal_and_the_old_session(kit):
    kit.make()
    with kit.database.write() as session:
        row = session.get_one(Connection, 1)
        row.state, row.refused_digest = "needs_sign_in", "x"
        session.add(VendorSession(connection_id=1, sealed=b"x"))
    kit.settings.save_connection(kit.erp(quota_share=80), "ann")
    with kit.database.read() as session:
        assert session.get_one(Connection, 1).state == "needs_sign_in"
        assert session.get(VendorSession, 1) is not None
    ended = []
    kit.settings.sign_out = ended.append
    kit.settings.save_connection(kit.erp(quota_share=80, password="another-Secret1"), "ann")
    assert ended == [1]
    with kit.database.read() as session:
        row = session.get_one(Connection, 1)
        assert (row.state, row.refused_digest) == ("untested", None)
        assert session.get(VendorSession, 1) is None


def test_opening_unsaved_values_lends_saved_secrets_but_not_the_session(kit):
    kit.make()
    facts, _, values = kit.settings.opening_unsaved(
        kit.erp(password="", base_url="http://127.0.0.1:2")
    )
    assert values["password"] == PASSWORD
    assert values["base_url"] == "http://127.0.0.1:2"
    assert facts.id is None
    assert kit.settings.opening_unsaved(kit.erp(password=""))[0].id == 1
    found = errors_of(lambda: kit.settings.opening_unsaved(kit.erp(base_url="x")))
    assert set(found) == {"base_url"}


def test_delete_needs_the_typed_id_and_a_free_connection(kit):
    connector_id = kit.make()
    assert set(errors_of(lambda: kit.settings.delete_connection(1, "erp", "ann"))) == {""}
    assert (
        "B2B-US"
        in errors_of(lambda: kit.settings.delete_connector(connector_id, "b2b", "ann"))["typed"]
    )
    kit.message("C1", "customer", "pending")
    kit.settings.delete_connector(connector_id, "B2B-US", "ann")
    kit.settings.delete_connection(1, "erp", "ann")
    with kit.database.read() as session:
        assert session.scalars(select(Connection.key)).all() == ["store"]


def test_pause_activate_and_the_audit_chain(kit):
    connector_id = kit.make()
    kit.settings.set_active(connector_id, "ann", active=True)
    kit.settings.set_paused(connector_id, "ann", paused=True)
    kit.settings.set_paused(connector_id, "ann", paused=True)
    with kit.database.write() as session:
        actions = [e.action for e in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
        assert actions[-2:] == ["connector activated", "connector paused"]
        assert audit.verify(session) is None
        session.get_one(AuditEvent, 2).after = {"forged": True}
        session.flush()
        assert audit.verify(session) == 2


def test_lookup_is_cached_and_shown_with_its_age_when_the_erp_is_away(kit):
    kit.make()
    answers = [None, ConnectionTrouble("The ERP did not answer within 30 s.")]
    lookups = Lookups(kit.context, lambda facts, plugin, values: opened(answers.pop(0)))
    first = lookups.read(1, "customer_classes")
    assert first.choices[0].note == "142 customers"
    assert lookups.read(1, "customer_classes") == first
    kit.clock.advance(3600)
    late = lookups.read(1, "customer_classes")
    assert late.choices == first.choices
    assert late.read_at == first.read_at
    assert late.error == "The ERP did not answer within 30 s."


def test_lookup_of_unsaved_values_names_the_guilty_field(kit):
    refused = AuthError("refused", parameter="password")
    lookups = Lookups(kit.context, lambda facts, plugin, values: opened(refused))
    looked = lookups.read_unsaved(kit.erp(), "customer_classes")
    assert (looked.error, looked.parameter) == ("refused", "password")
    with pytest.raises(FieldErrors):
        lookups.read_unsaved(kit.erp(base_url=""), "customer_classes")


def test_a_plugin_on_the_wrong_side_or_missing_is_named(kit):
    found = errors_of(
        lambda: kit.settings.save_connector(kit.connector(erp=kit.store(), store="nope"), "ann")
    )
    assert found["erp"] == "The plugin store cannot stand on this side."
    assert "There is no connection nope." in found["store"]
    assert (
        "There is no plugin 'magic'"
        in errors_of(
            lambda: kit.settings.save_connection(ConnectionInput("x", "magic", {}), "ann")
        )["plugin"]
    )
    assert "key" in errors_of(
        lambda: kit.settings.save_connection(ConnectionInput("a b", "erp", {}), "ann")
    )
