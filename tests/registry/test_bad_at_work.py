"""Whatever an approved plugin does while it works: its sync says so, others go on, nothing is lost."""

import sys
from pathlib import Path

import pytest
import rig as e2e
from bad_plugins import READING
from rig import CONNECTOR, Rig
from test_bad_plugins import approve_all
from test_plugins_page import Desk

from hub.registry import BUNDLED, Registry
from hub.runtime.sync import Sync
from hub.scheduler import Ticker
from hub.store.tables import Connector, Flow

EXAMPLES = Path(__file__).parents[2] / "examples" / "csv-erp"
pytestmark = pytest.mark.usefixtures("trusting")

ERP = """
import os, sys, threading
from dataclasses import replace
from csv_erp import hooks
from csv_erp.hooks import *
from hub.sdk import Page, Record, hookimpl
DO = ""

@hookimpl
def hub_plugin_info():
    return replace(hooks.hub_plugin_info(), key="rogue")

@hookimpl
def hub_extract(client, action, window):
    if DO == "number":
        return 7
    if DO == "exit":
        sys.exit(3)
    return pages(client, action, window)

def pages(client, action, window):
    if DO == "raises":
        raise KeyError("customers")
    if DO == "os_exit":
        os._exit(3)
    if DO == "thread":
        threading.Thread(target=lambda: 1 / 0).start()
        print("this is no log", "x" * 100)
    if DO == "text":
        yield Page((Record("1", {"name": "x" * 6_000_000}),))
    if DO == "no_page":
        yield ["1"]
    if DO == "no_record":
        yield Page(({"number": 1},))
    while DO == "empty":
        yield Page(())
    while DO == "same":
        yield Page((Record("1", None, deleted=True),))
    yield from hooks.hub_extract(client, action, window)
"""

ENDING = ("exit", "os_exit")


class WithRogueErp(Rig):
    """The usual pair, and beside it the rogue ERP into the same store."""

    def __init__(self, home):
        self.lists = None
        super().__init__(home, customers=4, items=2)

    @property
    def runtime(self):
        new = self._runtime is None
        made = super().runtime
        if new:
            approve_all(made)
        return made

    def document(self):
        if self.lists is None:
            self.lists = self._serve("csv_erp", {"customers": 5, "items": 2})
            self.environ["CSV_KEY"] = "simulated-key"
        document = super().document()
        values = {**self.lists.sim.settings(self.lists.url), "api_key": "env:CSV_KEY"}
        document["connections"]["lists"] = {
            "plugin": "rogue", "own_network": True, "parameters": values,
        }  # fmt: skip
        other = {**document["connectors"][CONNECTOR], "name": "Rogue", "erp": "lists"}
        other["preferences"] = {"customer_classes": "all"}
        document["connectors"]["ROGUE"] = {**other, "features": {"customer": {}}}
        return document


@pytest.fixture
def lists(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(e2e, "REGISTRY", Registry({**BUNDLED, "csv_erp": "csv_erp"}))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "csv_erp"]:
        del sys.modules[name]


def test_a_plugin_that_misbehaves_while_it_reads(tmp_path, site, lists, capfd, monkeypatch):
    monkeypatch.setattr("threading.excepthook", lambda *_: None)
    site.plugin("rogue", ERP, head="")
    rig = WithRogueErp(tmp_path)
    try:
        rogue = sys.modules["hub_rogue"]
        for do, (_, said) in READING.items():
            rogue.DO = do
            [problem] = Sync(rig.runtime, "ROGUE").run(["customer"]).problems
            assert said.replace("NAME", "rogue") in problem, do
            assert "Nothing was lost; the messages wait." in problem
        assert rig.sync("customer")["customer"]["created"] > 0
        for do in ENDING:
            rogue.DO = do
            [problem] = Sync(rig.runtime, "ROGUE").run(["customer"]).problems
            assert "rogue failed in hub_extract: it tried to end the process." in problem, do
            rig.runtime.approvals.look()
            item = rig.runtime.registry.found["rogue"]
            assert item.state == "quarantined"
            assert item.reason == "hub_extract: it tried to end the process"
            [problem] = Sync(rig.runtime, "ROGUE").run(["customer"]).problems
            assert "The plugin rogue cannot be used: hub_extract: it tried" in problem
            assert rig.sync("customer", mode="full")["customer"]["read"] == 4
            rig.runtime.approvals.approve("rogue", "mara")
        rogue.DO = "thread"
        flows = Sync(rig.runtime, "ROGUE").run(["customer"]).flows
        assert flows["customer"]["created"] > 0
        assert "this is no log" not in capfd.readouterr().out
        goes_and_comes_back(rig, site)
    finally:
        rig.close()


def goes_and_comes_back(rig, site):
    """Uninstalled while it is configured: its sync rests with the reason, nothing is lost."""
    runtime = rig.runtime
    with runtime.read() as session:
        [flow] = session.query(Flow).join(Connector).filter(Connector.key == "ROGUE")
    runtime.approvals.approve("rogue", "mara")
    bound = rig.query("SELECT count(*) FROM binding")
    site.remove("hub-connector-rogue")
    runtime.approvals.look()
    rig.clock.sleep(3600)
    ticker = Ticker(runtime.tools, lambda _flow: None)
    assert flow.id not in {due.flow_id for due in ticker.tick()}
    desk = Desk(runtime)
    assert "Rogue rests meanwhile; nothing is lost" in desk.page("/plugins")
    assert "rogue cannot be used" in desk.page("/connectors/ROGUE")
    assert rig.query("SELECT count(*) FROM binding") == bound
    site.plugin("rogue", ERP, head="")
    runtime.approvals.look()
    assert "rogue" in runtime.registry.plugins
    assert flow.id in {due.flow_id for due in ticker.tick()}
    assert Sync(runtime, "ROGUE").run(["customer"]).problems == []


STORE = """
import sys
from dataclasses import replace
from plugins.bigcommerce import hooks
from plugins.bigcommerce.hooks import *
from hub.sdk import LoadResult, Outcome, hookimpl
DO = ""

@hookimpl
def hub_plugin_info():
    return replace(hooks.hub_plugin_info(), key="rogue")

@hookimpl
def hub_load(client, action, batch):
    if DO == "before":
        sys.exit(3)
    done = hooks.hub_load(client, action, batch)
    if DO == "none":
        return None
    if DO == "words":
        return ["created"] * len(done)
    if DO == "fewer":
        return done[1:]
    if DO == "long":
        return [replace(one, external_id="9" * 600) for one in done]
    if DO == "after":
        raise SystemExit(3)
    return done
"""


class WithRogueStore(WithRogueErp):
    """The usual ERP, and a store whose plugin misbehaves in its deliveries."""

    def document(self):
        document = Rig.document(self)
        document["connections"]["store"]["plugin"] = "rogue"
        return document


@pytest.mark.slow
@pytest.mark.parametrize("do", ["none", "words", "fewer", "long", "after", "before"])
def test_a_plugin_that_misbehaves_while_it_delivers_loses_and_doubles_nothing(
    tmp_path, site, monkeypatch, do
):
    monkeypatch.setattr(e2e, "REGISTRY", Registry())
    site.plugin("rogue", STORE, head="")
    rig = WithRogueStore(tmp_path)
    try:
        rogue = sys.modules["hub_rogue"]
        rogue.DO = do
        rig.run("customer")
        rig.runtime.approvals.look()
        state = rig.runtime.registry.found["rogue"].state
        assert state == ("quarantined" if do in ("after", "before") else "approved")
        rogue.DO = ""
        rig.runtime.approvals.approve("rogue", "mara")
        rig.quiesce()
        assert set(rig.companies()) == set(e2e.eligible(rig))
        assert rig.created_twice() == []
    finally:
        rig.close()
