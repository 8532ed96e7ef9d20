"""dlt as an outside peer on the same simulators, each case beside the hub."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import arrived, line, world
from benchmarks.world import SEED, Hub, Simulator, store_calls

PACKAGES = ("dlt==1.*", "requests", "pyyaml")
PROJECT = Path(__file__).parent.parent
COUNT = 2000
KILL_AT = 600
LOST_EVERY = 25
LOOK = 15
"""Seconds in which the hub looks for what may have arrived. What it does not find was perhaps never
sent; it waits for the hold (90 s and the rest of the lease) before it is sent again."""
AGAIN = 5
"""The peer is run again until it ends well, at most so often."""
SIZES = {"bulk of 10": 10, "one by one": 1}


def _environment(folder: Path) -> str | None:
    """Make a virtual environment with the peer in it; None when the package cannot be had."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "--disable-pip-version-check", "install", "-qq", *PACKAGES]
    done = subprocess.run(install, check=False, capture_output=True)
    return python if done.returncode == 0 else None


class Peer:
    """The peer's process on a pair of simulators, with a state folder of its own."""

    def __init__(self, python: str, erp: Simulator, shop: Simulator, size: int, state: str) -> None:
        parameters = [json.dumps(erp.parameters), json.dumps(shop.parameters), str(size), state]
        self._command = [python, "-m", "benchmarks.peer_dlt", *parameters]
        self._environ = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

    def begin(self) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            self._command,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def finish(self) -> dict[str, Any]:
        """Run it until it ends well."""
        total: dict[str, Any] = {"cpu": 0.0, "runs": 0, "peak_kb": 0, "waiting": 0}
        while total["runs"] < AGAIN:
            process = self.begin()
            said, _ = process.communicate()
            total["runs"] += 1
            if process.returncode == 0:
                found = json.loads(said.strip().splitlines()[-1])
                total["cpu"] += found["cpu"]
                total["peak_kb"] = max(total["peak_kb"], found["peak_kb"])
                break
        return total


def _posts(shop: Simulator) -> int:
    requests = shop.stats()["requests"]
    return sum(
        n for call, n in requests.items() if call.startswith("POST") and "/_sim/" not in call
    )


def _kill_in_the_middle(process: subprocess.Popen[Any], shop: Simulator, size: int) -> None:
    while process.poll() is None and _posts(shop) * size < KILL_AT:
        time.sleep(0.01)
    process.kill()
    process.communicate()


def _case(python: str, name: str, what: str, wanted: set[str] | None) -> set[str]:
    """Both in one case, each on simulators of its own; returns what the hub delivered."""
    size = SIZES[name]
    messages = {} if size > 1 else {"batch": False}
    found: set[str] = set()
    for who in ("hub", "dlt"):
        with (
            world(COUNT, 0, **messages) as (hub, erp, shop),
            tempfile.TemporaryDirectory() as state,
        ):
            before = shop.stats()
            if what == "answers lost":
                match = "POST /api/v3/io/companies"
                shop.faults({"match": match, "fault": "answer_lost", "every": LOST_EVERY})
            peer = Peer(python, erp, shop, size, state)
            if what == "killed":
                process = hub.begin("customer") if who == "hub" else peer.begin()
                _kill_in_the_middle(process, shop, size)
            cost = _hub(hub) if who == "hub" else peer.finish()
            ids, doubled = arrived(shop)
            found = ids if who == "hub" else found
            lost = len((wanted if wanted is not None else found) - ids) - cost["waiting"]
            calls = sum(store_calls(before, shop.stats()).values())
            line(
                f"{who}, {COUNT:,} customers, {name}, {what}",
                "0 lost, 0 doubled" if who == "hub" else "",
                f"{lost} lost, {doubled} doubled, {cost['waiting']} waiting, {calls:,} store calls, "
                f"{cost['cpu']:.2f} s CPU, {cost['peak_kb'] / 1024:.0f} MB, "
                f"{cost['runs']} run{'s' if cost['runs'] > 1 else ''}, seed {SEED}",
            )
    return found


def _hub(hub: Hub) -> dict[str, Any]:
    done = hub.sync("customer", wait=LOOK)
    return {**done, "waiting": done["flows"]["customer"]["waiting"], "runs": 1}


def peer() -> None:
    """CPU, calls, memory, lost and doubled of the hub and of dlt: fault-free, killed, deaf."""
    with tempfile.TemporaryDirectory(prefix="hub-peer-") as folder:
        python = _environment(Path(folder))
        if python is None:
            print("The peer is left out: the package dlt could not be installed from here.")
            return
        for name in SIZES:
            wanted = _case(python, name, "no fault", None)
            for what in ("killed", "answers lost"):
                _case(python, name, what, wanted)
