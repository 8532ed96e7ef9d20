"""Products, their variants, locations and stock levels (CONTRACT §7.6, §7.7)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.sdk import Clock

QUANTITY_MAX = 2_147_483_647
IDENTITIES = ("sku", "variant_id", "product_id")


@dataclass(slots=True, eq=False)
class Variant:
    """One thing that is counted. ``levels`` maps location id to its block of the listing."""

    id: int
    product_id: int
    sku: str
    levels: dict[int, dict[str, Any]] = field(default_factory=dict)
    text: str | None = None

    def row(self, locations: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the listing's row, with all locations or only those asked for."""
        wanted = self.levels if locations is None else [n for n in self.levels if n in locations]
        return {
            "identity": {
                "sku": self.sku,
                "variant_id": self.id,
                "product_id": self.product_id,
                "sku_id": self.id + 400,
            },
            "locations": [self.levels[n] for n in wanted],
        }

    def encoded(self) -> str:
        """Return the whole row as JSON, encoded once per change."""
        if self.text is None:
            self.text = json.dumps(self.row(), ensure_ascii=False, separators=(",", ":"))
        return self.text

    @property
    def available(self) -> int:
        """What can be sold over all locations."""
        return sum(int(level["available_to_sell"]) for level in self.levels.values())


Change = tuple[Variant, int, int]
"""Variant, location id, quantity."""


class Stock:
    """The catalog's variants in the order of their ids, and what each location holds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.locations: dict[int, dict[str, Any]] = {}
        self.products: dict[int, dict[str, Any]] = {}
        self.variants: dict[int, Variant] = {}
        self._by_sku: dict[str, Variant] = {}
        self._by_product: dict[int, list[Variant]] = {}
        self._next = 1001

    def add_location(self, number: int, code: str, label: str) -> None:
        """Open a location; every variant gets a level of 0 there."""
        moment = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self.locations[number] = {
            "id": number,
            "code": code,
            "label": label,
            "description": "",
            "managed_by_external_source": False,
            "type_id": "PHYSICAL",
            "enabled": True,
            "operating_hours": {},
            "time_zone": "America/Chicago",
            "created_at": moment,
            "updated_at": moment,
            "address": {"city": "Chicago", "state": "IL", "country_code": "US"},
            "storefront_visibility": True,
            "special_hours": [],
        }
        for variant in self.variants.values():
            variant.levels[number] = self._level(number, 0)

    def add_product(self, name: str, skus: Sequence[str], price: float, quantity: int = 0) -> int:
        """Add a product; with several SKUs it is tracked by variant. Return its id."""
        number = self._next
        tracked = "product" if len(skus) == 1 else "variant"
        moment = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self.products[number] = {
            "id": number,
            "name": name,
            "type": "physical",
            "sku": skus[0] if len(skus) == 1 else "",
            "weight": 1.0,
            "price": price,
            "inventory_tracking": tracked,
            "inventory_level": 0,
            "is_visible": True,
            "availability": "available",
            "date_created": moment,
            "date_modified": moment,
        }
        for sku in skus:
            variant = Variant(self._next, number, sku)
            variant.levels = {n: self._level(n, quantity) for n in self.locations}
            self.variants[variant.id] = variant
            self._by_sku[sku.casefold()] = variant
            self._by_product.setdefault(number, []).append(variant)
            self._next += 1
        self._count_product(number)
        return number

    def remove(self, variant: Variant) -> None:
        """Take a variant out of the catalog; its product goes with the last one."""
        del self.variants[variant.id]
        del self._by_sku[variant.sku.casefold()]
        rest = self._by_product[variant.product_id]
        rest.remove(variant)
        if not rest:
            del self._by_product[variant.product_id], self.products[variant.product_id]

    def by_sku(self, sku: str) -> Variant | None:
        """Return the variant of a SKU, whatever its case."""
        return self._by_sku.get(sku.casefold())

    def of_product(self, product_id: int) -> list[Variant]:
        """Return the variants of a product."""
        return self._by_product.get(product_id, [])

    def read(self, items: Sequence[Any], *, relative: bool) -> tuple[list[Change], list[str]]:
        """Return the changes that an adjustment asks for, and what is wrong with it."""
        changes: list[Change] = []
        faults: list[str] = []
        for item in items:
            found = self._read_one(item, relative=relative)
            if isinstance(found, str):
                faults.append(found)
            else:
                changes.append(found)
        return changes, faults

    def _read_one(self, item: Any, *, relative: bool) -> Change | str:
        named = [n for n in IDENTITIES if isinstance(item, Mapping) and item.get(n) is not None]
        if len(named) != 1:
            return "Item needs exactly one of sku, variant_id, product_id"
        kind, value = named[0], item[named[0]]
        variant = self._variant(kind, value)
        if isinstance(variant, str):
            return variant
        location, quantity = item.get("location_id"), item.get("quantity")
        if not isinstance(location, int) or location not in variant.levels:
            return f"Location {location} of item with {kind} {value} does not exist"
        if not isinstance(quantity, int) or isinstance(quantity, bool):
            return f"Quantity of item with {kind} {value} is no whole number"
        held = variant.levels[location]["total_inventory_onhand"] if relative else 0
        if not 0 <= held + quantity <= QUANTITY_MAX:
            return f"Quantity of item with {kind} {value} is not within 0 and {QUANTITY_MAX}"
        return variant, location, quantity

    def _variant(self, kind: str, value: Any) -> Variant | str:
        if kind == "sku":
            found = self.by_sku(str(value))
        elif kind == "variant_id":
            found = self.variants.get(value) if isinstance(value, int) else None
        else:
            found = next(iter(self.of_product(value) if isinstance(value, int) else ()), None)
        if found is None:
            return f"Item with {kind} {value} was not found"
        tracked = self.products[found.product_id]["inventory_tracking"]
        if kind != "sku" and tracked != kind.removesuffix("_id"):
            return (
                f"Item with {kind} {value} is tracked by {tracked}, "
                f"please update stock by {tracked} id"
            )
        return found

    def apply(self, changes: Sequence[Change], *, relative: bool = False) -> None:
        """Carry out an adjustment that was accepted earlier."""
        for variant, location, quantity in changes:
            level = variant.levels[location]
            held = level["total_inventory_onhand"] + quantity if relative else quantity
            level["total_inventory_onhand"] = held
            level["available_to_sell"] = max(0, held - level["settings"]["safety_stock"])
            level["settings"]["is_in_stock"] = level["available_to_sell"] > 0
            variant.text = None
        for product_id in {variant.product_id for variant, _, _ in changes}:
            self._count_product(product_id)

    def _count_product(self, product_id: int) -> None:
        product = self.products.get(product_id)
        if product is not None:
            product["inventory_level"] = sum(v.available for v in self._by_product[product_id])

    def _level(self, location: int, quantity: int) -> dict[str, Any]:
        place = self.locations[location]
        return {
            "location_id": location,
            "location_code": place["code"],
            "location_name": place["label"],
            "available_to_sell": quantity,
            "total_inventory_onhand": quantity,
            "location_enabled": True,
            "settings": {
                "safety_stock": 0,
                "is_in_stock": quantity > 0,
                "warning_level": 0,
                "bin_picking_number": "",
            },
        }
