"""The example connector in the hub: what stands in its lists arrives in the store, once."""

import sys
from pathlib import Path

import pytest
import rig as e2e
from rig import Rig

from hub.registry import Registry
from hub.registry.registry import BUNDLED

KEY = "simulated-key"


class CsvRig(Rig):
    """A rig whose ERP is the example connector's."""

    def _serve(self, plugin, options):
        return super()._serve("csv_erp" if plugin == "acumatica" else plugin, options)

    def document(self):
        document = super().document()
        erp = document["connections"]["erp"]
        erp["plugin"] = "csv_erp"
        erp["parameters"] = {**self.erp.settings(self.erp_server.url), "api_key": "env:CSV_KEY"}
        self.environ["CSV_KEY"] = KEY
        document["connectors"][e2e.CONNECTOR]["preferences"]["customer_classes"] = "all"
        return document


@pytest.fixture
def csv_rig(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples" / "csv-erp"))
    monkeypatch.setattr(e2e, "REGISTRY", Registry({**BUNDLED, "csv_erp": "csv_erp"}))
    made = CsvRig(tmp_path, customers=30, items=10)
    yield made
    made.close()
    for name in [name for name in sys.modules if name.split(".")[0] == "csv_erp"]:
        del sys.modules[name]


def open_ones(rig):
    return {row["number"] for row in rig.erp.rows("customers") if row["status"] == "open"}


def test_customers_addresses_and_contacts_arrive_and_a_second_run_is_silent(csv_rig):
    first = csv_rig.sync("customer", "location", "contact")
    assert set(csv_rig.companies()) == open_ones(csv_rig)
    assert first["customer"]["created"] == len(open_ones(csv_rig))
    assert set(csv_rig.addresses()) >= {f"{number}/MAIN" for number in open_ones(csv_rig)}
    before = len(csv_rig.store.journal.after(0))
    again = csv_rig.sync("customer", "location", "contact")
    assert again["customer"]["unchanged"] == again["customer"]["read"] == 30
    assert len(csv_rig.store.journal.after(0)) == before


def test_one_changed_row_is_one_write(csv_rig):
    csv_rig.sync("customer")
    number = min(open_ones(csv_rig))
    csv_rig.erp.put_row("customers", number, {"phone": "555-0199"})
    before = len(csv_rig.store.journal.after(0))
    csv_rig.sync("customer")
    effects = csv_rig.store.journal.after(before)
    assert [(e["effect"], e["key"]) for e in effects if e["entity"] == "companies"] == [
        ("updated", number)
    ]
