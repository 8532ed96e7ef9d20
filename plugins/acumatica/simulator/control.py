"""Rows as the control path shows and changes them: a person at the ERP's own screens."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hub.sdk import ConfigError
from plugins.acumatica.simulator import writing
from plugins.acumatica.simulator.editing import Edit
from plugins.acumatica.simulator.entities import WRITABLE, row_key
from plugins.acumatica.simulator.records import Record, Stock, guid
from plugins.acumatica.simulator.schema import SPECS, TOP_LEVEL
from plugins.acumatica.simulator.wire import Render, renderer
from plugins.acumatica.simulator.world import World

if TYPE_CHECKING:
    from plugins.acumatica.simulator.server import AcumaticaSimulator

STOCK = "StorageDetails"
_EXPANDED: dict[str, tuple[str, ...]] = {
    "Customer": (
        "MainContact",
        "MainContact/Address",
        "BillingContact",
        "BillingContact/Address",
        "ShippingContact",
        "ShippingContact/Address",
        "PrimaryContact",
        "PrimaryContact/Address",
    ),
    "CustomerLocation": ("LocationContact", "LocationContact/Address"),
    "Contact": ("Address",),
    "StockItem": ("WarehouseDetails",),
    "Warehouse": ("Locations",),
}


def rows(world: World, entity: str) -> list[dict[str, Any]]:
    """Return all rows with everything expanded.

    Raises:
        KeyError: there is no such entity.

    """
    render = _renderer(entity)
    found: Iterable[Any] = world.stock.values() if entity == STOCK else world.rows(entity)
    return [render(row, n) for n, row in enumerate(found, 1)]


def put_row(
    sim: "AcumaticaSimulator", entity: str, key: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Change or create a row; its own time stamp moves, a parent's does not.

    Raises:
        KeyError: there is no such entity.
        ConfigError: the row cannot be made from that key.

    """
    render = _renderer(entity)
    row = find(sim.world, entity, key)
    new = row is None

    def save(moment: Any) -> None:
        nonlocal row
        edit = Edit(sim.world, moment)
        if row is None:
            row = _make(sim, entity, key, edit)
        edit.apply(row, changes)
        if edit.errors:
            raise ConfigError(" ".join(edit.errors.values()))
        if new or edit.changed:
            number = guid(row.entity, row.number)
            effect = "created" if new else "updated"
            sim.journal.append(entity, row_key(row), number, effect, 0)  # type: ignore[arg-type]

    sim.commit(save)
    return {} if row is None else render(row, 1)


def delete_row(sim: "AcumaticaSimulator", entity: str, key: str) -> None:
    """Remove a row.

    Raises:
        KeyError: there is no such entity or row.

    """
    _renderer(entity)
    row = find(sim.world, entity, key)
    if row is None:
        raise KeyError(f"{entity} {key}")
    if isinstance(row, Stock):
        del sim.world.stock[row.InventoryID, row.WarehouseID]
        sim.world.tables["StockItem"][row.InventoryID,].Stock.pop(row.WarehouseID, None)
    else:
        sim.world.remove(entity, tuple(row_key(row).split("/")))
    sim.journal.append(entity, row_key(row), guid(row.entity, row.number), "deleted", 0)


def find(world: World, entity: str, key: str) -> Any | None:
    """Return a row by its keys, joined by ``/`` or ``|``, or by its id."""
    parts = tuple(key.replace("|", "/").replace("@", "/").split("/"))
    if entity == STOCK:
        return world.stock.get((parts[0], parts[1])) if len(parts) == 2 else None
    return world.by_id(entity, key) or world.find(entity, parts)


def _renderer(entity: str) -> Render:
    if entity == STOCK:
        return renderer("StorageDetail", (), ())
    if entity not in TOP_LEVEL:
        raise KeyError(f"entity {entity}")
    return renderer(entity, (), _EXPANDED.get(entity, ()))


def _make(sim: "AcumaticaSimulator", entity: str, key: str, edit: Edit) -> Any:
    world = sim.world
    parts = key.replace("|", "/").replace("@", "/").split("/")
    if entity == STOCK:
        if len(parts) != 2 or world.find("StockItem", (parts[0],)) is None:
            raise ConfigError(f"The key of a stock row is ITEM/WAREHOUSE of a known item: {key}.")
        row = Stock(
            world.number(),
            parts[0],
            parts[1],
            on_hand=0.0,
            available=0.0,
            hard_available=0.0,
            modified=edit.moment,
        )
        world.add_stock(row)
        return row
    if entity == "CustomerLocation" and len(parts) != 2:
        raise ConfigError(f"The key of a location is CUSTOMER/LOCATION, not {key}.")
    if entity in WRITABLE:
        try:
            return writing.create(world, entity, {}, edit, key="/".join(parts))
        except writing.Refused as refused:
            raise ConfigError(str(refused)) from refused
    values: dict[str, Any] = {"Active": True, "Locations": []} if entity == "Warehouse" else {}
    values[SPECS[entity].keys[0]] = key
    made = Record(world.number(), CreatedDateTime=edit.moment, **values)
    made.entity = entity
    made.__dict__["LastModifiedDateTime"] = edit.moment
    world.add(entity, (key,), made)
    return made
