"""Endpoint versions 22.200 to 25.200: the connector asks for what each has, and reads the same."""

import json
from pathlib import Path

import pytest

from hub.sdk import VirtualClock, Window
from hub.sdk.simulation import serve
from plugins.acumatica import checks
from plugins.acumatica.client import open_client
from plugins.acumatica.simulator import make_simulator
from plugins.acumatica.simulator.schema import spec
from plugins.acumatica.simulator.versions import STATED, VERSIONS, lacks, names
from tests.contract.acumatica_connector_kit import PLUGIN, MemoryState, TinyHttp, action

DERIVED = Path(__file__).resolve().parents[3] / "shared" / "vendor" / "acumatica" / "derived"
ENTITIES = ("Customer", "CustomerLocation", "Contact", "StockItem", "Warehouse", "StorageDetail")


@pytest.fixture
def site():
    sim = make_simulator(VirtualClock(), 7, customers=12, items=6, quotas=None)
    with serve(sim) as running:
        yield sim, running.url


def opened(site, version):
    sim, url = site
    state = MemoryState()
    state.users = 1
    return open_client({**sim.settings(url), "endpoint_version": version}, TinyHttp(), state)


def read(site, version, key):
    with opened(site, version) as client:
        pages = PLUGIN.extract(client, action(key), Window())
        return {record.key: record.data for page in pages for record in page.records}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", ["customer", "location", "contact", "inventory"])
def test_every_version_gives_the_same_records(site, version, key):
    rules = PLUGIN.mapping_defaults(action(key))
    known = {rule.source for rule in rules if isinstance(rule.source, str)}
    wanted, found = read(site, STATED, key), read(site, version, key)
    assert found.keys() == wanted.keys()
    differing = {
        name for one in wanted for name in known if wanted[one].get(name) != found[one].get(name)
    }
    old = version == "22.200.001"
    assert differing == ({"Default"} if old and key == "location" else set())


def test_the_primary_contact_is_known_in_the_oldest_version_too(site):
    from hub.mapping import Mapper

    mapper = Mapper(PLUGIN.mapping_defaults(action("customer")))
    wanted = {
        key: mapper.apply(data).payload for key, data in read(site, STATED, "customer").items()
    }
    found = {
        key: mapper.apply(data).payload
        for key, data in read(site, "22.200.001", "customer").items()
    }
    assert found == wanted


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_asked_for_that_the_version_does_not_have(site, version):
    with opened(site, version) as client:
        for key in ("customer", "location", "contact"):
            list(PLUGIN.extract(client, action(key), Window()))
        for _, path, query, _ in client.http.calls:
            entity = path.rpartition("/")[2]
            asked = set((query.get("$select") or "").split(","))
            assert not asked & lacks(version, entity), (version, entity)


def test_a_filter_by_a_field_of_a_later_version_is_refused(site):
    with opened(site, "22.200.001") as client, pytest.raises(Exception, match="PrimaryContactID"):
        client.rows("Customer", {"$filter": "PrimaryContactID eq 1"})


def test_a_field_of_a_later_version_is_dropped_silently_when_it_is_written(site):
    with opened(site, "22.200.001") as client:
        body = {"CustomerID": {"value": "NEW01"}, "CustomerName": {"value": "New"},
                "Email": {"value": "x@example.com"}}  # fmt: skip
        answer = client.call("PUT", f"{client.endpoint}/Customer", "a save", json=body)
    assert "Email" not in answer.json()


@pytest.mark.parametrize(("version", "status"), [("22.200.001", "note"), ("25.200.001", "passed")])
def test_initialization_says_what_a_version_cannot_do(site, version, status):
    with opened(site, version) as client:
        rows = list(checks.checks(client, ["location"], site[0].clock))
    (row,) = [row for row in rows if row.activity.startswith("Endpoint")]
    assert row.status == status
    assert all(row.status != "failed" for row in rows)
    if status == "note":
        assert "default" in row.detail
        assert "23.200.001" in row.remedy


@pytest.mark.vendor_spec
def test_the_differences_are_those_of_the_vendor():
    if not DERIVED.exists():
        pytest.skip("../shared/vendor/acumatica/derived is not here")
    stated = json.loads((DERIVED / "endpoint-version-diffs.json").read_text())
    steps = {"23.200.001": "22.200->23.200", "24.200.001": "23.200->24.200"}
    for before, after in (("22.200.001", "23.200.001"), ("23.200.001", "24.200.001")):
        fields = stated[steps[after]]["fields"]
        for entity in ENTITIES:
            change = fields.get(entity, {"added": [], "removed": []})
            modelled = set(spec(entity).kinds)
            came = (lacks(before, entity) - lacks(after, entity)) & modelled
            renamed = names(before, entity).keys() - names(after, entity).keys()
            assert came | renamed == set(change["added"]) & modelled, (entity, after)
            if renamed:
                assert set(names(before, entity).values()) == set(change["removed"])
