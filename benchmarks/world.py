"""Two simulators in processes of their own, and a hub that is configured for them."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

SEED = 7
WIDE = ("--quota", "none")
"""The store's headers announce a limit that nobody reaches, so that the hub does not pace itself."""
VALUES = {"price_class": {"WHOLESALE": 1, "RETAIL": 2, "VIP": 3, "CONTRACT": 1}}


class Simulator:
    """``hub simulate`` as a process."""

    def __init__(self, plugin: str, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hub", "simulate", plugin, "--seed", str(SEED), *options],
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        said = os.read(self._process.stdout.fileno(), 65_536)
        self.parameters: dict[str, Any] = yaml.safe_load(said)["parameters"]
        address = self.parameters.get("base_url") or self.parameters["api_url"]
        self.url = re.match(r"https?://[^/]+", address)[0]  # type: ignore[index]

    def stats(self) -> dict[str, Any]:
        """What the simulator counted."""
        with urllib.request.urlopen(f"{self.url}/_sim/stats") as answer:
            return json.load(answer)

    def effects(self, entity: str) -> int:
        """How many records of this entity were changed from outside."""
        with urllib.request.urlopen(f"{self.url}/_sim/journal?after=0") as answer:
            rows = [json.loads(line) for line in answer if line.strip()]
        return sum(row["entity"] == entity and row["request"] != 0 for row in rows)

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """The rows as the vendor shows them."""
        with urllib.request.urlopen(f"{self.url}/_sim/rows/{entity}") as answer:
            found = answer.read()
        try:
            return json.loads(found)
        except json.JSONDecodeError:
            return [json.loads(line) for line in found.splitlines() if line.strip()]

    def put(self, entity: str, key: str, changes: Mapping[str, Any]) -> None:
        """Change a row as a person in that system would."""
        request = urllib.request.Request(
            f"{self.url}/_sim/rows/{entity}/{key}",
            json.dumps(changes).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        urllib.request.urlopen(request).close()

    def faults(self, *script: Mapping[str, Any]) -> None:
        """Let these requests go wrong from now on."""
        request = urllib.request.Request(
            f"{self.url}/_sim/faults",
            json.dumps(script).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        urllib.request.urlopen(request).close()

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(20)
        if self._process.stdout is not None:
            self._process.stdout.close()


class Hub:
    """A hub in a temporary home, configured by its own command line."""

    def __init__(
        self, erp: Simulator, store: Simulator, *, share: int = 90, **messages: Any
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
        self.environ = {
            **os.environ,
            "HUB_HOME": str(self.home),
            "BENCH_PASSWORD": str(erp.parameters["password"]),
            "BENCH_TOKEN": str(store.parameters["access_token"]),
        }
        for name in ("HUB_DATABASE_URL", "HUB_SECRET_KEYS"):
            self.environ.pop(name, None)
        erp_values = {
            **erp.parameters,
            "password": "env:BENCH_PASSWORD",
            "requests_per_minute": 10_000,
        }
        store_values = {
            **store.parameters,
            "access_token": "env:BENCH_TOKEN",
            "quota_share": share,
        }
        connector = {
            "erp": "erp",
            "store": "store",
            "active": True,
            "preferences": {"customer_classes": "all", "order_types": ["SO"]},
            "messages": messages,
            "values": VALUES,
            "logging": {"info": True, "error": True, "warning": True},
            "features": {
                name: {"schedule": "none"}
                for name in ("customer", "location", "contact", "inventory")
            },
        }
        document = {
            "connections": {
                "erp": {"plugin": "acumatica", "own_network": True, "parameters": erp_values},
                "store": {"plugin": "bigcommerce", "own_network": True, "parameters": store_values},
            },
            "connectors": {"BENCH": connector},
        }
        self.command("config", "apply", "-", text=yaml.safe_dump(document))

    def command(self, *arguments: str, text: str | None = None) -> str:
        """Run ``hub`` and return what it printed; ends the benchmark when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "hub", *arguments],
            env=self.environ,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 3):
            raise SystemExit(f"hub {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def sync(self, *flows: str, mode: str = "incremental", wait: int = 0) -> dict[str, Any]:
        """Run ``hub sync`` in a measured process: its counts, CPU seconds net of start, memory."""
        return measured(["benchmarks.child", "sync", mode, str(wait), *flows], self.environ)

    def begin(self, *flows: str) -> subprocess.Popen[bytes]:
        """Start ``hub sync`` as the process that a person would start."""
        return subprocess.Popen(
            [sys.executable, "-m", "hub", "sync", "BENCH", *flows],
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def remove(self) -> None:
        """Delete the home."""
        shutil.rmtree(self.home, ignore_errors=True)


def measured(command: list[str], environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run ``python -m …`` to its end and return the JSON document that it prints last."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=None if environ is None else dict(environ),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {**found, "wall": time.perf_counter() - started}


def store_calls(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, int]:
    """Calls that a simulator got between two of its statistics, by method and path."""
    return {
        name: count - before["requests"].get(name, 0)
        for name, count in after["requests"].items()
        if count > before["requests"].get(name, 0) and "/_sim/" not in name
    }
