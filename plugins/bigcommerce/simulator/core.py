"""The core API: time, store, groups, customers, channels, catalog (CONTRACT §4.1, §7.4, §7.6)."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.sdk.simulation import Router, SimRequest, SimResponse
from plugins.bigcommerce.simulator import shapes
from plugins.bigcommerce.simulator.answers import v2_error, v3_error, v3_page
from plugins.bigcommerce.simulator.context import Context, list_arg, positive
from plugins.bigcommerce.simulator.table import Query, Row, inside

V2, V3 = "/stores/{store_hash}/v2", "/stores/{store_hash}/v3"
V2_MAX = 250


class Core:
    """The routes below ``/stores/{hash}`` that are not about stock."""

    def __init__(self, context: Context, store: dict[str, Any]) -> None:
        self._c = context
        self._state = context.state
        self._store = store

    def attach(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", f"{V2}/time", self.time)
        router.add("GET", f"{V2}/store", self.store)
        router.add("GET", f"{V2}/customer_groups", self.groups)
        router.add("GET", f"{V2}/customer_groups/count", self.group_count)
        router.add("GET", f"{V2}/customer_groups/{{customer_group_id}}", self.group)
        router.add("GET", f"{V3}/customers", self.customers)
        router.add("GET", f"{V3}/channels", self.channels)
        router.add("GET", f"{V3}/catalog/products", self.products)
        router.add("GET", f"{V3}/catalog/products/{{product_id}}", self.product)
        router.add("GET", f"{V3}/catalog/variants", self.variants)

    def time(self, _request: SimRequest) -> SimResponse:
        """GET /v2/time: Unix seconds."""
        return SimResponse.json({"time": self._state.now()})

    def store(self, _request: SimRequest) -> SimResponse:
        """GET /v2/store: who this store is."""
        return SimResponse.json(self._store)

    def groups(self, request: SimRequest) -> SimResponse:
        """GET /v2/customer_groups: a bare array; 204 for a page that is empty (CONTRACT §4.1)."""
        rows = list(self._state.groups.values())
        name, like = request.arg("name"), request.arg("name:like")
        if name is not None:
            rows = [row for row in rows if row["name"] == name]
        if like is not None:
            text = like.strip("%").casefold()
            rows = [row for row in rows if text in row["name"].casefold()]
        try:
            low, high = _window(request, "date_modified")
        except ValueError:
            return v2_error(400, "The date_modified filter is not a date.")
        if low is not None or high is not None:
            rows = [row for row in rows if inside(_seconds(row["date_modified"]), (low, high))]
        default = request.arg("is_default")
        if default is not None:
            rows = [row for row in rows if row["is_default"] is (default.lower() == "true")]
        page, limit = positive(request, "page", 1), positive(request, "limit", 50)
        if page is None or limit is None:
            return v2_error(400, "The page and limit have to be positive numbers.")
        if limit > V2_MAX:
            message = "The specified limit exceeds the maximum allowed."
            return v2_error(413, message, {"max_limit": V2_MAX})
        limit = self._c.lowered(request, limit)
        found = rows[(page - 1) * limit : page * limit]
        return SimResponse.json(found) if found else SimResponse.empty()

    def group_count(self, _request: SimRequest) -> SimResponse:
        """GET /v2/customer_groups/count."""
        return SimResponse.json({"count": len(self._state.groups)})

    def group(self, request: SimRequest) -> SimResponse:
        """GET /v2/customer_groups/{id}."""
        text = request.params["customer_group_id"]
        row = self._state.groups.get(int(text)) if text.isdecimal() else None
        if row is None:
            return v2_error(404, "The requested resource was not found.")
        return SimResponse.json(row)

    def customers(self, request: SimRequest) -> SimResponse:
        """GET /v3/customers with the filters of CONTRACT §4.2, by page or by cursor (§4.1)."""
        try:
            query = self._customer_query(request)
        except ValueError:
            return v3_error(422, "Invalid date filter", {"date_modified": "error.expected.date"})
        page, limit = self._page(request)
        after = request.arg("after")
        if after is None:
            total, rows = self._state.customers.select(query, (page - 1) * limit, limit)
        else:
            page = 0
            total, found = self._state.customers.select(query, 0, len(self._state.customers))
            place = next((i for i, row in enumerate(found, 1) if _cursor(row) == after), total)
            rows = found[place : place + limit]
        texts = [json.dumps(shapes.customer(self._state, row)) for row in rows]
        cursors = {"count": len(rows), "per_page": limit, "links": {}}
        if rows:
            cursors |= {"start_cursor": _cursor(rows[0]), "end_cursor": _cursor(rows[-1])}
        return v3_page(texts, total, limit, page, json.dumps(cursors) if page < 2 else "")

    def _customer_query(self, request: SimRequest) -> Query:
        query = Query(descending=False)
        for name, index in (("email:in", "email"), ("customer_group_id:in", "group")):
            wanted = [value.casefold() for value in list_arg(request, name)]
            if len(wanted) == 1:
                query.keys.append((index, wanted[0]))
            elif wanted:
                query.where.append(_under(index, frozenset(wanted)))
        ids = set(list_arg(request, "id:in"))
        if ids:
            query.where.append(lambda row: str(row.id) in ids)
        query.updated = _window(request, "date_modified")
        query.created = _window(request, "date_created")
        field, _, way = (request.arg("sort") or "").partition(":")
        query.order = "updated" if field == "date_modified" else "created"
        query.descending = way == "desc"
        return query

    def channels(self, request: SimRequest) -> SimResponse:
        """GET /v3/channels."""
        rows = [
            {
                "id": row["channelId"],
                "external_id": "",
                "is_listable_from_ui": True,
                "is_enabled": row["isEnabled"],
                "is_visible": row["isVisible"],
                "status": row["status"],
                "name": row["name"],
                "type": row["type"],
                "platform": row["platform"],
                "date_created": row["createdAt"],
                "date_modified": row["updatedAt"],
                "icon_url": row["iconUrl"],
            }
            for row in self._state.channels
        ]
        return self._sliced(request, rows)

    def products(self, request: SimRequest) -> SimResponse:
        """GET /v3/catalog/products: ``sku`` finds base variants only (CONTRACT §7.6)."""
        stock = self._state.stock
        ids = set(list_arg(request, "id:in")) or None
        skus = {s.casefold() for s in (*list_arg(request, "sku:in"), *list_arg(request, "sku"))}
        name = request.arg("name")
        rows = [
            row
            for row in stock.products.values()
            if (ids is None or str(row["id"]) in ids)
            and (not skus or row["sku"].casefold() in skus)
            and (name is None or row["name"] == name)
        ]
        return self._sliced(request, [_chosen(request, row) for row in rows])

    def product(self, request: SimRequest) -> SimResponse:
        """GET /v3/catalog/products/{id}."""
        text = request.params["product_id"]
        row = self._state.stock.products.get(int(text)) if text.isdecimal() else None
        if row is None:
            return v3_error(404, f"A product was not found with an id of {text}.")
        return SimResponse.json({"data": _chosen(request, row), "meta": {}})

    def variants(self, request: SimRequest) -> SimResponse:
        """GET /v3/catalog/variants by ``sku`` or ``product_id:in``."""
        stock = self._state.stock
        sku = request.arg("sku")
        products = set(list_arg(request, "product_id:in"))
        if sku is not None:
            found = stock.by_sku(sku)
            chosen = [found] if found else []
        else:
            chosen = list(stock.variants.values())
        rows = [
            {
                "id": variant.id,
                "product_id": variant.product_id,
                "sku": variant.sku,
                "sku_id": variant.id + 400,
                "price": stock.products[variant.product_id]["price"],
                "inventory_level": variant.available,
                "option_values": [],
            }
            for variant in chosen
            if not products or str(variant.product_id) in products
        ]
        return self._sliced(request, rows)

    def _page(self, request: SimRequest) -> tuple[int, int]:
        limit = min(positive(request, "limit", 50) or 50, V2_MAX)
        return positive(request, "page", 1) or 1, self._c.lowered(request, limit)

    def _sliced(self, request: SimRequest, rows: Sequence[dict[str, Any]]) -> SimResponse:
        page, limit = self._page(request)
        texts = [json.dumps(row) for row in rows[(page - 1) * limit : page * limit]]
        return v3_page(texts, len(rows), limit, page)


def _under(index: str, values: frozenset[str]) -> Callable[[Any], bool]:
    return lambda row: any(kind == index and value in values for kind, value in row.keys)


def _window(request: SimRequest, name: str) -> tuple[float | None, float | None]:
    low, high = request.arg(f"{name}:min"), request.arg(f"{name}:max")
    return (_seconds(low) if low else None), (_seconds(high) if high else None)


def _chosen(request: SimRequest, row: dict[str, Any]) -> dict[str, Any]:
    """Return a product with the fields of ``include_fields``, without ``exclude_fields``."""
    wanted, unwanted = list_arg(request, "include_fields"), list_arg(request, "exclude_fields")
    if not wanted and not unwanted:
        return row
    kept = {"id", *(wanted or row)} - (set(unwanted) - {"id"})
    return {name: value for name, value in row.items() if name in kept}


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(f"id:{row.id}".encode()).decode()
