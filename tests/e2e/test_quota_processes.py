"""R14: several installed processes, one quota: all of it is used, nothing is refused.

``pytest --slow -s tests/e2e/test_quota_processes.py`` prints used, allowed and refused.
"""

import json
import subprocess
import time
from collections.abc import Callable
from threading import Lock
from typing import Any

import pytest
from rig import CONNECTOR, Rig
from test_processes import HUB, start

from hub.engine.runs import queue_run
from hub.seams import SystemClock
from hub.settings.users import create_user

Make = Callable[..., Rig]
CALLS, SECONDS = 150, 30.0
FLOWS = ("customer", "location", "contact")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not HUB.exists(), reason="hub is not installed beside this Python"),
]


class Watch:
    """When each call of a quota came, and whether it was within it."""

    def __init__(self, quota: Any) -> None:
        self.calls: list[tuple[float, bool]] = []
        self._lock = Lock()
        take = quota.take

        def noted(count: int = 1) -> tuple[bool, int, float]:
            with self._lock:
                answer = take(count)
                self.calls.append((time.monotonic(), answer[0]))
                return answer

        quota.take = noted

    def windows(self) -> list[list[float]]:
        """The moments of each window's calls."""
        found: list[list[float]] = []
        for moment, _ in self.calls:
            if not found or moment >= found[-1][0] + SECONDS:
                found.append([])
            found[-1].append(moment)
        return found

    @property
    def refused(self) -> int:
        return sum(not within for _, within in self.calls)


def changed(rig: Rig) -> None:
    """Bind everything without a limit, then change each record and set the limit."""
    rig.sync()
    for row in rig.erp_rows("Customer"):
        key = row["CustomerID"]
        rig.put("Customer", key, CustomerName=f"Renamed {key}")
    for row in rig.erp_rows("CustomerLocation"):
        key = f"{row['Customer']}/{row['LocationID']}"
        rig.put("CustomerLocation", key, LocationName=f"Place {key}")
    for row in rig.erp_rows("Contact"):
        rig.put("Contact", str(row["ContactID"]), LastName=f"Named {row['ContactID']}")
    quota = rig.store.quotas["b2b"]
    quota.calls, quota.seconds = CALLS, SECONDS
    quota._start = None
    quota.windows.clear()
    with rig.runtime.write() as session:
        from sqlalchemy import text

        session.execute(text("DELETE FROM quota_window"))
    rig.clock.sleep(1)


def begin(rig: Rig, number: int) -> list[subprocess.Popen[str]]:
    """One or more workers on a server; on SQLite ``hub sync``, which works beside others."""
    if rig.runtime.database.is_sqlite:
        rig.restart()
        flows = [[flow] for flow in FLOWS] if number > 1 else [list(FLOWS)]
        return [start(rig, "sync", CONNECTOR, *part, "--json") for part in flows]
    create_user(rig.runtime.write, rig.clock, "admin@hub.example", "a-long-enough-password")
    for flow in FLOWS:
        queue_run(rig.runtime.tools, rig.flow_id(flow), mode="incremental", who="test")
    rig.environ["HUB_WORKERS"] = "3" if number == 1 else "1"
    return [start(rig, "worker") for _ in range(number)]


def busy(rig: Rig, processes: list[subprocess.Popen[str]]) -> bool:
    if all(process.poll() is not None for process in processes):
        return False
    if rig.runtime.database.is_sqlite:
        return True  # each ``hub sync`` ends by itself
    return bool(
        rig.query("SELECT 1 FROM run WHERE status IN ('running','waiting')")
        or rig.query("SELECT 1 FROM message WHERE status IN ('pending','in_flight')")
    )


def test_connections(rig: Rig) -> int:
    """A person's test of the connection beside it all."""
    one = start(rig, "test", CONNECTOR, "--json")
    out, said = one.communicate(timeout=60)
    assert one.returncode == 0, (out, said)
    assert json.loads(out)
    return 1


test_connections.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("share", [90, 100])
@pytest.mark.parametrize(
    "server", [False, pytest.param(True, marks=pytest.mark.postgres)], ids=["sqlite", "postgresql"]
)
def test_the_whole_share_is_used_and_nothing_is_refused(
    make_rig: Make, server: bool, share: int, number: int
) -> None:
    rig = make_rig(
        customers=170, items=2, clock=SystemClock(), messages={"batch": False},
        features={flow: {"schedule": "none"} for flow in FLOWS},
        store={"quotas": {"b2b": (10**6, 30), "core": (10**6, 30)}},
        store_parameters={"quota_share": share},
    )  # fmt: skip
    changed(rig)
    watch = Watch(rig.store.quotas["b2b"])
    processes = begin(rig, number)
    tests = 0
    try:
        deadline = time.monotonic() + 240
        time.sleep(5)
        if share < 100:  # a person's calls live off the reserve
            tests += test_connections(rig)
        while busy(rig, processes) and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        for process in processes:
            if server:
                process.terminate()
            process.communicate(timeout=60)
    windows = watch.windows()
    whole = windows[:-1]
    elapsed = windows[-1][0] - windows[0][0]
    allowed = CALLS * share / 100 * elapsed / SECONDS
    used = sum(map(len, whole))
    during = rig.store.stats.refused_while_waiting
    print(
        f"\n{'PostgreSQL' if server else 'SQLite'}, processes {number}, share {share} %: "
        f"used {used}, allowed {allowed:.1f} ({100 * used / allowed:.1f} %), windows "
        f"{[len(w) for w in windows]}, refused {watch.refused}, while told to wait {during}"
    )
    assert len(whole) >= 2
    assert watch.refused == during == 0
    assert used >= 0.98 * allowed
    assert rig.created_twice() == []
    assert rig.query("SELECT 1 FROM message WHERE status = 'in_flight'") == []
