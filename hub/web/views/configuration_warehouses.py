"""The rows of "Warehouse to store location": what lies there, where it goes, what that means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.sdk import Choice
from hub.web import context, fmt
from hub.web.views import configuration_lookups as lookups
from hub.web.views.configuration_fields import Sheet, system_of

WAREHOUSES = "preferences.warehouses"
GONE = "not found any more"


@dataclass(frozen=True, slots=True)
class WarehouseRow:
    """One ERP warehouse. ``items`` None: not counted yet; ``location`` empty: not sent."""

    key: str
    label: str
    items: int | None
    location: str
    says: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Warehouses:
    """The table and the sentences under it."""

    rows: list[WarehouseRow]
    locations: list[Choice]
    foot: list[str]
    counted: bool

    @property
    def choices(self) -> list[Choice]:
        """The warehouses alone, for the list of those that are summed."""
        return [Choice(row.key, row.label) for row in self.rows]


def build(sheet: Sheet) -> Warehouses:
    """Make the table from what is known and what stands in the form."""
    saved, form = sheet.saved, sheet.form
    if saved.plugins["erp"] is None or saved.plugins["store"] is None:
        return Warehouses([], [], [], False)
    value = sheet.value(WAREHOUSES)
    mapped: dict[str, str] = dict(value) if isinstance(value, Mapping) else {}
    known = warehouses(sheet, value)
    places = list(lookups.shown(saved, form, "store", lookups.LOCATIONS).choices)
    stock = lookups.shown(saved, form, "erp", lookups.STOCK)
    counts = {c.value.upper(): int(c.label) for c in stock.choices if c.label.isdecimal()}
    rows = [
        WarehouseRow(
            c.value, " · ".join(filter(None, (c.label if c.label != c.value else "", c.note))),
            counts.get(c.value.upper(), 0) if counts else None, mapped.get(c.value, ""),
            *says(c.value, mapped, places),
        )
        for c in known
    ]  # fmt: skip
    return Warehouses(rows, places, foot(sheet, mapped, places), bool(counts))


def warehouses(sheet: Sheet, value: Any) -> list[Choice]:
    """Return the known warehouses, and chosen ones that are no longer among them."""
    looked = lookups.plain(lookups.shown(sheet.saved, sheet.form, "erp", "warehouses").choices)
    chosen = [] if isinstance(value, str) or not value else [str(v) for v in value]
    known = {choice.value for choice in looked}
    gone = [v for v in chosen if v not in known]
    return [*looked, *(Choice(v, v, GONE if looked else "") for v in gone)]


def says(key: str, mapped: Mapping[str, str], places: Sequence[Choice]) -> tuple[str, str]:
    """Return what happens with a warehouse's stock, and the tone of it."""
    where = mapped.get(key, "")
    if not where:
        return "Not sent", ""
    place = next((p for p in places if p.value == where), None)
    if place is None and places:
        return f"The store has no location {where}. Choose another one, or Not sent", "bad"
    name = place.label if place else where
    if place is not None and place.note:
        return f"{name} is {place.note} in the store; it accepts no quantities", "wait"
    others = [k for k, v in mapped.items() if v == where and k != key]
    return f"Sent to {name}" + (f", summed with {', '.join(others)}" if others else ""), ""


def foot(sheet: Sheet, mapped: Mapping[str, str], places: Sequence[Choice]) -> list[str]:
    """Return how old the lists are, and which locations receive nothing."""
    said = []
    for side, lookup, noun in (
        ("erp", "warehouses", "Warehouses"), ("erp", lookups.STOCK, "Items in stock"),
        ("store", lookups.LOCATIONS, "Locations"),
    ):  # fmt: skip
        looked = lookups.shown(sheet.saved, sheet.form, side, lookup)
        if looked.read_at is not None:
            when = fmt.shown(looked.read_at, context.now(), context.zone())
            system = system_of(sheet.saved.plugins.get(side))
            said.append(f"{noun} read from {system} {'just now' if when == 'now' else when}.")
    idle = [p.label for p in places if p.value not in mapped.values()]
    if mapped and idle:
        verb = "receives nothing: its" if len(idle) == 1 else "receive nothing: their"
        said.append(f"{', '.join(idle)} {verb} quantities stay as they are.")
    return said
