"""One waiting and one running row per record, and what a newer reading does to each (R2, R6)."""

import pytest
from settings_kit import Kit
from sqlalchemy import text

from hub.outbox import (
    Incoming,
    Settled,
    Settlement,
    claim_due,
    give_back,
    put_keys,
    put_page,
    retry,
    skip,
    sweep,
    waiting_counts,
)
from hub.sdk import Cursor
from hub.store.base import to_ms
from hub.store.tables import Connection, Connector, Flow


class Box:
    """A flow of customers on an empty database."""

    def __init__(self, folder):
        self.kit = Kit(folder)
        self.database = self.kit.database
        now = self.kit.clock.now()
        common = {"created_at": now, "updated_at": now}
        with self.database.write() as session:
            erp, store = (Connection(key=k, plugin=k, **common) for k in ("erp", "store"))
            session.add_all([erp, store])
            session.flush()
            connector = Connector(key="C", erp_id=erp.id, store_id=store.id, **common)
            session.add(connector)
            session.flush()
            flow = Flow(connector_id=connector.id, key="customer", source_action="customer",
                        target_action="customer")  # fmt: skip
            session.add(flow)
            session.flush()
            self.erp, self.store, self.connector = erp.id, store.id, connector.id
            self.flow = flow.id

    @property
    def now(self):
        return to_ms(self.kit.clock.now())

    def do(self, function, *arguments, **named):
        with self.database.begin() as connection:
            return function(connection, *arguments, **named)

    def person(self, function, *arguments):
        with self.database.core() as connection:
            return function(connection, *arguments)

    def put(self, key="K1", version="2026-01-01", content="a", *, rule="1", **options):
        record = Incoming(key, f'{{"v":"{content}"}}', content, version, title=key)
        return self.do(put_page, flow_id=self.flow, source_id=self.erp, entity="customer", run_id=None,
                       rule_version=rule, records=[record], now_ms=self.now, **options)  # fmt: skip

    def rows(self):
        with self.database.read() as session:
            found = session.execute(text("SELECT * FROM message ORDER BY id")).all()
        return [(row.status, row.payload and row.payload[6:-2], row.source_version) for row in found]

    def claim(self, size=10):
        return self.do(claim_due, self.flow, "me", size, self.now)

    def settle(self, token, row, status, **more):
        settled = Settled(row.id, row.key, row.record_id, status, rule_version="1",
                          canonical_hash=row.canonical_hash, source_version=row.source_version,
                          **more)  # fmt: skip
        settlement = Settlement(self.flow, self.connector, "customer", None, self.store, "customer",
                                token, rows=[settled])  # fmt: skip
        self.do(settlement.write, self.now)
        self.do(give_back, token, self.now)

    def deliver(self):
        token, (row,) = self.claim()
        self.settle(token, row, "done", state=True, content_hash="h", bind=True, external_id="9")


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_a_newer_reading_replaces_what_waits(box):
    box.put(version="2026-01-01", content="old")
    box.put(version="2026-01-02", content="new")
    assert box.rows() == [("pending", "new", "2026-01-02")]


def test_an_older_reading_never_replaces_a_newer_one(box):
    box.put(version="2026-01-02", content="new")
    box.put(version="2026-01-01", content="old")
    assert box.rows() == [("pending", "new", "2026-01-02")]


def test_two_readings_of_a_record_in_one_page_are_one_message(box):
    records = [Incoming("K1", f'{{"v":"{c}"}}', c, v) for c, v in (("a", "1"), ("b", "2"))]
    result = box.do(put_page, flow_id=box.flow, source_id=box.erp, entity="customer", run_id=None,
                    rule_version="1", records=records, now_ms=box.now)  # fmt: skip
    assert result.queued == ["K1"]
    assert box.rows() == [("pending", "b", "2")]


def test_the_same_reading_again_makes_no_message_once_it_was_delivered(box):
    box.put(content="a")
    box.deliver()
    result = box.put(content="a")
    assert (result.unchanged, result.queued) == (1, [])
    assert [row[0] for row in box.rows()] == ["done"]


@pytest.mark.parametrize("more", [
    {"version": "2026-01-02", "content": "b"}, {"content": "b"}, {"rule": "2"},
])
def test_other_content_or_another_rule_makes_a_message(box, more):
    box.put(content="a")
    box.deliver()
    assert box.put(**more).queued == ["K1"]
    assert [row[0] for row in box.rows()] == ["done", "pending"]


def test_an_older_stamp_counts_only_where_the_whole_source_is_read(box):
    box.put(version="2026-01-05", content="a")
    box.deliver()
    assert box.put(version="2026-01-02", content="restored").queued == []
    assert box.put(version="2026-01-02", content="restored", whole=True).queued == ["K1"]


def test_a_change_beside_a_running_row_waits_for_it(box):
    box.put(version="2026-01-01", content="a")
    token, (row,) = box.claim()
    box.put(version="2026-01-02", content="b")
    assert [status for status, *_ in box.rows()] == ["in_flight", "pending"]
    assert box.claim()[1] == [], "never two of one record on their way"
    counts = box.do(waiting_counts, box.flow, box.now)
    assert (counts["due"], counts["later"]) == (0, 1)
    box.settle(token, row, "done", state=True, content_hash="h", bind=True, external_id="9")
    assert [r.key for r in box.claim()[1]] == ["K1"]


def test_the_very_same_content_beside_a_running_row_is_not_sent_twice(box):
    box.put(content="a")
    box.claim()
    assert box.put(content="a").unchanged == 1
    assert [status for status, *_ in box.rows()] == ["in_flight"]


def test_a_row_given_back_beside_a_newer_one_is_superseded(box):
    box.put(version="2026-01-01", content="a")
    token, _ = box.claim()
    box.put(version="2026-01-02", content="b")
    box.do(give_back, token, box.now)
    assert [(s, c) for s, c, _ in box.rows()] == [("superseded", "a"), ("pending", "b")]


@pytest.mark.parametrize("status", ["parked", "pending", "blocked"])
def test_a_row_that_ends_waiting_beside_a_newer_one_is_superseded(box, status):
    box.put(version="2026-01-01", content="a")
    token, (row,) = box.claim()
    box.put(version="2026-01-02", content="b")
    more = {"blocked": ("customer", "P")} if status == "blocked" else {}
    box.settle(token, row, status, **more)
    states = [(s, c) for s, c, _ in box.rows()]
    assert ("pending", "b") in states
    assert sum(s in ("pending", "parked", "blocked") for s, _ in states) == 1


def test_a_parked_row_is_released_by_a_change_with_fresh_budgets(box):
    box.put(version="2026-01-01", content="a")
    token, (row,) = box.claim()
    box.settle(token, row, "parked", reason="refused", attempts=6, field="E-mail")
    assert box.put(version="2026-01-01", content="a").unchanged == 1
    assert box.rows()[0][0] == "parked", "the same reading changes nothing"
    box.put(version="2026-01-02", content="b")
    (after,) = box.claim()[1]
    assert (after.attempts, after.isolation, after.crashes) == (0, 0, 0)


def test_keys_alone_are_one_message_without_a_payload(box):
    named = {"flow_id": box.flow, "source_id": box.erp, "entity": "customer", "now_ms": box.now}
    box.do(put_keys, keys=["K1", "K1", "K2"], make_records=True, **named)
    box.put(key="K1", content="read")
    assert [(s, c) for s, c, _ in box.rows()] == [("pending", "read"), ("pending", None)]
    box.do(put_keys, keys=["K1"], **named)
    assert box.rows()[0][1] is None, "it is read afresh before it is sent"


def test_retry_and_skip_touch_waiting_rows_only(box):
    box.put(key="K1")
    box.put(key="K2")
    token, rows = box.claim()
    ids = [row.id for row in rows]
    assert box.person(retry, ids, box.kit.clock.now()) == 0
    assert box.person(skip, ids, box.kit.clock.now(), "Ann") == 0
    box.do(give_back, token, box.now)
    assert box.person(skip, ids[:1], box.kit.clock.now(), "Ann") == 1
    assert box.person(retry, ids, box.kit.clock.now()) == 1
    assert [status for status, *_ in box.rows()] == ["cancelled", "pending"]


def test_a_record_that_stops_the_worker_is_parked_after_three_solo_crashes(box):
    for key in ("K1", "K2", "K3"):
        box.put(key=key)
    crashes = 0
    while box.do(waiting_counts, box.flow, box.now)["due"]:
        _, rows = box.claim()
        if "K2" not in [row.key for row in rows]:
            for row in rows:
                box.do(lambda c, i=row.id: c.execute(
                    text("UPDATE message SET status = 'done', claim_token = NULL WHERE id = :i"),
                    {"i": i}))  # fmt: skip
            box.do(lambda c: c.execute(text("DELETE FROM claim"), {}))
            continue
        crashes += 1
        assert crashes < 10
        box.do(sweep, box.now, lambda _: True, lambda _: 90_000, lambda _: True)
    assert [status for status, *_ in box.rows()] == ["done", "parked", "done"]
    assert crashes == 4, "once in company, three times alone"


def test_the_page_and_its_cursor_are_one_transaction(box):
    def broken(connection):
        put_page(connection, flow_id=box.flow, source_id=box.erp, entity="customer", run_id=None,
                 rule_version="1", records=[Incoming("K1", "{}", "a", "1")], now_ms=box.now,
                 resume=Cursor("2026-01-01", "K1"))  # fmt: skip
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        box.do(broken)
    assert box.rows() == []
    with box.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM cursor")).scalar_one() == 0
