"""``python -m benchmarks [NAME …]``: print figure, target and what was measured here."""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def silence() -> None:
    """A run in which nothing changed, and one in which one per cent did."""
    erp, store = pair(1000, 200)
    hub = Hub(erp, store)
    try:
        hub.sync()
        hub.sync()
        before, reads = store.stats(), erp.stats()
        quiet = hub.sync()
        asked = {
            name: count
            for name, count in store_calls(reads, erp.stats()).items()
            if count and "auth" not in name
        }
        sent = sum(store_calls(before, store.stats()).values())
        line("No-change run: store calls", "0", f"{sent}")
        line("No-change run: reads per entity and partition", "<= 1", f"{asked}")
        flows = ", ".join(quiet["flows"])
        changed = [row["CustomerID"]["value"] for row in erp.rows("Customer")][100:110]
        for key in changed:
            erp.put("Customer", key, {"CustomerName": f"Renamed {key}"})
        effects = store.effects("companies")
        done = hub.sync()["flows"]["customer"]
        written = store.effects("companies") - effects
        line(
            f"1 % changed, {len(changed)} customers: companies written",
            f"{done['read'] - done['filtered'] - done['unchanged']}",
            f"{written}  ({done['filtered']} of them filtered, flows {flows})",
        )
    finally:
        hub.remove()
        erp.stop()
        store.stop()


def quota() -> None:
    """450 single updates of bound companies at 150 calls per 30 s, whole and 90 % share."""
    for share, most in ((100, 66.0), (90, 99.0)):
        size = ("--customers", "620", "--items", "10")
        erp = Simulator("acumatica", *size, "--quota", "none")
        store = Simulator(
            "bigcommerce", *size, "--quota", "b2b=150/30", "--quota", "core=1000000/30"
        )
        hub = Hub(erp, store, share=share, batch=False, threshold_count=0)
        try:
            hub.sync("customer")
            bound = [r["extraFields"] for r in store.rows("companies")]
            keys = [field[0]["fieldValue"] for field in bound if field][:450]
            for key in keys:
                erp.put("Customer", key, {"CustomerName": f"Renamed {key}"})
            time.sleep(31)
            before = store.stats()
            done = hub.sync("customer")["flows"]["customer"]
            refused = store.stats()["refused"] - before["refused"]
            line(
                f"{done['updated']} single updates at 150 / 30 s, share {share} %",
                f"<= {most:.0f} s",
                f"{done['seconds']:.1f} s, {refused} refused",
            )
        finally:
            hub.remove()
            erp.stop()
            store.stop()


def idle() -> None:
    """Memory of a serving hub that has nothing to do."""
    erp, store = pair(120, 400)
    hub = Hub(erp, store)
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "run", "--port", "0"],
        env=hub.environ,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(20)
        status = Path(f"/proc/{process.pid}/status").read_text()
        kilobytes = int(status.split("VmRSS:")[1].split()[0])
        line("Idle hub, resident memory", "<= 120 MB", f"{kilobytes / 1024:.0f} MB")
    finally:
        process.terminate()
        process.wait(40)
        hub.remove()
        erp.stop()
        store.stop()


def install() -> None:
    """A fresh virtual environment with the hub in it: seconds, packages, size."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        project = str(Path(__file__).parent.parent)
        subprocess.run([*pip, "install", "-qq", project], check=True)
        seconds = time.perf_counter() - started
        found = json.loads(
            subprocess.run(
                [*pip, "list", "--format", "json"], check=True, capture_output=True, text=True
            ).stdout
        )
        size = sum(f.lstat().st_size for f in Path(folder).rglob("*") if f.is_file())
    line("Install: seconds", "<= 30", f"{seconds:.0f}")
    line("Install: size", "<= 120 MB", f"{size / 1e6:.0f} MB, {len(found)} packages")


FIGURES: dict[str, Callable[[], None]] = {
    "customers": customers,
    "stock": stock,
    "calls": calls,
    "memory": memory,
    "silence": silence,
    "idle": idle,
    "quota": quota,
    "install": install,
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise SystemExit(f"There is no figure {unknown[0]}. There are: {', '.join(FIGURES)}.")
    for name in names or FIGURES:
        FIGURES[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
