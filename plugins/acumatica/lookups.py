"""Live lists for the drop-downs of the Connector Configuration page."""

from collections.abc import Callable
from typing import Any

from hub.sdk import Choice, ConnectionTrouble, HubError, RateLimited
from plugins.acumatica.client import AcumaticaClient, data_of
from plugins.acumatica.errors import EntityMissing
from plugins.acumatica.records import text_at, unwrap
from plugins.acumatica.stock import Sums, Warehouses, read_storage

LIMIT = 200

PREDEFINED_ORDER_TYPES = {
    "SO": "Sales Order",
    "SA": "Sales order with allocation",
    "QT": "Quote",
    "IN": "Invoice",
    "CS": "Cash Sale",
    "CR": "Cash Return",
    "CM": "Credit Memo",
    "RC": "Return for Credit",
    "RM": "Authorized return",
    "RR": "Return with Replacement",
    "MO": "Mixed Order",
    "BL": "Blanket Order",
    "TR": "Transfer",
}


def lookup(client: AcumaticaClient, name: str, query: str) -> list[Choice]:
    """Return at most 200 choices of a list whose value or label contains ``query``.

    Raises KeyError for an unknown list and the classes of ``errors.failure``.
    """
    wanted = query.strip().casefold()
    found = [
        choice
        for choice in LOOKUPS[name](client)
        if not wanted or wanted in choice.value.casefold() or wanted in choice.label.casefold()
    ]
    return sorted(found, key=lambda choice: choice.value)[:LIMIT]


def _listed(
    client: AcumaticaClient, entity: str, key: str, *more: str
) -> list[tuple[Choice, dict[str, Any]]]:
    rows = client.rows(entity, {"$select": ",".join((key, "Description", *more))})
    return [
        (_choice(value, text_at(row, "Description")), row)
        for row in map(unwrap, rows)
        if (value := text_at(row, key))
    ]


def _choice(value: str, description: str, note: str = "") -> Choice:
    label = f"{value} – {description}" if description and description != value else value
    return Choice(value, label, note)


def _customer_classes(client: AcumaticaClient) -> list[Choice]:
    return [choice for choice, _ in _listed(client, "CustomerClass", "ClassID")]


def _price_classes(client: AcumaticaClient) -> list[Choice]:
    return [choice for choice, _ in _listed(client, "CustomerPriceClass", "PriceClassID")]


def _warehouses(client: AcumaticaClient) -> list[Choice]:
    found = _listed(client, "Warehouse", "WarehouseID", "Active")
    return [choice for choice, row in found if row.get("Active") is not False]


class _Each(Warehouses):
    """Every warehouse for itself."""

    @property
    def locations(self) -> list[str]:
        return []

    def place(self, warehouse: str) -> str | None:
        return warehouse or None


def _warehouse_stock(client: AcumaticaClient) -> list[Choice]:
    """How many items have something on hand, by warehouse; the count is the label.

    Empty where the endpoint has no inquiry over all items: asking item by item costs too much.
    """
    sums = Sums()
    try:
        read_storage(client, _Each(None), sums)
    except EntityMissing:
        return []
    counts: dict[str, int] = {}
    for record in sums.records():
        data = record.data or {}
        name = str(data["location"])
        counts[name] = counts.get(name, 0) + (data["quantities"]["QtyOnHand"] > 0)
    return [Choice(name, str(count)) for name, count in counts.items()]


def _order_types(client: AcumaticaClient) -> list[Choice]:
    """Order types are no entity of the endpoint (CONTRACT §1): OData, else the predefined ones."""
    try:
        rows = client.odata("SOOrderType", {"$select": "OrderType,Descr,Active"})
    except (ConnectionTrouble, RateLimited):
        raise
    except HubError:
        rows = []
    found = [
        _choice(text_at(row, "OrderType"), text_at(row, "Descr"))
        for row in rows
        if text_at(row, "OrderType") and row.get("Active") is not False
    ]
    if found:
        return found
    note = "predefined; the tenant's own order types could not be read"
    return [_choice(value, label, note) for value, label in PREDEFINED_ORDER_TYPES.items()]


def _branches(client: AcumaticaClient) -> list[Choice]:
    """Branches come from an inquiry, which works by PUT only (CONTRACT §1)."""
    answer = client.inquire("CompaniesStructure", {}, "Results")
    found = unwrap(data_of(answer, "the branches"))
    rows = found.get("Results") if isinstance(found, dict) else None
    choices: dict[str, Choice] = {}
    for row in rows or []:
        if (value := text_at(row, "BranchID")) and row.get("BranchStatus") is not False:
            choices[value] = _choice(value, text_at(row, "BranchName"))
    return list(choices.values())


LOOKUPS: dict[str, Callable[[AcumaticaClient], list[Choice]]] = {
    "customer_classes": _customer_classes,
    "price_classes": _price_classes,
    "warehouses": _warehouses,
    "warehouse_stock": _warehouse_stock,
    "order_types": _order_types,
    "branches": _branches,
}
