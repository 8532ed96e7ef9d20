"""A hub between both simulators in one process: real loopback HTTP, one clock for all three.

On the virtual clock sleeps, holds and quota windows cost nothing, so hours pass in a test.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import prepared

from hub.registry import Registry
from hub.runtime import Runtime, build
from hub.runtime.sync import Sync, SyncResult
from hub.sdk.simulation import RunningSimulator
from hub.seams import Clock, Rng, SystemClock, VirtualClock
from hub.settings.file import Report

REGISTRY = Registry()
ALL_CLASSES = ["DEALER", "DISTRIB", "KEYACCT", "EXPORT", "INTERCO"]
FLOWS = ("customer", "location", "contact", "inventory")
PRICES = {"WHOLESALE": 1, "RETAIL": 2, "VIP": 3, "CONTRACT": 4}
CONNECTOR = "B2B-US"
SELLING = ("Active", "Credit Hold", "One-Time")


def unwrap(row: Any) -> Any:
    """Take the ERP's ``{"value": x}`` off, all the way down."""
    if isinstance(row, Mapping):
        if not row:
            return None
        if set(row) == {"value"}:
            return row["value"]
        return {name: unwrap(value) for name, value in row.items()}
    return [unwrap(item) for item in row] if isinstance(row, list) else row


class Rig:
    """Both simulators, a hub in its own home, and short ways to look at all three."""

    def __init__(
        self,
        home: Path,
        *,
        customers: int = 12,
        items: int = 40,
        seed: int = 7,
        clock: Clock | None = None,
        database: str | None = None,
        erp: Mapping[str, Any] | None = None,
        store: Mapping[str, Any] | None = None,
        **config: Any,
    ) -> None:
        self.home = home
        self.clock = clock or VirtualClock()
        self.seed = seed
        self.made: list[tuple[RunningSimulator, str, Mapping[str, Any]]] = []
        size = {"customers": customers, "items": items}
        unlimited = {"quotas": None}
        self.erp_server = self._serve("acumatica", {**size, **(erp or {})})
        self.store_server = self._serve("bigcommerce", {**size, **unlimited, **(store or {})})
        self.bodies: list[tuple[str, str, Any]] = []
        self._listen(self.store)
        self.environ = {
            "HUB_HOME": str(home / "home"),
            "ACU_PASSWORD": str(self.erp.settings(self.erp_server.url).get("password", "")),
            "BC_TOKEN": str(self.store.settings(self.store_server.url)["access_token"]),
            "PATH": os.environ.get("PATH", ""),
            **({"HUB_DATABASE_URL": database} if database else {}),
        }
        self.config: dict[str, Any] = {"features": {key: {} for key in FLOWS}, **config}
        self._runtime: Runtime | None = None
        alike = "" if clock or database or type(self).document is not Rig.document else prepared.key_of(
            self.document(), self.seed, [made[1:] for made in self.made]
        )
        if alike:
            self._as_set_up_before(alike)
        else:
            self.ok(self.apply())

    def _as_set_up_before(self, alike: str) -> None:
        """Set up as a rig of this kind was before: the same home, clock, and simulators unasked."""

        def set_up() -> float:
            self.ok(self.apply())
            self.restart()
            return self.clock.monotonic()

        seconds = prepared.copied(alike, self.home / "home", set_up)
        self.clock = VirtualClock()
        for server, plugin, options in self.made:
            prepared.give(server, self._simulator(plugin, options))
        self.bodies.clear()
        self._listen(self.store)
        self.clock.sleep(seconds)

    def _serve(self, plugin: str, options: Mapping[str, Any]) -> RunningSimulator:
        server = prepared.serve_again(plugin, self._simulator(plugin, options))
        self.made.append((server, plugin, options))
        return server

    def _simulator(self, plugin: str, options: Mapping[str, Any]) -> Any:
        found = REGISTRY.get(plugin)
        assert found is not None
        return found.simulator(self.clock, self.seed, options)

    def _listen(self, sim: Any) -> None:
        """Keep what is written to the store: (method, path, body)."""
        execute = sim.execute

        def heard(request: Any) -> Any:
            if request.method in ("POST", "PUT"):
                self.bodies.append((request.method, request.path, request.json()))
            return execute(request)

        sim.execute = heard

    # -- parts

    @property
    def erp(self) -> Any:
        """The simulated Acumatica."""
        return self.erp_server.sim

    @property
    def store(self) -> Any:
        """The simulated BigCommerce."""
        return self.store_server.sim

    @property
    def runtime(self) -> Runtime:
        """The hub, built on first use."""
        if self._runtime is None:
            self._runtime = build(
                self.environ, clock=self.clock, rng=Rng(self.seed), registry=REGISTRY, keep_alive=True
            )
        return self._runtime

    def restart(self) -> None:
        """End the hub as a process end would, and start it anew on the same home."""
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None

    def close(self) -> None:
        self.restart()
        for server, plugin, _ in self.made[:2]:
            prepared.leave(plugin, server)

    # -- settings

    def document(self) -> dict[str, Any]:
        """The configuration file of this rig, with what the test changed."""
        config = self.config
        erp_values = {**self.erp.settings(self.erp_server.url), "password": "env:ACU_PASSWORD"}
        store_values = {
            **self.store.settings(self.store_server.url), "access_token": "env:BC_TOKEN"
        }
        preferences = {"customer_classes": ALL_CLASSES, **config.get("preferences", {})}
        connector = {
            "name": "Wholesale US", "erp": "erp", "store": "store",
            "active": config.get("active", True),
            "preferences": preferences,
            "messages": config.get("messages", {}),
            "logging": config.get("logging", {"info": True, "error": True, "warning": True}),
            "values": config.get("values", {"price_class": PRICES}),
            "features": config["features"],
        }  # fmt: skip
        return {
            **({"common": config["common"]} if "common" in config else {}),
            "connections": {
                "erp": {
                    "plugin": "acumatica",
                    "own_network": True,
                    "parameters": {**erp_values, **config.get("erp_parameters", {})},
                },
                "store": {
                    "plugin": "bigcommerce",
                    "own_network": True,
                    "parameters": {**store_values, **config.get("store_parameters", {})},
                },
            },
            "connectors": {CONNECTOR: connector},
        }

    def apply(self, **changes: Any) -> Report:
        """Apply the file as ``hub config apply`` does, with these parts replaced."""
        self.config.update(changes)
        return self.runtime.settings.apply(
            json.dumps(self.document()),
            who="test",
            activate=lambda connector_id: self.runtime.activate(connector_id, "test"),
        )

    @staticmethod
    def ok(report: Report) -> Report:
        assert report.ok, report.problems + report.failed
        return report

    def set(self, **changes: Any) -> None:
        """Apply, and fail the test when the hub refuses."""
        self.ok(self.apply(**changes))

    # -- work

    def run(self, *flows: str, **options: Any) -> SyncResult:
        """``hub sync``."""
        return Sync(self.runtime, CONNECTOR).run(flows, **options)

    def sync(self, *flows: str, **options: Any) -> dict[str, dict[str, Any]]:
        """``hub sync`` that must meet no problem; returns what it prints, by flow."""
        result = self.run(*flows, **options)
        assert not result.problems, result.problems
        return result.flows

    def quiesce(self, hours: float = 8.0) -> dict[str, dict[str, Any]]:
        """Run until nothing is due and nothing falls due within so many virtual hours."""
        self.run(wait=hours * 3600)
        return self.run(wait=hours * 3600).flows

    # -- looking

    def erp_rows(self, entity: str = "Customer") -> list[dict[str, Any]]:
        with self.erp.lock:
            return [unwrap(row) for row in self.erp.rows(entity)]

    def rows(self, entity: str = "companies") -> list[dict[str, Any]]:
        with self.store.lock:
            return list(self.store.rows(entity))

    def companies(self) -> dict[str, dict[str, Any]]:
        """The store's companies by ERP key; those without one under their own id."""
        return {self.stamp(row) or f"#{row['companyId']}": row for row in self.rows("companies")}

    @staticmethod
    def stamp(company: Mapping[str, Any], field: str = "ERP ID") -> str:
        extra = {f["fieldName"]: f["fieldValue"] for f in company.get("extraFields") or ()}
        return str(extra.get(field) or "")

    def users(self) -> dict[str, dict[str, Any]]:
        return {row["email"].lower(): row for row in self.rows("users")}

    def addresses(self) -> dict[str, dict[str, Any]]:
        return {row["externalId"]: row for row in self.rows("addresses")}

    def stock(self, location: int = 1) -> dict[str, int]:
        """Quantity per SKU at one of the store's locations."""
        with self.store.lock:
            self.store.state.settle()
            return {
                row["identity"]["sku"]: place["total_inventory_onhand"]
                for row in self.store.rows("inventory")
                for place in row["locations"]
                if place["location_id"] == location
            }

    def effects(self, after: int = 0, entity: str | None = None) -> list[dict[str, Any]]:
        """What was done in the store since an entry of its journal."""
        return [
            entry
            for entry in self.store.journal.after(after)
            if entry["request"] and entity in (None, entry["entity"])
        ]

    def mark(self) -> int:
        """The number of the store's last journal entry."""
        return len(self.store.journal.after(0))

    def created_twice(self) -> list[tuple[str, str]]:
        """Records of the ERP that were created more often than deleted plus once."""
        counts: Counter[tuple[str, str]] = Counter()
        doubled = []
        for entry in self.store.journal.after(0):
            name = (entry["entity"], str(entry["key"]))
            if entry["effect"] == "created" and entry["entity"] != "customers":
                counts[name] += 1
                if counts[name] > 1:
                    doubled.append(name)
            elif entry["effect"] == "deleted":
                counts[name] -= 1
        return doubled

    @contextmanager
    def calls(self) -> Iterator[dict[str, Counter[str]]]:
        """Count requests of both sides inside the block: {"erp": …, "store": …}."""
        before = {n: Counter(s.stats.requests) for n, s in self._sides()}
        seen: dict[str, Counter[str]] = {}
        yield seen
        for name, sim in self._sides():
            seen[name] = Counter(sim.stats.requests) - before[name]

    def _sides(self) -> Sequence[tuple[str, Any]]:
        return (("erp", self.erp), ("store", self.store))

    def query(self, sql: str, **bound: Any) -> list[Any]:
        """Rows of the hub's database."""
        from sqlalchemy import text

        with self.runtime.read() as session:
            return list(session.execute(text(sql), bound))

    def messages(self, status: str, flow: str | None = None) -> dict[str, Any]:
        """Messages in this status by key."""
        rows = self.query(
            "SELECT m.*, f.key AS flow FROM message AS m JOIN flow AS f ON f.id = m.flow_id "
            "WHERE m.status = :status ORDER BY m.id",
            status=status,
        )
        return {row.key: row for row in rows if flow in (None, row.flow)}

    def log(self, level: str | None = None) -> list[Any]:
        return [
            row
            for row in self.query("SELECT * FROM log_entry ORDER BY id")
            if level in (None, row.level)
        ]

    def flow_id(self, key: str) -> int:
        return int(self.query("SELECT id FROM flow WHERE key = :key", key=key)[0].id)

    def put(self, entity: str, key: str, **changes: Any) -> Any:
        """Change a record of the ERP as a person there would, a minute later than before."""
        self.clock.sleep(60) if not isinstance(self.clock, SystemClock) else None
        with self.erp.lock:
            return unwrap(self.erp.put_row(entity, key, changes))


def eligible(rig: Rig, classes: Sequence[str] = ALL_CLASSES) -> dict[str, dict[str, Any]]:
    """Customers of the ERP that belong in the store, by key: an oracle beside the hub's code."""
    return {
        row["CustomerID"]: row
        for row in rig.erp_rows("Customer")
        if row["CustomerClass"] in classes and row["Status"] in SELLING
    }
