"""``python -m benchmarks [NAME …]``: print figure, target and what was measured here."""

import json
import math
import sys
from collections.abc import Callable

from benchmarks.world import SEED, WIDE, Hub, Simulator, measured, store_calls

COMPANIES = 5000
ITEMS = 21_666
"""The store lacks every thirteenth: 20,000 levels are there."""


def pair(customers: int, items: int, *store: str) -> tuple[Simulator, Simulator]:
    size = ("--customers", str(customers), "--items", str(items))
    return (
        Simulator("acumatica", *size, "--quota", "none"),
        Simulator("bigcommerce", *size, *WIDE, *store),
    )


def plain(kind: str, customers: int, items: int) -> dict[str, float]:
    erp, store = pair(customers, items)
    try:
        return measured(
            ["benchmarks.plain", kind, json.dumps(erp.parameters), json.dumps(store.parameters)]
        )
    finally:
        erp.stop()
        store.stop()


def ours(flow: str, customers: int, items: int, *store_options: str, **messages: bool) -> dict:
    """One first sync: the flow's counts, CPU seconds, and the store's calls."""
    erp, store = pair(customers, items, *store_options)
    hub = None
    try:
        hub = Hub(erp, store, **messages)
        before = store.stats()
        done = hub.sync(flow)
        return {**done, **done["flows"][flow], "calls": store_calls(before, store.stats())}
    finally:
        if hub is not None:
            hub.remove()
        erp.stop()
        store.stop()


def line(figure: str, target: str, value: str) -> None:
    print(f"{figure:<62} {target:>10}   {value}", flush=True)


def customers() -> None:
    beside = plain("customers", COMPANIES, 0)
    for name, target, messages in (
        ("bulk", "<= 0.45", {}),
        ("one by one", "<= 1.6", {"batch": False}),
    ):
        done = ours("customer", COMPANIES, 0, **messages)
        line(
            f"CPU, {COMPANIES:,} customers, {name}: hub / plain loop",
            target,
            f"{done['cpu'] / beside['cpu']:.2f}  ({done['cpu']:.2f} s / {beside['cpu']:.2f} s, "
            f"{done['created']:,} / {beside['sent']:,} created, seed {SEED})",
        )


def stock() -> None:
    beside = plain("stock", 0, ITEMS)
    done = ours("inventory", 0, ITEMS)
    line(
        "CPU, 20,000 stock levels, listing and read-back: hub / plain",
        "<= 6",
        f"{done['cpu'] / beside['cpu']:.2f}  ({done['cpu']:.2f} s / {beside['cpu']:.2f} s, "
        f"{done['updated'] + done['adopted']:,} / {beside['sent']:,} levels, seed {SEED})",
    )
    writes = sum(n for call, n in done["calls"].items() if call.startswith("PUT"))
    reads = sum(n for call, n in done["calls"].items() if call.endswith("/inventory/items"))
    line("Store calls, 20,000 stock levels: writes", "<= 11", str(writes))
    line("Store calls, 20,000 stock levels: listing reads", "<= 42", str(reads))


def calls() -> None:
    for existing in (0, 1000):
        done = ours("customer", 2000, 0, "--option", f"existing_companies={existing}")
        count, sent = done["created"], sum(done["calls"].values())
        most = 1.05 * (
            math.ceil(count / 10) + math.ceil(count / 200) + math.ceil(existing / 200) + 4
        )
        line(
            f"Store calls, {count:,} companies into {existing:,}",
            f"<= {most:.0f}",
            f"{sent}  ({sent / count:.3f} per company)",
        )


def memory() -> None:
    peaks = [ours("customer", count, 0)["peak_kb"] / 1024 for count in (2000, 50_000)]
    line(
        "Peak memory, 2,000 to 50,000 customers",
        "< 15 %",
        f"{100 * (peaks[1] / peaks[0] - 1):+.0f} %  ({peaks[0]:.0f} MB, {peaks[1]:.0f} MB)",
    )


FIGURES: dict[str, Callable[[], None]] = {
    "customers": customers,
    "stock": stock,
    "calls": calls,
    "memory": memory,
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise SystemExit(f"There is no figure {unknown[0]}. There are: {', '.join(FIGURES)}.")
    for name in names or FIGURES:
        FIGURES[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
