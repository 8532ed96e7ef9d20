"""The simulated ERP: a key in each call, lists by offset and limit, single records, a quota."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from csv_erp.actions import EXPORTS
from csv_erp.simulator.seeding import Row, seed_tables
from hub.sdk import Clock, ConfigError
from hub.sdk.simulation import Sample, SimRequest, SimResponse, SimulatedServer

MOST_ROWS = 1000
KEY = "simulated-key"
COLUMNS = {export.name: export.columns for export in EXPORTS.values()}
KEYS = {export.name: export.keys for export in EXPORTS.values()}


class CsvErp(SimulatedServer):
    """Four tables in memory, written as UTF-8 with commas.

    Faults of its own: ``column_gone`` leaves the column ``column`` out of every list; ``cut_row``
    ends a list in the middle of its last row, as an export job that was killed does.
    """

    name: ClassVar[str] = "csv_erp"
    vendor_faults: ClassVar[Mapping[str, str | None]] = {"column_gone": "column", "cut_row": None}
    samples: ClassVar[Mapping[str, Sample]] = {
        "extract:customer": Sample("customers", change=lambda n: {"name": f"Renamed {n}"}),
        "extract:location": Sample("addresses", change=lambda n: {"street": f"{n} New St"}),
        "extract:contact": Sample("contacts", change=lambda n: {"phone": f"555-{n:04d}"}),
        "extract:inventory": Sample(
            "stock",
            change=lambda n: {"quantity": str(n)},
            row_key=lambda key: key.rpartition("@")[0],
        ),
    }

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int,
        customers: int,
        items: int,
        quotas: Mapping[str, tuple[int, float]] | None,
    ) -> None:
        super().__init__(clock=clock, seed=seed, quotas=quotas)
        self.tables = seed_tables(seed, customers, items)
        for name in COLUMNS:
            self.router.add("GET", f"/export/{name}.csv", self._list)
            for parts in ("{key}", "{key}/{second}"):
                self.router.add("GET", f"/export/{name}/{parts}", self._one)

    def settings(self, base_url: str) -> dict[str, Any]:
        """Return the connection's parameters; with no quota the most calls that one can enter."""
        quota = self.quotas.get("exports")
        calls = 10_000 if quota is None else max(1, int(quota.calls * 60 / quota.seconds))
        return {"base_url": base_url, "api_key": KEY, "calls_per_minute": calls}

    def dispatch(self, request: SimRequest) -> SimResponse:
        """Answer a request: the key first, then the quota, then the list."""
        if request.headers.get("x-api-key") != KEY:
            return SimResponse.text("The API key is missing or wrong.", 401)
        quota = self.quotas.get("exports")
        if quota is not None:
            self.stats.call("exports")
            allowed, _remaining, seconds = quota.take()
            if not allowed:
                return self._told(seconds)
        with self.lock:
            return super().dispatch(request)

    def throttled(
        self,
        request: SimRequest,  # noqa: ARG002 - all alike
        headers: bool,
    ) -> SimResponse:
        """Return the 429 of a quota that is used up."""
        return self._told(60.0) if headers else SimResponse.text("Too many calls.", 429)

    def _told(self, seconds: float) -> SimResponse:
        self.stats.told_to_wait("exports", seconds)
        return SimResponse.text("Too many calls.", 429, [("Retry-After", f"{seconds:.0f}")])

    def _list(self, request: SimRequest) -> SimResponse:
        name = request.segments[1].removesuffix(".csv")
        try:
            offset = int(request.arg("offset") or 0)
            limit = int(request.arg("limit") or MOST_ROWS)
        except ValueError:
            return SimResponse.text("offset and limit are whole numbers.", 400)
        if offset < 0 or not 1 <= limit <= MOST_ROWS:
            return SimResponse.text(f"limit is 1 to {MOST_ROWS}, offset is not negative.", 400)
        table = self.tables[name]
        rows: Iterable[Row] = (table[key] for key in sorted(table))
        customer = request.arg("customer")
        if customer is not None and name != "stock":
            column = "number" if name == "customers" else "customer"
            rows = (row for row in rows if row[column] == customer)
        found = list(rows)[offset : offset + limit]
        return self._csv(request, name, found)

    def _one(self, request: SimRequest) -> SimResponse:
        name, key = request.segments[1], "/".join(request.segments[2:])
        row = self.tables[name].get(key.removesuffix(".csv")) if key.endswith(".csv") else None
        return self.unknown(request) if row is None else self._csv(request, name, [row])

    def _csv(self, request: SimRequest, name: str, rows: list[Row]) -> SimResponse:
        gone = request.fault("column_gone")
        columns = [c for c in COLUMNS[name] if gone is None or c != gone.get("column")]
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        body = text.getvalue()
        if request.fault("cut_row"):
            body = body[: body.rstrip().rfind(",")]
        return SimResponse.text(body, kind="text/csv; charset=utf-8")

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Return the rows of a list. Raises KeyError: there is no such list."""
        table = self.tables[entity]
        return [dict(table[key]) for key in sorted(table)]

    def put_row(self, entity: str, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change or create a row. Raises KeyError for another list, ConfigError for a column."""
        table = self.tables[entity]
        unknown = [name for name in changes if name not in COLUMNS[entity]]
        if unknown:
            raise ConfigError(f"The list {entity} has no column {unknown[0]}.")
        new = key not in table
        parts = dict(zip(KEYS[entity], key.split("/"), strict=False))
        before = table.get(key) or {**dict.fromkeys(COLUMNS[entity], ""), **parts}
        row = {**before, **{name: str(value) for name, value in changes.items()}}
        if new or row != before:
            table[key] = row
            self.journal.append(entity, key, key, "created" if new else "updated", 0)
        return dict(row)

    def delete_row(self, entity: str, key: str) -> None:
        """Remove a row. Raises KeyError: no such list or row."""
        if key not in self.tables[entity]:
            raise KeyError(f"{entity} {key}")
        del self.tables[entity][key]
        self.journal.append(entity, key, key, "deleted", 0)
