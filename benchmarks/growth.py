"""Figures of growth: memory over the number of customers, speed over years of history."""

import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.measure import line, ours, world
from benchmarks.world import SEED, Hub, measured, store_calls

CUSTOMERS = 2000
MESSAGES = 1_000_000
MOST_MB = 512
"""Peak memory of a hub that loads 200,000 customers."""

OLD = """
INSERT INTO message (flow_id, record_id, run_id, entity, key, title, dedup_key, status,
  payload_version, deleted, canonical_hash, source_version, rule_version, due_at, attempts,
  searches, crashes, isolation, outcome, reason, reason_group, field, remedy, created_at,
  updated_at)
SELECT flow_id, record_id, run_id, entity, key, title, dedup_key, 'done',
  payload_version, deleted, canonical_hash, source_version, rule_version, due_at, 1,
  0, 0, 0, 'updated', '', '', '', '', created_at - n * 60000, updated_at - n * 60000
FROM (SELECT * FROM message WHERE status = 'done' LIMIT 2000)
CROSS JOIN (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :times)
  SELECT n FROM c)
"""


def _peak(count: int) -> float:
    return float(ours("customer", count, 0)["peak_kb"]) / 1024


def _memory(*counts: int) -> None:
    peaks = [_peak(count) for count in counts]
    line(
        f"Peak memory, {counts[0]:,} to {counts[-1]:,} customers",
        "< 15 %",
        f"{100 * (peaks[-1] / peaks[0] - 1):+.0f} %  "
        f"({', '.join(f'{peak:.0f} MB' for peak in peaks)}, seed {SEED})",
    )


def memory() -> None:
    """Peak memory of a first load, small and large."""
    _memory(2000, 50_000)


def _pace(home: Path) -> tuple[str, float]:
    """Records per second in each tenth of a load, and its longest silence in seconds."""
    database = sqlite3.connect(home / "hub.db")
    try:
        rows = database.execute("SELECT bound_at FROM binding ORDER BY bound_at").fetchall()
    finally:
        database.close()
    moments = [row[0] / 1000 for row in rows]
    silence = max(after - before for before, after in pairwise(moments))
    edges = [moments[len(moments) * n // 10] for n in range(10)] + [moments[-1]]
    each = [len(moments) / 10 / max(after - before, 0.001) for before, after in pairwise(edges)]
    return ", ".join(f"{rate:.0f}" for rate in each), silence


def _load(count: int) -> dict[str, Any]:
    with world(count, 0) as (hub, _erp, shop):
        before = shop.stats()
        done = hub.sync("customer")
        after = shop.stats()
        pace, silence = _pace(hub.home)
    calls = store_calls(before, after)
    return {
        **done,
        **done["flows"]["customer"],
        "each": 1000 * done["cpu"] / done["flows"]["customer"]["read"],
        "calls": sum(calls.values()),
        "listed": sum(n for call, n in calls.items() if call.startswith("GET")),
        "refused": after["refused"] - before["refused"],
        "pace": pace,
        "silence": silence,
    }


def growth() -> None:
    """A first load of 2,000, 20,000 and 200,000 customers: memory, calls, and what each costs."""
    first: dict[str, Any] = {}
    for count in (2000, 20_000, 200_000):
        run = _load(count)
        first = first or run
        line(
            f"First load of {count:,} customers: peak memory",
            f"< {MOST_MB} MB",
            f"{run['peak_kb'] / 1024:.0f} MB  "
            f"({100 * (run['peak_kb'] / first['peak_kb'] - 1):+.0f} %), {run['cpu']:.1f} s CPU, "
            f"{run['each']:.2f} ms CPU a customer ({run['each'] / first['each']:.2f} ×), "
            f"{run['seconds']:.0f} s; {run['read']:,} read, {run['created']:,} created, "
            f"{run['parked']:,} parked, seed {SEED}",
        )
        line(
            "  store calls a created customer",
            "",
            f"{run['calls'] / run['created']:.3f}  ({run['calls']:,}, {run['listed']:,} of them "
            f"reads, {run['refused']} refused)",
        )
        line(
            "  records per second, by tenths of the load",
            "",
            f"{run['pace']}; longest silence {run['silence']:.1f} s",
        )


def _times(hub: Hub) -> tuple[dict[str, Any], dict[str, Any]]:
    """A claim, and the quickest of three syncs in which nothing changed."""
    claim = measured(["benchmarks.claims"], hub.environ)
    quiet = [hub.sync() for _ in range(3)]
    return claim, min(quiet, key=lambda run: run["cpu"])


def _grow(home: Path) -> int:
    """Add settled messages, as years of syncs would have left them; returns how many there are."""
    database = sqlite3.connect(home / "hub.db")
    try:
        kept = database.execute("SELECT count(*) FROM message WHERE status = 'done'").fetchone()[0]
        database.execute(OLD, {"times": -(-MESSAGES // min(kept, 2000))})
        database.commit()
        return int(database.execute("SELECT count(*) FROM message").fetchone()[0])
    finally:
        database.close()


def history() -> None:
    """A claim of 200 and a sync without changes, before and after a million messages."""
    with world(CUSTOMERS, 400) as (hub, _erp, _shop):
        hub.sync()
        hub.sync()
        claim, quiet = _times(hub)
        count = _grow(hub.home)
        claim_then, quiet_then = _times(hub)
    line(
        f"Claim of {claim['rows']} rows, new / with {count:,} messages of history",
        "",
        f"{claim['ms']:.2f} ms / {claim_then['ms']:.2f} ms",
    )
    line(
        "No-change sync of four flows, new / with that history",
        "",
        f"{1000 * quiet['cpu']:.0f} ms / {1000 * quiet_then['cpu']:.0f} ms CPU, "
        f"{_seconds(quiet):.2f} s / {_seconds(quiet_then):.2f} s",
    )


def _seconds(run: dict[str, Any]) -> float:
    return sum(float(flow["seconds"]) for flow in run["flows"].values())
