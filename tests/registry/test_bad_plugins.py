"""Whatever a plugin does when it is imported and describes itself: a reason, and the hub goes on."""

import re
from pathlib import Path

import pytest
import rig as e2e
from bad_plugins import BAD, table, table_at_work
from configuration_kit import text_of
from plugin_kit import loaded
from rig import Rig
from test_plugins_page import Desk

from hub.registry import Limits, Registry, registry
from hub.registry.child import judge
from hub.registry.probe import Seen, look_at
from hub.store.tables import PluginApproval

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "quarantine.md"
SOON = Limits(seconds=0.4)
"""Enough for nothing, so that what hangs for ever is found to hang on any machine."""


def look(package, limits=None):
    """The child's look in this process, where nothing but a real child survives a plugin."""
    bad = BAD.get(package.name)
    if bad is None:
        return Seen()
    if bad.child:
        return look_at(package, SOON if package.name == "hangs" else limits)
    given = {"name": package.name, "module": package.module, "attribute": package.attribute}
    return Seen(judge(given, lambda **_: None))


@pytest.fixture
def rig(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "look_at", look)
    monkeypatch.setattr(e2e, "REGISTRY", Registry())
    made = Rig(tmp_path, customers=4, items=2)
    yield made
    made.close()


def approve_all(runtime):
    """Every plugin that was found, in one step."""
    with runtime.write() as session:
        for row in session.query(PluginApproval):
            row.state, row.sha256 = "approved", row.seen_sha256
            row.decided_at = runtime.clock.now()
    runtime.approvals.look()


def test_each_bad_plugin_has_its_reason_on_the_page_and_a_good_sync_delivers(rig, site, capfd):
    for name, bad in BAD.items():
        site.plugin(name, bad.body)
    desk = Desk(rig.runtime)
    desk.post("/plugins/look", page="/plugins")
    assert f"{len(BAD)} found and not approved" in desk.page()
    assert loaded() == []
    approve_all(rig.runtime)
    page = desk.page()
    for name, bad in BAD.items():
        said = bad.said.replace("20 seconds", "0.4 seconds")
        item = rig.runtime.registry.found[name]
        if not said:
            assert item.state == "approved", (name, item.reason)
            continue
        assert item.state == "quarantined", name
        assert f"{name} is quarantined" in page
        assert said in item.reason, (name, item.reason)
        assert item.reason.rstrip(".") in page, (name, item.reason)
    assert "Acumatica ERP" in page
    assert rig.sync("customer")["customer"]["created"] > 0
    assert "xxxx" not in capfd.readouterr().out


def test_the_table_in_the_reference_is_this_one():
    rows = re.findall(r"^\| (.+) \| (.+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    rows = [row for row in rows if not row[0].startswith("-") and row[0] != "what the plugin does"]
    assert rows == table() + table_at_work(), "write docs/reference/quarantine.md anew from table()"


def test_a_plugin_out_of_quarantine_works_again_once_an_administrator_lets_it_try(rig, site):
    site.plugin("no_import", BAD["no_import"].body)
    desk = Desk(rig.runtime)
    desk.post("/plugins/look", page="/plugins")
    rig.runtime.approvals.approve("no_import", "mara")
    (site.folder / "no_such_library.py").write_text("")
    answer = desk.post("/plugins/no_import/approve", page="/plugins")
    assert "no_import is approved and in use" in text_of(desk.client.get(answer.location))
    assert rig.runtime.registry.get("no_import") is not None
