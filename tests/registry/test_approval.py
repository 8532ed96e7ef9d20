"""An installed plugin: found, approved, changed, revoked, gone; imported only when approved."""

import sys

import pytest
from plugin_kit import loaded

from hub.registry import discovery
from hub.sdk import ConfigError
from hub.store.tables import AuditEvent

pytestmark = pytest.mark.usefixtures("trusting")
ROGUE = "import builtins\nbuiltins.rogue_was_here = True\n"


def events(runtime):
    with runtime.read() as session:
        return [
            (e.who, e.action, e.target) for e in session.query(AuditEvent) if "plugin" in e.action
        ]


def state(runtime, name="shop"):
    return runtime.registry.found[name].state


@pytest.fixture(autouse=True)
def pristine():
    import builtins

    yield lambda: not hasattr(builtins, "rogue_was_here")
    if hasattr(builtins, "rogue_was_here"):
        del builtins.rogue_was_here


def test_nothing_of_it_is_imported_before_an_administrator_approves(site, start, pristine):
    site.plugin("shop", module="hub_shop.deep.plugin", body=ROGUE)
    (site.folder / "hub_shop" / "__init__.py").write_text(ROGUE)
    runtime = start()
    item = runtime.registry.found["shop"]
    assert (item.state, item.distribution, item.version) == ("found", "hub-connector-shop", "1.0")
    assert len(item.package.sha256) == 64
    assert item.package.author == "who@example.com"
    assert runtime.registry.get("shop") is None
    assert "hub plugins approve shop" in runtime.registry.why_not("shop")
    runtime.approvals.look()
    assert loaded() == []
    assert pristine()
    assert events(runtime) == [("hub", "plugin found", "plugin shop of hub-connector-shop")]


def test_a_plugin_in_the_hubs_own_namespace_is_not_imported_either(site, start, pristine):
    site.plugin("shop", module="plugins.shop", body=ROGUE)
    runtime = start()
    assert state(runtime) == "found"
    assert "plugins.shop" not in sys.modules
    assert pristine()
    runtime.approvals.approve("shop", "mara")
    assert state(runtime) == "approved"
    assert not pristine()
    assert runtime.registry.get("acumatica").info.label == "Acumatica ERP"


def test_no_package_can_take_the_place_of_the_hubs_namespace(site, start, pristine, monkeypatch):
    site.plugin("shop", module="plugins.shop", body=ROGUE)
    (site.folder / "plugins" / "__init__.py").write_text(ROGUE)
    (site.folder / "plugins" / "acumatica").mkdir()
    (site.folder / "plugins" / "acumatica" / "__init__.py").write_text(ROGUE)
    for name in [name for name in sys.modules if name.split(".")[0] == "plugins"]:
        monkeypatch.delitem(sys.modules, name)
    runtime = start()
    assert pristine()
    assert runtime.registry.get("acumatica").info.label == "Acumatica ERP"
    assert "would hide the hub's own plugins" in runtime.registry.found["shop"].reason
    with pytest.raises(ConfigError, match="cannot be approved"):
        runtime.approvals.approve("shop", "mara")


def test_an_approval_takes_effect_at_once_and_lasts(site, start):
    site.plugin("shop")
    first = start()
    seen = first.registry.found["shop"].package.sha256
    with pytest.raises(ConfigError, match="changed since you looked"):
        first.approvals.approve("shop", "mara", sha256="0" * 64)
    assert first.approvals.approve("shop", "mara", sha256=seen).plugin.info.label == "Label of shop"
    first.close()
    second = start()
    assert state(second) == "approved"
    assert ("mara", "plugin approved", "plugin shop of hub-connector-shop") in events(second)
    [entry] = [e for e in second.approvals.entries() if e.found.name == "shop"]
    assert (entry.row.decided_by, entry.row.sha256) == ("mara", seen)


def test_another_process_follows_without_a_new_start(site, start):
    site.plugin("shop")
    here, there = start(), start()
    here.approvals.approve("shop", "mara")
    assert state(there) == "found"
    there.approvals.follow(scan=False)
    assert state(there) == "approved"
    there.approvals.revoke("shop", "otto")
    here.approvals.follow(scan=False)
    assert state(here) == "revoked"
    assert "its approval was revoked" in here.registry.why_not("shop")


def test_revoked_it_is_not_imported_at_the_next_start(site, start):
    module = site.plugin("shop")
    first = start()
    first.approvals.approve("shop", "mara")
    first.approvals.revoke("shop", "otto")
    first.close()
    del sys.modules[module]
    assert state(start()) == "revoked"
    assert loaded() == []


def test_changed_files_are_shown_audited_and_do_not_run_until_approved_again(site, start):
    module = site.plugin("shop")
    first = start()
    first.approvals.approve("shop", "mara")
    site.plugin("shop", ROGUE, version="1.1")
    first.approvals.look()
    assert state(first) == "changed"
    assert "not the ones that were approved" in first.registry.why_not("shop")
    with first.read() as session:
        [event] = session.query(AuditEvent).filter_by(action="plugin changed")
    assert (event.before["version"], event.after["version"]) == ("1.0", "1.1")
    # This process has the old code in memory, so it says that it must start again.
    first.approvals.approve("shop", "mara")
    assert state(first) == "restart"
    first.close()
    del sys.modules[module]
    assert state(start()) == "approved"


def test_one_altered_byte_is_a_change_also_beside_the_listed_files(site, start):
    module = site.plugin("shop")
    start().approvals.approve("shop", "mara")
    (site.folder / module / "more.py").write_text("x = 1")
    assert state(start()) == "changed"
    (site.folder / module / "more.py").unlink()
    assert state(start()) == "approved"


def test_uninstalled_and_installed_again(site, start):
    site.plugin("shop")
    runtime = start()
    runtime.approvals.approve("shop", "mara")
    site.remove("hub-connector-shop")
    runtime.approvals.look()
    assert state(runtime) == "missing"
    assert "hub-connector-shop is not installed any more" in runtime.registry.why_not("shop")
    site.plugin("shop")
    runtime.approvals.look()
    assert state(runtime) == "approved"
    assert [e[1] for e in events(runtime)] == [
        "plugin found", "plugin approved", "plugin removed", "plugin found",
    ]  # fmt: skip


def test_two_packages_with_one_plugin_name_keep_each_other_out_and_the_approved_one_works(
    site, start
):
    site.plugin("shop")
    runtime = start()
    runtime.approvals.approve("shop", "mara")
    site.plugin("shop", dist="a-rival", module="hub_rival")
    site.plugin("acumatica", dist="a-thief", module="hub_thief")
    runtime.approvals.look()
    assert state(runtime) == "approved"
    reasons = {item.distribution: item.reason for item in runtime.registry.others}
    assert "hub-connector-shop has a plugin of the same name, shop" in reasons["a-rival"]
    assert "integration-hub has a plugin of the same name" in reasons["a-thief"]
    assert runtime.registry.get("acumatica").info.label == "Acumatica ERP"
    assert loaded() == ["hub_shop"]


def test_bundled_ones_need_no_approval_and_keep_it(start):
    runtime = start()
    assert state(runtime, "acumatica") == "approved"
    with pytest.raises(ConfigError, match="part of the hub"):
        runtime.approvals.revoke("acumatica", "mara")
    with pytest.raises(ConfigError, match=r"There is no plugin 'nobody'\. There are: acumatica"):
        runtime.approvals.approve("nobody", "mara")


def test_broken_metadata_of_others_hides_no_plugin(site, start):
    site.plugin("shop")
    site.metadata("not-utf8", "1.0", "x = y")
    (site.folder / "not_utf8-1.0.dist-info" / "entry_points.txt").write_bytes(b"[hub.\xff]\n\xfe")
    site.metadata("no-module", "1.0", "lost = hub_nowhere.at_all")
    site.metadata("odd", "1.0", "odd = not a module!")
    runtime = start()
    assert state(runtime) == "found"
    assert "there is no module hub_nowhere.at_all" in runtime.registry.found["lost"].reason
    assert "is not a module" in runtime.registry.found["odd"].reason
    assert discovery.normal("Hub_Connector.Shop") == "hub-connector-shop"
