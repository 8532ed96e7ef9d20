"""Imports and links of records on PostgreSQL: the same statements, the same results."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "web"))

from import_kit import apply, bind, counts, csv_of, disabled, errors, links, read, waiting
from operate_kit import NOW, FlowState
from test_pages_postgres import ServedHub

from hub.outbox import purge
from hub.reports import proposals, record_export
from hub.settings import links as linking
from hub.store.tables import Connector, MatchProposal, RecordImportRow

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def hub(new_pg, tmp_path):
    made = ServedHub(tmp_path, new_pg())
    yield made
    made.close()


def row(key, enabled="", reference=""):
    return ["B2B-US", "customer", key, "", enabled, reference]


def test_a_file_is_read_applied_and_forgotten_in_time(hub):
    erp, store = hub.ids(hub.connector())
    alder, birch, cedar = (hub.record(erp, key) for key in ("ALDER", "BIRCH", "CEDAR"))
    child = hub.record(erp, "ALDER|1", "Main", "location", "ALDER")
    bind(hub, store, alder, "11")
    bind(hub, store, child, "111", "location")
    flow = hub.flows["B2B-US", "customer"]
    hub.add(FlowState(flow_id=flow, record_id=alder, content_hash="x", settled_at=NOW))
    hub.message(flow, cedar, "CEDAR", "parked", entity="customer")
    ident = read(hub, csv_of(row("ALDER", "no", "unlink"), row("BIRCH", "", "11"),
                             row("CEDAR", "no"), row("XX", "no"), row("CEDAR", "yes")))  # fmt: skip
    assert sorted(errors(hub, ident)) == [4, 5, 6]
    assert counts(hub, ident)["children_unlinked"] == 1
    apply(hub, ident)
    assert links(hub) == {birch: "11"}
    assert disabled(hub) == {alder}
    assert waiting(hub) == ["BIRCH"]
    with hub.runtime.read() as session:
        assert session.query(FlowState).count() == 0
        assert len(list(record_export.everything(session))) == 4
    hub.clock.sleep(40 * 86400)
    purge(hub.runtime.database, hub.clock.now(), 30, 7)
    with hub.runtime.read() as session:
        assert session.query(RecordImportRow).count() == 0


def test_links_and_proposals(hub):
    erp, store = hub.ids(hub.connector())
    birch, cedar = (hub.record(erp, key) for key in ("BIRCH", "CEDAR"))
    bind(hub, store, birch, "11")
    context = hub.runtime.context
    with pytest.raises(linking.FieldErrors, match="11 is already linked to BIRCH"):
        linking.link(context, 1, cedar, "11", "me", expected="")
    linking.unlink(context, 1, birch, "me", expected="11")
    linking.link(context, 1, cedar, "11", "me", expected="")
    hub.add(MatchProposal(connector_id=1, record_id=birch, entity="customer", how="name",
                          external_id="12", level="high"))  # fmt: skip
    with hub.runtime.read() as session:
        connector = session.get_one(Connector, 1)
        assert proposals.counts(session, connector, "customer")["high"] == 1
        assert proposals.unlinked(session, connector, "customer") == 1
    hub.runtime.matching.accept(1, "customer", [], "high", "me")
    assert links(hub) == {cedar: "11", birch: "12"}
