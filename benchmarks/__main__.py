"""``python -m benchmarks [NAME …]``: print figure, target and what was measured here."""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.growth import growth, history, memory
from benchmarks.measure import least, line, ours, plain, plain_on, ratio, world
from benchmarks.peer import peer
from benchmarks.recovery import kill, latency
from benchmarks.world import Hub, Simulator, store_calls

COMPANIES = 5000
ITEMS = 21_666
"""The store lacks every thirteenth: 20,000 levels are there."""


def _customers(name: str, target: str, **messages: bool) -> None:
    beside, done = least(
        lambda: plain("customers", COMPANIES, 0), lambda: ours("customer", COMPANIES, 0, **messages)
    )
    ratio(
        f"CPU, {COMPANIES:,} customers, {name}: hub / plain loop",
        target,
        done,
        beside,
        f"{done['created']:,} / {beside['sent']:,} created",
    )


def customers() -> None:
    """CPU of a first load in batches of ten, beside a loop that sends one by one."""
    _customers("bulk", "<= 0.45")


def singles() -> None:
    """The same, both one by one."""
    _customers("one by one", "<= 1.6", batch=False)


def stock() -> None:
    """CPU and calls of 20,000 stock levels with listing and read-back."""
    beside, done = least(lambda: plain("stock", 0, ITEMS), lambda: ours("inventory", 0, ITEMS))
    ratio(
        "CPU, 20,000 stock levels, listing and read-back: hub / plain",
        "<= 6",
        done,
        beside,
        f"{done['updated'] + done['adopted']:,} / {beside['sent']:,} levels",
    )
    writes = sum(n for call, n in done["calls"].items() if call.startswith("PUT"))
    reads = sum(n for call, n in done["calls"].items() if call.endswith("/inventory/items"))
    line("Store calls, 20,000 stock levels: writes", "<= 11", str(writes))
    line("Store calls, 20,000 stock levels: listing reads", "<= 42", str(reads))


def same() -> None:
    """CPU of reading 20,000 stock levels again when none has changed."""
    with world(0, ITEMS) as (hub, erp, shop):
        hub.sync("inventory")
        beside, reading, done = least(
            lambda: plain_on("stock", erp, shop),
            lambda: plain_on("levels", erp, shop),
            lambda: hub.sync("inventory", mode="full"),
        )
    flow = done["flows"]["inventory"]
    what = f"{flow['unchanged'] + flow['filtered']:,} of {flow['read']:,} as before"
    figure = "CPU, 20,000 stock levels unchanged: hub / plain"
    ratio(f"{figure} loop as above", "<= 2.5", done, beside, what)
    ratio(f"{figure} reading alone", "", done, reading, what)


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


def silence() -> None:
    """A run in which nothing changed, and one in which one per cent did."""
    with world(1000, 200) as (hub, erp, store):
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
    with world(120, 400) as (hub, _erp, _store):
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
    "singles": singles,
    "stock": stock,
    "same": same,
    "calls": calls,
    "memory": memory,
    "silence": silence,
    "latency": latency,
    "kill": kill,
    "history": history,
    "idle": idle,
    "quota": quota,
    "install": install,
}
BY_NAME: dict[str, Callable[[], None]] = {"growth": growth, "peer": peer}
"""Only when asked for: minutes of 200,000 customers, and a package from outside."""


def main(names: list[str]) -> None:
    every = {**FIGURES, **BY_NAME}
    unknown = [name for name in names if name not in every]
    if unknown:
        raise SystemExit(f"There is no figure {unknown[0]}. There are: {', '.join(every)}.")
    for name in names or FIGURES:
        every[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
