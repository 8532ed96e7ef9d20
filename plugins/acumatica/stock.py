"""Stock levels: one inquiry over everything, summed; per item where that inquiry is missing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.sdk import (
    Answer,
    AuthError,
    ConfigError,
    ConnectionTrouble,
    Page,
    Record,
    RecordRejected,
    Window,
    http_date,
)
from plugins.acumatica.client import AcumaticaClient, data_of
from plugins.acumatica.errors import EntityMissing, NotFound
from plugins.acumatica.paging import PAGE_SIZE, read_pages, resume_at
from plugins.acumatica.versions import QUANTITIES, storage_names

DEFAULT_LOCATION = "default"
PER_ITEM = ("QtyAvailable", "QtyAvailableForShipment", "QtyOnHand")
"""The same quantities as InventorySummaryInquiry names them (CONTRACT §4)."""

_ZERO = Decimal(0)

Row = dict[str, Any]
Level = tuple[str, str]


class Warehouses:
    """The preference ``warehouses``: which count, and which store location each belongs to.

    A mapping is warehouse → store location, a list means these summed, anything else all summed.
    """

    def __init__(self, preference: Any) -> None:
        self.places: dict[str, str] | None = None
        if isinstance(preference, Mapping):
            self.places = {str(name).strip(): str(to) for name, to in preference.items()}
        elif isinstance(preference, list | tuple | set | frozenset):
            self.places = {str(name).strip(): DEFAULT_LOCATION for name in preference}
        self._upper = {name.upper(): to for name, to in (self.places or {}).items()}

    @property
    def locations(self) -> list[str]:
        """Every store location that stock is kept for."""
        return [DEFAULT_LOCATION] if self.places is None else sorted(set(self.places.values()))

    def place(self, warehouse: str) -> str | None:
        """Return the store location of a warehouse; None when it does not count."""
        if self.places is None:
            return DEFAULT_LOCATION
        return self._upper.get(warehouse.upper())


class Sums:
    """Quantities per item and store location, exact."""

    def __init__(self) -> None:
        self._levels: dict[Level, list[Decimal]] = {}
        self.read_at: datetime | None = None

    def note(self, answer: Answer) -> None:
        """Remember when the first answer was given; it is the version of all levels."""
        self.read_at = self.read_at or http_date(answer.headers.get("date"))

    def know(self, sku: str, places: Sequence[str]) -> None:
        """An item that lies in no chosen warehouse has none there: its level is zero, not absent.

        Otherwise the store would keep what it last heard when a warehouse is no longer chosen.
        """
        for place in places:
            self._levels.setdefault((sku, place), [_ZERO, _ZERO, _ZERO])

    def add(self, sku: str, place: str, row: Row, names: Sequence[str]) -> None:
        """Add one row of an inquiry; ``names`` are its names of the quantities."""
        level = self._levels.get((sku, place))
        if level is None:
            level = self._levels[sku, place] = [_ZERO, _ZERO, _ZERO]
        for position, name in enumerate(names):
            field = row.get(name)
            value = field.get("value") if isinstance(field, dict) else field
            if value:
                level[position] += value if isinstance(value, Decimal | int) else _number(value)

    def records(self) -> Iterator[Record]:
        """Yield the levels by item."""
        for (sku, place), sums in sorted(self._levels.items()):
            quantities = dict(zip(QUANTITIES, sums, strict=True))
            key = f"{sku}@{place}"
            data = {"key": key, "sku": sku, "location": place, "quantities": quantities}
            yield Record(key, data, self.read_at)


def extract(client: AcumaticaClient, window: Window) -> Iterator[Page]:
    """Yield every stock level, whatever the window: the sums need all rows (FIRST-FLOWS)."""
    warehouses = Warehouses(window.preferences.get("warehouses"))
    sums = Sums()
    try:
        read_storage(client, warehouses, sums)
    except EntityMissing:
        yield from _extract_per_item(client, warehouses, window)
        return
    yield from _pages(sums, window)


def fetch(
    client: AcumaticaClient, keys: Sequence[str], preferences: Mapping[str, Any]
) -> list[Record]:
    """Return the levels of these keys, ``SKU@location``; levels that are gone as deleted."""
    warehouses = Warehouses(preferences.get("warehouses"))
    sums = Sums()
    try:
        read_storage(client, warehouses, sums)
    except EntityMissing:
        for sku in dict.fromkeys(key.rpartition("@")[0] for key in keys):
            read_item(client, sku, warehouses, sums)
    found = {record.key: record for record in sums.records()}
    return [found.get(key) or Record(key, None, deleted=True) for key in dict.fromkeys(keys)]


def read_storage(client: AcumaticaClient, warehouses: Warehouses, sums: Sums) -> None:
    """Add StorageDetailsInquiry over all warehouses, in one call (CONTRACT §4).

    An instance that wants the inquiry's ``WarehouseID`` refuses that call or answers no rows:
    then warehouse by warehouse. Raises EntityMissing where the endpoint has no such inquiry.
    """
    refusal: Exception | None = None
    try:
        if _read_storage(client, {}, warehouses, sums):
            return
    except (AuthError, EntityMissing):
        raise
    except (ConfigError, RecordRejected) as error:
        refusal = error
    rows = client.rows("Warehouse", {"$select": "WarehouseID"})
    names = [name for row in rows if (name := _text(row, "WarehouseID"))]
    if refusal is not None and not names:
        raise refusal
    for name in names:
        _read_storage(client, {"WarehouseID": name}, warehouses, sums)


def _read_storage(
    client: AcumaticaClient, fields: Mapping[str, str], warehouses: Warehouses, sums: Sums
) -> bool:
    answer = client.inquire("StorageDetailsInquiry", fields, "StorageDetails")
    sums.note(answer)
    locations = warehouses.locations
    warehouse, names = storage_names(client.version)
    rows = _details(answer, "StorageDetails")
    for row in rows:
        sku = _text(row, "InventoryID")
        if not sku:
            continue
        place = warehouses.place(_text(row, warehouse))
        if place is None:
            sums.know(sku, locations)
        else:
            sums.add(sku, place, row, names)
            if len(locations) > 1:
                sums.know(sku, locations)
    return bool(rows)


def read_item(client: AcumaticaClient, sku: str, warehouses: Warehouses, sums: Sums) -> None:
    """Add one item by InventorySummaryInquiry; its rows name the warehouse, not the item."""
    try:
        answer = client.inquire("InventorySummaryInquiry", {"InventoryID": sku}, "Results")
    except NotFound:
        return
    sums.note(answer)
    for row in _details(answer, "Results"):
        sums.know(sku, warehouses.locations)
        name = _text(row, "WarehouseID")
        place = warehouses.place(name) if name else None
        if place is not None:
            sums.add(sku, place, row, PER_ITEM)


def _extract_per_item(
    client: AcumaticaClient, warehouses: Warehouses, window: Window
) -> Iterator[Page]:
    """Read the items, then each one's summary: one call per item, page after page."""

    def ask(top: int | None, skip: int) -> list[Row]:
        params = {"$select": "InventoryID"}
        if top is not None:
            params["$top"] = str(top)
        if skip:
            params["$skip"] = str(skip)
        return client.rows("StockItem", params)

    done: set[str] = set()
    started: datetime | None = None
    for rows in read_pages(ask, lambda row: _text(row, "InventoryID")):
        sums = Sums()
        for sku in (_text(row, "InventoryID") for row in rows):
            if sku and sku not in done:
                done.add(sku)
                read_item(client, sku, warehouses, sums)
        started = started or sums.read_at
        yield Page(tuple(sums.records()))
    yield Page((), resume_at(started, None, window))


def _pages(sums: Sums, window: Window) -> Iterator[Page]:
    page: list[Record] = []
    for record in sums.records():
        if len(page) == PAGE_SIZE:
            yield Page(tuple(page))
            page = []
        page.append(record)
    yield Page(tuple(page), resume_at(sums.read_at, None, window))


def _details(answer: Answer, name: str) -> list[Row]:
    found = data_of(answer, f"the inquiry result {name}")
    rows = found.get(name) if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise ConnectionTrouble(
            f"Acumatica answered an inquiry without {name}. The hub tries again by itself."
        )
    return [row for row in rows if isinstance(row, dict)]


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    value = value.get("value") if isinstance(value, dict) else value
    return "" if value is None else str(value).strip()


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return _ZERO
