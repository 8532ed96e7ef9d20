"""What the figures share: a pair of simulators, one measured sync, the plain loop, the line."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.world import SEED, WIDE, Hub, Simulator, measured, store_calls

REPEATS = 3
"""CPU seconds are the least of so many runs, ours and the plain loop's in turn: other work on the
machine only ever adds to them."""


def line(figure: str, target: str, value: str) -> None:
    """Print one figure."""
    print(f"{figure:<62} {target:>10}   {value}", flush=True)


@contextmanager
def pair(customers: int, items: int, *store: str) -> Iterator[tuple[Simulator, Simulator]]:
    """Both simulators, without quotas, in processes of their own."""
    size = ("--customers", str(customers), "--items", str(items))
    erp = Simulator("acumatica", *size, "--quota", "none")
    try:
        shop = Simulator("bigcommerce", *size, *WIDE, *store)
        try:
            yield erp, shop
        finally:
            shop.stop()
    finally:
        erp.stop()


@contextmanager
def world(
    customers: int, items: int, *store: str, share: int = 90, **messages: Any
) -> Iterator[tuple[Hub, Simulator, Simulator]]:
    """Both simulators and a hub that is configured for them."""
    with pair(customers, items, *store) as (erp, shop):
        hub = Hub(erp, shop, share=share, **messages)
        try:
            yield hub, erp, shop
        finally:
            hub.remove()


def plain(kind: str, customers: int, items: int) -> dict[str, Any]:
    """The plain loop of that kind on simulators of its own."""
    with pair(customers, items) as (erp, shop):
        return plain_on(kind, erp, shop)


def plain_on(kind: str, erp: Simulator, shop: Simulator, most: int = 0) -> dict[str, Any]:
    """The plain loop of that kind on these simulators; ``most`` ends it after so many sends."""
    parameters = [json.dumps(erp.parameters), json.dumps(shop.parameters)]
    return measured(["benchmarks.plain", kind, *parameters, str(most)])


def ours(flow: str, customers: int, items: int, *store: str, **messages: Any) -> dict[str, Any]:
    """One first sync: the flow's counts, CPU seconds, and the store's calls."""
    with world(customers, items, *store, **messages) as (hub, _erp, shop):
        before = shop.stats()
        done = hub.sync(flow)
        return {**done, **done["flows"][flow], "calls": store_calls(before, shop.stats())}


def least(*sides: Callable[[], dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the sides in turn, ``REPEATS`` times; of each the run with the least CPU seconds."""
    runs = [[side() for side in sides] for _ in range(REPEATS)]
    return [min(side, key=lambda run: run["cpu"]) for side in zip(*runs, strict=True)]


def ratio(figure: str, target: str, hub: dict[str, Any], beside: dict[str, Any], what: str) -> None:
    """Print hub / plain loop with both seconds."""
    line(
        figure,
        target,
        f"{hub['cpu'] / beside['cpu']:.2f}  ({hub['cpu']:.2f} s / {beside['cpu']:.2f} s, each the "
        f"least of {REPEATS} in turn; {what}, seed {SEED})",
    )


def fsync_ms() -> float:
    """What one write of a page with fsync takes where the hubs of the benchmarks live."""
    taken = []
    with tempfile.NamedTemporaryFile(prefix="hub-bench-") as file:
        for _ in range(100):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return 1000 * statistics.median(taken)


def arrived(shop: Simulator) -> tuple[set[str], int]:
    """ERP ids that stand in the store, and how many companies are there twice."""
    ids = [
        str(field["fieldValue"])
        for row in shop.rows("companies")
        for field in row.get("extraFields") or ()
        if field["fieldName"] == "ERP ID"
    ]
    return set(ids), len(ids) - len(set(ids))
