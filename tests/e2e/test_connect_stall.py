"""A vendor whose address swallows connections: syncs end in time, say why, and others go on (F64)."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rig import Rig
from stall import Stall

from hub.gate import transport
from hub.runtime.sync import Sync, SyncResult
from hub.seams import SystemClock
from hub.settings.users import create_user

EU = "B2B-EU"
QUICK = 0.5
"""Seconds for connecting in these tests; the hub gives it 10."""


class TwoStores(Rig):
    """One ERP, two stores with a connector each; both sides of the first stand behind a Stall."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.stalls: dict[str, Stall] = {}
        super().__init__(home, **options)

    def document(self) -> dict[str, Any]:
        if not self.stalls:
            self.second = self._serve("bigcommerce", {"customers": 5, "items": 3, "quotas": None})
            self.stalls = {"erp": Stall(self.erp_server.url), "store": Stall(self.store_server.url)}
        document = super().document()
        connections, connectors = document["connections"], document["connectors"]
        connections["erp"]["parameters"]["base_url"] = self.stalls["erp"].url
        for name in ("api_url", "b2b_api_url"):
            connections["store"]["parameters"][name] = self.stalls["store"].url
        found = self.second.sim.settings(self.second.url)
        self.environ["BC_TOKEN_EU"] = str(found["access_token"])
        connections["store-eu"] = {
            "plugin": "bigcommerce", "own_network": True,
            "parameters": {**found, "access_token": "env:BC_TOKEN_EU"},
        }  # fmt: skip
        connectors[EU] = {**connectors["B2B-US"], "name": "Wholesale EU", "store": "store-eu"}
        return document

    def close(self) -> None:
        super().close()
        self.second.stop()
        for stall in self.stalls.values():
            stall.close()

    def companies_eu(self) -> int:
        with self.second.sim.lock:
            return len(list(self.second.sim.rows("companies")))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TwoStores]:
    made = TwoStores(tmp_path, customers=5, items=3)
    yield made
    made.close()


def timed(rig: Rig, connector: str) -> tuple[SyncResult, float]:
    began = time.monotonic()
    done = Sync(rig.runtime, connector).run(())
    return done, time.monotonic() - began


def parked(rig: Rig) -> int:
    return len(rig.query("SELECT id FROM message WHERE status = 'parked'"))


def test_a_store_that_swallows_connections_ends_its_sync_and_no_other(
    rig: TwoStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", QUICK)
    rig.stalls["store"].begin()
    ended: list[tuple[SyncResult, float]] = []
    stalled = threading.Thread(target=lambda: ended.append(timed(rig, "B2B-US")))
    stalled.start()
    other, _ = timed(rig, EU)
    stalled.join(60)
    assert other.problems == []
    assert rig.companies_eu() > 0, "the other store got its companies meanwhile"
    ((done, seconds),) = ended
    print(f"stalled sync: {seconds:.1f} s, {done.problems}")
    assert seconds < 12 * QUICK + 10, "bounded by the circuit, not by the number of records"
    assert "no connection within" in " ".join(done.problems)
    assert parked(rig) == 0, "nothing is held against the records"
    rig.stalls["store"].end()
    rig.clock.sleep(3_600)
    done, _ = timed(rig, "B2B-US")
    assert done.problems == []
    assert len(rig.companies()) == rig.companies_eu()
    assert rig.created_twice() == []


def test_an_erp_that_swallows_connections_is_said_once_and_costs_no_record(
    rig: TwoStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", QUICK)
    rig.stalls["erp"].begin()
    done, seconds = timed(rig, "B2B-US")
    print(f"stalled sync: {seconds:.1f} s, {done.problems}")
    assert seconds < 12 * QUICK + 10
    assert len(done.problems) == 1
    assert parked(rig) == 0
    rig.stalls["erp"].end()
    rig.clock.sleep(3_600)
    done, _ = timed(rig, "B2B-US")
    assert done.problems == []
    assert len(rig.companies()) > 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_serving_hub_keeps_its_workers_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every flow of the stalled connector is started first, with as many workers as it has flows."""
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 3.0)
    rig = TwoStores(tmp_path, customers=5, items=3, clock=SystemClock())
    try:
        create_user(rig.runtime.write, rig.clock, "admin@hub.example", "a-long-enough-password")
        rig.stalls["store"].begin()
        rig.runtime.start_serving(workers=4)
        ids = {
            name: [
                row.id
                for row in rig.query(
                    "SELECT f.id FROM flow AS f JOIN connector AS c ON c.id = f.connector_id "
                    "WHERE c.key = :name ORDER BY f.id",
                    name=name,
                )
            ]
            for name in ("B2B-US", EU)
        }
        began = time.monotonic()
        for flow in [*ids["B2B-US"], *ids[EU]]:
            rig.runtime.run_now(flow, "test")
        left = "SELECT 1 FROM run WHERE status IN ('waiting','running') AND flow_id >= :first"
        while rig.query(left, first=min(ids[EU])) and time.monotonic() - began < 60:
            time.sleep(0.05)
        took = time.monotonic() - began
        print(f"all four flows of the other connector had run after {took:.1f} s")
        assert took < 15
        assert rig.companies_eu() >= 4
        assert parked(rig) == 0
        rig.runtime.stop_serving()
    finally:
        rig.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_real_ten_seconds(rig: TwoStores) -> None:
    rig.stalls["store"].begin()
    done, seconds = timed(rig, "B2B-US")
    print(f"stalled sync: {seconds:.1f} s, {done.problems}")
    assert seconds < 80
    assert parked(rig) == 0
