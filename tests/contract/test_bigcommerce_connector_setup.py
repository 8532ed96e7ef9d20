"""Connection test, initialization checks, lookups and the plugin's own description."""

import re

import pytest

from hub.mapping import Mapper
from hub.sdk import Direction, Role
from hub.sdk.canonical import ENTITIES, paths
from plugins.bigcommerce.mapping import RULES
from tests.contract.bigcommerce_connector_kit import PLUGIN, SETTINGS, customer

FLOWS = ["customer", "location", "contact", "inventory"]


def checks(store, flows=FLOWS):
    return {row.activity: row for row in PLUGIN.checks(store.client, flows)}


def test_a_good_store_passes_every_check(open_store):
    store = open_store()
    found = checks(store)
    assert {row.status for row in found.values()} <= {"passed", "note"}
    assert len(found) >= 9
    assert all(method == "GET" for method, _ in store.http.calls)
    probe = PLUGIN.test_connection(store.client)
    assert probe.ok
    assert PLUGIN.health(store.client).ok


def test_only_what_the_flows_need_is_checked(open_store):
    store = open_store()
    assert list(checks(store, ["inventory"])) == [
        "Sign-in to the store",
        "Default location",
        "Inventory readable",
    ]


def test_a_missing_extra_field_comes_with_the_steps_that_define_it(open_store):
    row = checks(open_store(define_erp_field=False))["Extra field with the ERP id"]
    assert (row.status, row.parameter) == ("failed", "erp_id_field")
    assert "“ERP ID”" in row.detail
    for step in ("B2B Edition", "Add field", "Text"):
        assert step in row.remedy


def test_a_field_of_another_spelling_is_pointed_out(open_store):
    store = open_store(settings={"erp_id_field": "erp id"})
    row = checks(store)["Extra field with the ERP id"]
    assert row.status == "failed"
    assert "“ERP ID”" in row.remedy


def test_a_wrong_token_ends_the_checks_after_one_try(open_store):
    store = open_store(settings={"access_token": "wrong"})
    found = checks(store)
    assert [row.parameter for row in found.values()] == ["access_token"]
    assert len(store.http.calls) == 1


def test_a_missing_scope_fails_its_row_alone(open_store):
    found = checks(open_store(without_scopes=["store_inventory"]))
    assert found["Inventory readable"].status == "failed"
    assert "Store inventory: modify" in found["Inventory readable"].detail
    assert found["Companies readable"].status == "passed"


def test_a_channel_that_is_none_of_the_stores_is_refused(open_store):
    row = checks(open_store(settings={"channel_ids": ["99"]}))["Storefronts with B2B Edition"]
    assert (row.status, row.parameter) == ("failed", "channel_ids")


def test_an_unknown_default_location_is_refused(open_store):
    row = checks(open_store(settings={"location_id": "99"}))["Default location"]
    assert (row.status, row.parameter) == ("failed", "location_id")


MODES = {"dependent": True, "independent": False}


@pytest.mark.parametrize("there", MODES)
@pytest.mark.parametrize("chosen", MODES)
def test_the_store_s_company_behavior_is_told_by_reading(open_store, there, chosen):
    store = open_store(
        dependent=MODES[there], existing_companies=5, settings={"company_mode": chosen}
    )
    if not MODES[there]:
        for key in ("C1", "C2"):
            store.load("customer", customer(key))
    found = checks(store)
    row = found["Company behavior"]
    assert (row.status == "passed") == (there == chosen)
    if there != chosen:
        assert row.parameter == "company_mode"
        assert there.capitalize() in row.remedy or "company behavior" in row.remedy.lower()
    assert ("Customer groups readable" in found) == (chosen == "independent")


def test_lookups_offer_live_choices(open_store):
    store = open_store()
    for lookup in ("channels", "locations", "customer_groups"):
        choices = PLUGIN.lookup(store.client, lookup)
        assert choices
        assert all(choice.value.isdigit() and choice.label for choice in choices)
        one = choices[-1]
        assert one in PLUGIN.lookup(store.client, lookup, one.label.lower())
    assert PLUGIN.lookup(store.client, "locations", "no such place") == []


def test_the_plugin_describes_itself():
    assert PLUGIN.info.role is Role.STORE
    assert {a.key for a in PLUGIN.actions.values()} == set(FLOWS)
    assert {spec.name for spec in PLUGIN.parameters if spec.secret} == {
        "access_token",
        "b2b_password",
    }
    names = {spec.name for spec in PLUGIN.parameters}
    for found in PLUGIN.actions.values():
        assert set(re.findall(r"\{(\w+)\}", found.endpoint)) <= names
    assert all(spec.help for spec in PLUGIN.parameters)


@pytest.mark.parametrize("flow", FLOWS)
def test_rules_read_only_what_the_canonical_record_has(flow):
    action = PLUGIN.action(flow, Direction.LOAD)
    known = set(paths(ENTITIES[action.entity])) | {
        "parent.external_id",
        "parent.name",
        "parent.primary_contact",
        "preferences.send_welcome_email",
    }
    for rule in PLUGIN.mapping_defaults(action):
        sources = (rule.source,) if isinstance(rule.source, str) else rule.source
        assert set(sources) <= known, rule.target
    Mapper(RULES[flow])


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"email": "", "admin": {}}, "E-mail of the main contact"),
        ({"phone": "", "admin": {"email": "a@b.co"}}, "Phone of the main contact"),
        ({"name": ""}, "Company name"),
        ({"address": {}}, "Country of the main address"),
        ({"name": "x" * 201}, "Company name"),
        ({"price_class": "GOLD"}, "Price class"),
    ],
)
def test_what_cannot_be_sent_names_the_field_in_the_operators_words(changes, label):
    canonical = {
        "key": "C1",
        "name": "Acme",
        "status": "active",
        "email": "a@b.co",
        "phone": "1",
        "address": {"country": "US"},
        "admin": {"first_name": "A", "last_name": "B", "email": "a@b.co"},
        "preferences": {},
        **changes,
    }
    problems = Mapper(RULES["customer"]).apply(canonical).problems
    assert label in {problem.field for problem in problems}


def test_settings_without_the_optional_ones_work():
    with PLUGIN.open_client(SETTINGS, None, None) as client:
        assert client.erp_id_field == "ERP ID"
