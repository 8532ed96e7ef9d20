"""Figures of waiting and dying: slow vendors, and a hub that is killed in the middle."""

import time

from benchmarks.measure import arrived, fsync_ms, line, plain_on, world
from benchmarks.world import SEED, Simulator

SLOW = {"match": "* /", "fault": "slow", "seconds": 0.1}
BULK, SINGLES, PLAIN = 2000, 300, 200
COMPANIES = 5000
KILL_AFTER = 1000
FIRST_LOOK = 0.01


def latency() -> None:
    """Records per second when each answer of the vendors takes 100 ms."""
    with world(PLAIN + 50, 0) as (_hub, erp, shop):
        erp.faults(SLOW)
        shop.faults(SLOW)
        loop = plain_on("customers", erp, shop, PLAIN)
    beside = loop["sent"] / loop["seconds"]
    for name, target, count, messages in (
        ("bulk", ">= 6", BULK, {}),
        ("one by one", "", SINGLES, {"batch": False}),
    ):
        with world(count, 0, **messages) as (hub, erp, shop):
            erp.faults(SLOW)
            shop.faults(SLOW)
            done = hub.sync("customer")["flows"]["customer"]
            most = shop.stats().get("max_in_flight")
        rate = done["created"] / done["seconds"]
        line(
            f"100 ms latency, {name}: records per second, hub / plain loop",
            target,
            f"{rate / beside:.1f}  ({rate:.0f} / {beside:.1f} per second, {done['created']:,} / "
            f"{loop['sent']:,} sent, most in flight {most}, fsync {fsync_ms():.2f} ms)",
        )


def _writes(shop: Simulator) -> tuple[int, int]:
    """Requests so far: all, and those that write."""
    found = {k: n for k, n in shop.stats()["requests"].items() if "/_sim/" not in k}
    return sum(found.values()), sum(n for k, n in found.items() if k.startswith(("POST", "PUT")))


def kill() -> None:
    """Seconds from the restart after ``kill -9`` to the first call and the first write."""
    with world(COMPANIES, 0) as (hub, _erp, shop):
        process = hub.begin("customer")
        while process.poll() is None and _writes(shop)[1] < KILL_AFTER // 10:
            time.sleep(FIRST_LOOK)
        process.kill()
        process.wait()
        there = len(shop.rows("companies"))
        calls, writes = _writes(shop)
        started = time.perf_counter()
        process = hub.begin("customer")
        first: list[float] = []
        while process.poll() is None and len(first) < 2:
            now = _writes(shop)
            seconds = time.perf_counter() - started
            if not first and now[0] > calls:
                first.append(seconds)
            if now[1] > writes:
                first.append(seconds)
            time.sleep(FIRST_LOOK)
        process.wait()
        began = time.perf_counter()
        hub.command("config", "export")
        start = time.perf_counter() - began
        done = hub.sync("customer", wait=15)
        ids, doubled = arrived(shop)
        waiting = done["flows"]["customer"]["waiting"]
        line(
            f"kill -9 after {there:,} of {COMPANIES:,}: seconds to the first call, first write",
            "< 2 s",
            f"{first[0]:.2f} s, {first[-1]:.2f} s, process start included (a command that opens the "
            f"hub takes {start:.2f} s now); {len(ids):,} arrived, {doubled} doubled, {waiting} "
            f"waiting, seed {SEED}",
        )
