"""A small wholesaler's customers, addresses, contacts and stock."""

from collections.abc import Sequence
from typing import TypeVar

from hub.sdk import Rng

T = TypeVar("T")
Row = dict[str, str]

_NAMES = ("Alder", "Birk", "Castañeda", "Dvořák", "Ekström", "Fuchs", "Großmann", "Hale")
_TRADES = ("Hardware", "Electric", "Plumbing", "Paint", "Tools", "Lighting, Ltd.", '"Best" Bolts')
_FIRST = ("Anna", "Béla", "Carla", "Dirk", "Eve", "Finn", "Grace", "Hugo")
_CITIES = (
    ("Springfield", "IL", "62701", "US"),
    ("Portland", "OR", "97201", "US"),
    ("Austin", "TX", "73301", "US"),
    ("Toronto", "ON", "M5H 2N2", "CA"),
)
_CLASSES = ("TRADE", "TRADE", "RETAIL", "EXPORT")
_STATUSES = ("open",) * 17 + ("blocked", "closed", "open")


def seed_tables(seed: int, customers: int, items: int) -> dict[str, dict[str, Row]]:
    """Return every list as rows by key, in the order of their keys."""
    rng = Rng(seed)
    tables: dict[str, dict[str, Row]] = {"customers": {}, "addresses": {}, "contacts": {}}
    for number in range(1, customers + 1):
        _add_customer(tables, rng, f"{10_000 + number}")
    tables["stock"] = {
        f"ITEM-{number:05d}": {
            "sku": f"ITEM-{number:05d}",
            "quantity": str(int(rng.uniform(0, 400))),
        }
        for number in range(1, items + 1)
    }
    return tables


def _one_of(rng: Rng, values: Sequence[T]) -> T:
    return values[min(int(rng.uniform(0, len(values))), len(values) - 1)]


def _add_customer(tables: dict[str, dict[str, Row]], rng: Rng, number: str) -> None:
    name, trade = _one_of(rng, _NAMES), _one_of(rng, _TRADES)
    first, last = _one_of(rng, _FIRST), _one_of(rng, _NAMES)
    city, state, postal, country = _one_of(rng, _CITIES)
    street = f"{int(rng.uniform(1, 9000))} Main St"
    place = {"street": street, "city": city, "state": state, "postal_code": postal}
    place["country"] = country
    tables["customers"][number] = {
        "number": number,
        "name": f"{name} {trade} {number}",
        "status": _one_of(rng, _STATUSES),
        "class": _one_of(rng, _CLASSES),
        "price_class": "",
        "email": f"office{number}@example.com",
        "phone": f"555-{int(rng.uniform(0, 9999)):04d}",
        **place,
        "buyer_first_name": first,
        "buyer_last_name": last,
    }
    tables["addresses"][f"{number}/MAIN"] = {
        "customer": number,
        "code": "MAIN",
        "name": f"{name} {trade}",
        "active": "yes",
        **place,
    }
    tables["contacts"][f"C{number}"] = {
        "number": f"C{number}",
        "customer": number,
        "active": "yes",
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{number}@example.com".lower(),
        "phone": "",
    }
