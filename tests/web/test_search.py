"""Search finds a word inside names, takes signs literally, and acts on all that match."""

import re

import pytest
from operate_kit import NOW, Hub
from sqlalchemy import insert, select

from hub.reports import records as reports
from hub.store.tables import Connector, Enablement, Message, RecordRow

MANY = 1_200


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    connector = made.connector()
    erp, _ = made.ids(connector)
    made.erp = erp
    for key, title in (
        ("C1", "Großhandel Müller & Söhne"), ("C2", "MÜLLER Direkt"), ("C3", "50% Off_Trade"),
        ("C4", "50 Percent OffXTrade"), ("C5", "O'Neill \\ Back"), ("C6", "x" * 100),
    ):
        made.record(erp, key, title)
    made.record(erp, "C7", "Quiet One", email="quiet@example.com")
    yield made
    made.close()


def keys(hub, q, page="/records/", **more):
    answer = hub.browser.get(page, query_string={"q": q, **more})
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    return sorted(set(re.findall(r'class="sub mono">(C\d+)<', text)))


@pytest.mark.parametrize(("q", "found"), [
    ("handel", ["C1"]), ("müller", ["C1", "C2"]), ("MÜLLER", ["C1", "C2"]), ("söhne", ["C1"]),
    ("50%", ["C3"]), ("off_", ["C3"]), ("offx", ["C4"]), ("percent off", ["C4"]),
    ("o'neill", ["C5"]), ("\\", ["C5"]), ("%", ["C3"]), ("_", ["C3"]), ("x" * 100, ["C6"]),
    ("quiet@example.com", ["C7"]), ("QUIET@example.com", ["C7"]), ("c4", ["C4"]),
    ("' OR 1=1 --", []), ("nobody", []),
])
def test_records_are_found_by_any_part_of_their_name(hub, q, found):
    assert keys(hub, q) == found


@pytest.mark.parametrize("q", ["handel", "MÜLLER", "C1"])
def test_messages_are_found_by_any_part_of_their_records_name(hub, q):
    with hub.runtime.read() as session:
        record = session.scalar(select(RecordRow.id).where(RecordRow.key == "C1"))
    ident = hub.message(hub.flows["B2B-US", "customer"], record, "C1", entity="customer")
    assert f"/messages/{ident}" in hub.text(f"/messages/?q={q}")
    assert f"/messages/{ident}" not in hub.text("/messages/?q=percent")


def many(hub):
    with hub.runtime.write() as session:
        session.execute(insert(RecordRow), [
            {"connection_id": hub.erp, "entity": "customer", "key": f"M{n:05}",
             "title": f"Number {n} Trading", "record_class": "DEALER", "status": "active",
             "attributes": {}, "seen_at": NOW} for n in range(MANY)])  # fmt: skip


def test_all_that_match_means_all_of_them(hub):
    many(hub)
    assert f"All {MANY:,} that match" in hub.text("/records/?q=trading")
    with hub.runtime.read() as session:
        wanted = reports.RecordFilter(text="trading")
        connector = session.scalar(select(Connector))
        assert len(reports.ids_of(session, connector, wanted)) == MANY
    data = {"connector": "B2B-US", "all": "1", "f_entity": "customer", "f_q": "trading",
            "do": "disable"}
    hub.browser.post("/records/change", data, page="/records/?q=trading")
    with hub.runtime.read() as session:
        off = session.query(Enablement).filter(Enablement.enabled.is_(False)).count()
    assert off == MANY


def test_pages_of_a_search_follow_each_other_without_gap_or_double(hub):
    many(hub)
    seen, url = [], "/records/?q=trading"
    for _ in range(4):
        text = hub.text(url)
        seen += re.findall(r'class="sub mono">(M\d+)<', text)
        url = re.search(r'rel="next" href="([^"]+)"', text)[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 100
    assert seen == sorted(seen)


def test_the_count_beside_all_is_that_of_the_filter_not_of_everything_parked(hub):
    flow = hub.flows["B2B-US", "customer"]
    with hub.runtime.read() as session:
        ids = list(session.scalars(select(RecordRow.id).order_by(RecordRow.key)))
    for number, record in enumerate(ids):
        hub.message(flow, record, f"C{number + 1}", entity="customer", reason="No class",
                    reason_group="class", age=60 + number)
    text = hub.text("/messages/?q=percent&tab=parked")
    assert "All 1 that match" in text
    assert f"All {len(ids)} that match" in hub.text("/messages/?tab=parked")
    with hub.runtime.read() as session:
        assert session.query(Message).count() == len(ids)
