"""What is changed and changed back while the change waits or runs ends as it is, not as it was."""

import pytest
from test_outbox_collapse import Box

from hub.outbox import skip


@pytest.fixture
def box(tmp_path):
    made = Box(tmp_path)
    made.put(version="1", content="a")
    token, (row,) = made.claim()
    made.settle(token, row, "done", state=True, content_hash="a")
    return made


def test_a_waiting_change_that_was_taken_back_is_not_sent(box):
    box.put(version="2", content="b")
    assert box.put(version="3", content="a").queued == ["K1"]
    assert box.rows()[1:] == [("pending", "a", "3")]


def test_a_change_that_is_on_its_way_is_followed_by_the_old_content(box):
    box.put(version="2", content="b")
    box.claim()
    box.put(version="3", content="a")
    assert box.rows()[1:] == [("in_flight", "b", "2"), ("pending", "a", "3")]


def test_what_waits_is_compared_before_what_runs(box):
    box.put(version="2", content="b")
    box.claim()
    box.put(version="3", content="c")
    box.put(version="4", content="b")
    assert box.rows()[1:] == [("in_flight", "b", "2"), ("pending", "b", "4")]


def test_an_older_reading_does_not_queue_behind_a_newer_one_that_runs(box):
    box.put(version="3", content="b")
    box.claim()
    assert box.put(version="2", content="c").queued == []
    assert box.rows()[1:] == [("in_flight", "b", "3")]


def test_what_a_person_skipped_comes_back_with_its_next_change_only(box):
    box.put("K1", version="2", content="b")
    box.put("K2", version="2", content="x")
    with box.database.read() as session:
        ids = list(session.connection().exec_driver_sql(
            "SELECT id FROM message WHERE status = 'pending'").scalars())  # fmt: skip
    assert box.person(skip, ids, box.kit.clock.now(), "Ann") == 2
    assert box.put("K1", version="2", content="b").queued == []
    assert box.put("K2", version="2", content="x", whole=True).queued == []
    assert box.put("K1", version="3", content="a").queued == ["K1"]
    assert box.put("K2", version="3", content="y").queued == ["K2"]
