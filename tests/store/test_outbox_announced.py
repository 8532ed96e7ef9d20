"""Writes that are written down together, and what a crash leaves of those not begun (R4, R10.4)."""

import pytest
from sqlalchemy import text
from test_outbox_collapse import Box

from hub.outbox import begin_intent, record_intent, sweep
from hub.sdk import LeaseLost
from hub.store import owner as owners
from hub.store.owner import process_owner


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def announce(box, *, begun=1):
    """Claim three records, write all their intents down, begin the first ones."""
    for key in ("K1", "K2", "K3"):
        box.put(key=key)
    token, _ = box.claim()
    with box.database.write() as session:
        session.execute(text("UPDATE claim SET owner = :owner"), {"owner": process_owner()})
    intents = [
        box.do(record_intent, flow_id=box.flow, run_id=None, token=token, keys=[key], creates=True,
               method="POST", url="/", now_ms=box.now, outcome="announced")
        for key in ("K1", "K2", "K3")
    ]
    for intent in intents[:begun]:
        box.do(begin_intent, token, intent, box.now)
    return token, intents


def take_over(box):
    has = box.database.has_all_of
    box.do(sweep, box.now, lambda _: True, lambda _: 90_000, has)
    return [status for status, *_ in box.rows()]


def test_after_a_crash_only_what_was_on_its_way_is_looked_up(box):
    announce(box)
    assert take_over(box) == ["unknown", "pending", "pending"]


def test_after_a_power_cut_all_that_was_announced_is_looked_up(box, monkeypatch):
    announce(box)
    monkeypatch.setattr(owners, "_boot_id", lambda: "the machine was started again")
    assert take_over(box) == ["unknown"] * 3


def test_what_a_sweep_took_back_is_not_sent_by_the_one_that_announced_it(box):
    token, (_, second, _) = announce(box)
    take_over(box)
    with pytest.raises(LeaseLost):
        box.do(begin_intent, token, second, box.now)
