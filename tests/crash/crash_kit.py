"""Kill a hub, let it recover, and count what was lost, doubled, turned back, stuck or wasted."""

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pg
import prepared
import worker
from rig import Rig
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

# The fork server imports the hub once; each child then starts in milliseconds.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
)
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["worker"])

IGNORED = {
    "companies": {"companyId", "createdAt", "updatedAt"},
    "addresses": {"addressId", "companyId"},
    "users": {"id", "companyId", "customerId", "createdAt", "updatedAt"},
}
KEYS = {
    "companies": Rig.stamp,
    "addresses": lambda row: row["externalId"],
    "users": lambda row: row["email"].lower(),
}

MEASURES = ("lost", "doubled", "backwards", "stuck", "wasted")


@dataclass(slots=True)
class Base:
    """The five measures of RELIABILITY §3; *Base* = all of them empty."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    backwards: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wasted: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.backwards or self.stuck or self.wasted)


class CrashRig(Rig):
    """A rig whose hub runs in child processes that may be killed."""

    def __init__(self, home: Path, *, shared: bool = True, **options: Any) -> None:
        self.clock_file = home / "clock"
        if shared:
            options["clock"] = worker.SharedClock(self.clock_file)
        options.setdefault("customers", 6)
        options.setdefault("items", 4)
        options.setdefault("messages", {"threshold_count": 0})
        self.mutant = ""
        self.saved_database, self.copies = "", 0
        super().__init__(home, **options)

    def fresh(self) -> None:
        """Begin anew: unsynced home, both simulators as seeded, same addresses."""
        self.restart()
        if "HUB_DATABASE_URL" in self.environ:
            self._copy_database()
        saved, live = self.home / "saved", self.home / "home"
        if not saved.exists():
            shutil.copytree(live, saved)
        shutil.rmtree(live)
        shutil.copytree(saved, live)
        for server, plugin, options in self.made:
            prepared.give(server, self._simulator(plugin, options))
        self._listen(self.store)

    def _copy_database(self) -> None:
        """A copy of the database as it was when the rig was made; on PostgreSQL a new one each."""
        url = make_url(self.environ["HUB_DATABASE_URL"])
        server = url.set(database="postgres").render_as_string(hide_password=False)
        if not self.saved_database:
            self.saved_database = f"saved_{url.database}"
            _copy(server, str(url.database), self.saved_database)
        self.copies += 1
        name = f"{self.saved_database}_{self.copies}"
        _copy(server, self.saved_database, name)
        if self.copies > 1:
            pg.execute(server, f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")
        self.environ["HUB_DATABASE_URL"] = url.set(database=name).render_as_string(
            hide_password=False
        )

    def child(self, nth: int = 0, trace: Path | None = None, point: str = "") -> BaseProcess:
        """Start one ``hub sync`` in a process of its own."""
        self.restart()
        process = CONTEXT.Process(
            target=worker.sync,
            args=(self.environ, self.clock_file, nth, trace, point, self.mutant),
            daemon=True,
        )
        process.start()
        return process

    def killed_at(self, nth: int, trace: Path | None = None) -> bool:
        """Run a child that dies at its nth crash point; False when it ended before."""
        process = self.child(nth, trace)
        process.join(60)
        assert process.exitcode in (0, -9), process.exitcode
        return process.exitcode == -9

    def killed_at_point(self, point: str, nth: int) -> bool:
        """Run a child that dies when it passes this crash point for the nth time."""
        process = self.child(nth, point=point)
        process.join(60)
        return process.exitcode == -9

    def asked(self) -> int:
        """How many requests both simulators have had since ``fresh``."""
        return sum(sum(sim.stats.requests.values()) for _, sim in self._sides())

    def contents(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Everything of ours in the store, without the vendor's own numbers."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        names = {row["companyId"]: self.stamp(row) for row in self.rows("companies")}
        for entity, key in KEYS.items():
            for row in self.rows(entity):
                kept = {
                    n: v for n, v in row.items() if n not in IGNORED[entity] and v not in ("", None)
                }
                if entity != "companies":
                    kept["company"] = names.get(row["companyId"])
                found[entity, key(row)] = kept
        for sku, quantity in self.stock().items():
            found["inventory", sku] = {"quantity": quantity}
        return found

    def judge(self, wanted: Mapping[tuple[str, str], Any]) -> Base:
        """Compare with what an undisturbed hub leaves in the store, then resync everything."""
        self.run(wait=3600)
        base = Base()
        found = self.contents()
        base.lost = [f"{e} {k}" for e, k in wanted if (e, k) not in found]
        base.doubled = [f"{e} {k}" for e, k in self.created_twice()]
        base.doubled += [f"{e} {k} (not wanted)" for e, k in found if (e, k) not in wanted]
        base.backwards = [
            f"{e} {k}: {value} instead of {wanted[e, k].get(name)!r} in {name}"
            for (e, k), row in found.items()
            for name, value in row.items()
            if (e, k) in wanted and wanted[e, k].get(name) != value
        ]
        for sql in (
            "SELECT key FROM message WHERE status IN ('in_flight','unknown')",
            "SELECT token FROM claim",
            "SELECT name FROM lease WHERE name LIKE 'flow:%'",
        ):
            base.stuck += [str(row[0]) for row in self.query(sql)]
        mark = self.mark()
        self.run(mode="full")
        base.wasted = [f"{e['entity']} {e['key']} {e['effect']}" for e in self.effects(mark)]
        return base


def _copy(server: str, source: str, target: str) -> None:
    """A connection that was just closed may be there for a moment more."""
    for tries in range(20):
        try:
            pg.execute(server, f"CREATE DATABASE {target} TEMPLATE {source}")
            return
        except OperationalError:
            if tries == 19:
                raise
            time.sleep(0.1)


Make = Callable[..., CrashRig]


def edits(rig: Rig) -> None:
    """Changes of every kind, the same in every rig of the same seed."""
    rig.put("Customer", "C000002", CustomerName="Renamed Two")
    rig.put("Customer", "C000003", MainContact={"Email": "other@three.example.com"})
    rig.put("Customer", "C000004", Status="Inactive")
    rig.put("CustomerLocation", "C000005/MAIN", LocationName="Other Name")
    rig.put("CustomerLocation", "C000005/NEW1", LocationName="New One",
            LocationContact={"Attention": "Ned New", "Phone1": "555-0101",
                             "Address": {"AddressLine1": "9 Dock St", "City": "Boston",
                                         "State": "MA", "PostalCode": "02110",
                                         "Country": "US"}})  # fmt: skip
    rig.put("Contact", "", BusinessAccount="C000006", FirstName="Nora", LastName="Newman",
            Email="nora@newman.example.com", Active=True)  # fmt: skip
    rig.put("Customer", "NEW9", CustomerName="New Nine", CustomerClass="DEALER",
            MainContact={"Email": "nine@example.com", "Phone1": "555-0111", "Attention": "Ann Nine",
                         "Address": {"AddressLine1": "1 Way", "City": "Boston", "State": "MA",
                                     "PostalCode": "02110", "Country": "US"}})  # fmt: skip
    for sku in ("WH-00001", "WH-00002", "WH-00003"):
        rig.put("StorageDetails", f"{sku}/WHOLESALE", QtyAvailable=4321)
