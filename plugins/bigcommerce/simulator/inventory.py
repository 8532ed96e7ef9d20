"""The core API's stock: locations, items, adjustments (CONTRACT §7.7)."""

import json
import threading
import uuid
from typing import Any

from hub.sdk.simulation import Router, SimBadJson, SimRequest, SimResponse
from plugins.bigcommerce.simulator.answers import v3_error, v3_page
from plugins.bigcommerce.simulator.context import Context, list_arg, positive
from plugins.bigcommerce.simulator.core import V3
from plugins.bigcommerce.simulator.stock import Variant

PAGE_MAX = 1000
ITEMS_MAX = 2000
PROBLEM = "problem+json"


class Inventory:
    """The routes below ``/v3/inventory``. ``delay`` is how late an adjustment is applied."""

    def __init__(self, context: Context, delay: float) -> None:
        self._c = context
        self._stock = context.state.stock
        self._delay = delay
        self.one_at_a_time = threading.Lock()
        self.collisions = 0

    def attach(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", f"{V3}/inventory/items", self.items)
        router.add("GET", f"{V3}/inventory/locations", self.locations)
        router.add("GET", f"{V3}/inventory/locations/{{location_id}}/items", self.location_items)
        router.add("PUT", f"{V3}/inventory/adjustments/absolute", self.absolute)
        router.add("POST", f"{V3}/inventory/adjustments/relative", self.relative)

    def items(self, request: SimRequest) -> SimResponse:
        """GET /v3/inventory/items: at most 1000 per page; a larger limit is lowered."""
        chosen = self._chosen(request)
        places = [int(text) for text in list_arg(request, "location_id:in") if text.isdecimal()]
        codes = set(list_arg(request, "location_code:in"))
        places += [n for n, place in self._stock.locations.items() if place["code"] in codes]
        page, limit = self._page(request)
        rows = chosen[(page - 1) * limit : page * limit]
        texts = [json.dumps(v.row(places)) if places else v.encoded() for v in rows]
        return v3_page(texts, len(chosen), limit, page)

    def _chosen(self, request: SimRequest) -> list[Variant]:
        skus = list_arg(request, "sku:in")
        if skus:
            found = (self._stock.by_sku(sku) for sku in skus)
            return sorted({v for v in found if v is not None}, key=lambda v: v.id)
        variants, products = (set(list_arg(request, f"{n}_id:in")) for n in ("variant", "product"))
        return [
            v
            for v in self._stock.variants.values()
            if (not variants or str(v.id) in variants)
            and (not products or str(v.product_id) in products)
        ]

    def location_items(self, request: SimRequest) -> SimResponse:
        """GET /v3/inventory/locations/{id}/items."""
        text = request.params["location_id"]
        if not text.isdecimal() or int(text) not in self._stock.locations:
            return v3_error(404, "Location not found", kind=PROBLEM)
        chosen = self._chosen(request)
        page, limit = self._page(request)
        rows = []
        for variant in chosen[(page - 1) * limit : page * limit]:
            row = variant.row([int(text)])
            level = row["locations"][0]
            kept = ("available_to_sell", "total_inventory_onhand", "settings")
            rows.append({"identity": row["identity"], **{name: level[name] for name in kept}})
        return v3_page([json.dumps(row) for row in rows], len(chosen), limit, page)

    def locations(self, request: SimRequest) -> SimResponse:
        """GET /v3/inventory/locations."""
        wanted = set(list_arg(request, "location_id:in"))
        rows = [row for n, row in self._stock.locations.items() if not wanted or str(n) in wanted]
        page, limit = self._page(request)
        texts = [json.dumps(row) for row in rows[(page - 1) * limit : page * limit]]
        return v3_page(texts, len(rows), limit, page)

    def absolute(self, request: SimRequest) -> SimResponse:
        """PUT …/adjustments/absolute."""
        return self._adjust(request, relative=False)

    def relative(self, request: SimRequest) -> SimResponse:
        """POST …/adjustments/relative."""
        return self._adjust(request, relative=True)

    def _adjust(self, request: SimRequest, *, relative: bool) -> SimResponse:
        body = request.json()
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise SimBadJson("an object with items was expected")
        if not 1 <= len(items) <= ITEMS_MAX:
            self._refuse(request, items)
            title = f"The number of items has to be between 1 and {ITEMS_MAX}"
            return v3_error(422, title, {"items": "error.size"}, PROBLEM)
        changes, faults = self._stock.read(items, relative=relative)
        if faults:
            self._refuse(request, items)
            return v3_error(422, f"[{', '.join(faults)}]", kind=PROBLEM)
        if not self._c.quirk(request, "inventory_lost"):
            self._later(request, changes, relative=relative)
        return SimResponse.json({"transaction_id": str(uuid.UUID(int=request.seq, version=4))})

    def _later(self, request: SimRequest, changes: list[Any], *, relative: bool) -> None:
        def apply() -> None:
            live = [c for c in changes if self._stock.variants.get(c[0].id) is c[0]]
            self._stock.apply(live, relative=relative)
            for variant, location, _ in live:
                key = f"{variant.sku}@{location}"
                self._c.note(request, "inventory", key, variant.id, "updated")

        fault = self._c.quirk(request, "inventory_delay")
        self._c.state.defer(float(fault["seconds"]) if fault else self._delay, apply)

    def _refuse(self, request: SimRequest, items: list[Any]) -> None:
        for item in items:
            fields = item if isinstance(item, dict) else {}
            name = fields.get("sku") or fields.get("variant_id") or fields.get("product_id")
            key = f"{name}@{fields.get('location_id')}"
            self._c.note(request, "inventory", key, None, "refused")

    def _page(self, request: SimRequest) -> tuple[int, int]:
        page, limit = positive(request, "page", 1) or 1, positive(request, "limit", 50) or 50
        return page, self._c.lowered(request, min(limit, PAGE_MAX))
