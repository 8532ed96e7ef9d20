"""Back-pressure (R17): reading waits while too much waits to be sent; nothing is lost by it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from rig import Rig, eligible

from hub.engine import hits, pressure
from hub.registry.plugin import Plugin
from hub.settings.flow_schedule import set_flow_paused
from hub.store.tables import Flow


@contextmanager
def small_pages(most_waiting: list[int], rig: Rig) -> Iterator[None]:
    """Pages of three; before each, what waits is noted."""
    extract = Plugin.extract

    def split(self: Any, *arguments: Any) -> Iterator[Any]:
        for page in extract(self, *arguments):
            for start in range(0, len(page.records), 3):
                yield replace(page, records=page.records[start : start + 3])
                most_waiting.append(len(rig.messages("pending", "customer")))

    with patch.object(Plugin, "extract", split):
        yield


@contextmanager
def whole_listings() -> Iterator[list[Any]]:
    """Each time the whole store is listed is noted."""
    listed, listing = [], Plugin.listing

    def noted(plugin: Any, client: Any, action: Any, window: Any, *rest: Any) -> Any:
        if window.since is None:
            listed.append(window)
        return listing(plugin, client, action, window, *rest)

    with patch.object(Plugin, "listing", noted):
        yield listed


def test_what_was_read_is_sent_before_more_is_read(make_rig: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(pressure, "MOST_PENDING", 5)
    monkeypatch.setattr(hits, "FEW", 1)
    rig = make_rig(customers=24, features={"customer": {}})
    waited: list[int] = []
    with small_pages(waited, rig), whole_listings() as listed:
        result = rig.run("customer")
    assert not result.problems
    assert len(listed) == 1
    assert set(eligible(rig)) - set(rig.messages("parked")) == set(rig.companies())
    assert len(waited) > 5
    assert max(waited) < 5 + 3


def test_while_nothing_can_be_sent_reading_waits_and_says_why(
    make_rig: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pressure, "MOST_PENDING", 5)
    rig = make_rig(customers=24, features={"customer": {}})
    rig.store.faults.replace([{"match": "* /api/v3", "fault": "status", "code": 503}])
    waited: list[int] = []
    with small_pages(waited, rig):
        for _ in range(4):
            rig.run("customer")
            rig.clock.sleep(700)
        assert 5 <= len(rig.messages("pending")) <= 8
        assert "503" in rig.query("SELECT error FROM run ORDER BY id DESC")[0].error
        rig.store.faults.replace([])
        rig.clock.sleep(700)
        rig.quiesce()
    assert set(eligible(rig)) - set(rig.messages("parked")) == set(rig.companies())
    assert rig.created_twice() == []


@pytest.mark.parametrize("hours", [23, 25])
def test_a_day_old_backlog_stops_reading_and_one_day_old_retry_does_not(
    rig: Rig, hours: int
) -> None:
    rig.sync()
    with rig.runtime.write() as session:
        flow = session.get_one(Flow, rig.flow_id("customer"))
        set_flow_paused(rig.runtime.context, session, flow, "test", paused=True)
    first, second = list(rig.companies())[:2]
    rig.put("Customer", first, CustomerName="Waits Long")
    rig.run("customer")
    rig.clock.sleep(hours * 3600)
    rig.put("Customer", second, CustomerName="Changed Later")
    rig.run("customer")
    waits = hours > 24
    assert (second in rig.messages("pending")) is not waits
    last = rig.query("SELECT status, error, remedy FROM run ORDER BY id DESC")[0]
    assert ("more than 24 hours" in last.error) is waits
    with rig.runtime.database.begin() as connection:  # it was tried and is due again later
        connection.execute(
            pressure.text("UPDATE message SET due_at = due_at + 90000000, attempts = 3")
        )
    rig.run("customer")
    assert second in rig.messages("pending")


def test_little_disk_stops_reading_until_there_is_space(rig: Rig, monkeypatch: Any) -> None:
    rig.sync()
    key = next(iter(rig.companies()))
    rig.put("Customer", key, CustomerName="After The Disk")
    usage = shutil.disk_usage
    monkeypatch.setattr(pressure.shutil, "disk_usage", lambda _p: SimpleNamespace(free=1_000_000))
    with rig.calls() as seen:
        result = rig.run("customer")
    assert not any(seen["erp"].values())
    assert "Free some space" in result.problems[0]
    monkeypatch.setattr(pressure.shutil, "disk_usage", usage)
    rig.sync("customer")
    assert rig.companies()[key]["companyName"] == "After The Disk"
