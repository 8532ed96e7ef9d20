"""Rows as the control path shows and changes them: a person at the ERP's own screens."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.sdk import ConfigError
from hub.sdk.simulation import Effect
from plugins.acumatica.simulator import writing
from plugins.acumatica.simulator.editing import Edit
from plugins.acumatica.simulator.entities import WRITABLE, row_key
from plugins.acumatica.simulator.records import Record, Stock, guid
from plugins.acumatica.simulator.schema import SPECS, TOP_LEVEL, spec
from plugins.acumatica.simulator.wire import Render, convert, renderer, unwrap
from plugins.acumatica.simulator.world import World

if TYPE_CHECKING:
    from plugins.acumatica.simulator.server import AcumaticaSimulator

STOCK = "StorageDetails"
_STAMPS = ("LastModifiedDateTime", "LastModifiedDateofWarehouseQty")
_SYSTEM = {"id", "rowNumber", "note", "custom", "files", "_links", "error"}
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

    Members equal to what the row shows are no changes, so that a row that was read may be sent
    back whole. A stamp that differs from the row's is taken instead of now.

    Raises:
        KeyError: there is no such entity.
        ConfigError: the row cannot be made from that key, or a field is unknown or of another type.

    """
    render = _renderer(entity)
    row = find(sim.world, entity, key)
    wanted = _differing(
        "StorageDetail" if entity == STOCK else entity, changes, {} if row is None else render(row)
    )
    stated = next((wanted[name] for name in _STAMPS if name in wanted), None)
    new = row is None

    def save(moment: datetime) -> None:
        nonlocal row
        edit = Edit(sim.world, _moment(stated) or moment)
        if row is None:
            row = _make(sim, entity, key, edit)
        edit.apply(row, wanted)
        if edit.errors:
            raise ConfigError(" ".join(edit.errors.values()))
        if stated is not None and not edit.changed:
            edit.touch(row)
        if new or edit.changed:
            number = guid(row.entity, row.number)
            effect: Effect = "created" if new else "updated"
            sim.journal.append(entity, row_key(row), number, effect, 0)

    sim.commit(save)
    return {} if row is None else render(row)


def _moment(stated: Any) -> datetime | None:
    try:
        found: datetime | None = convert("T", unwrap(stated))
    except ValueError as error:
        raise ConfigError(f"'{unwrap(stated)}' is no time stamp in ISO 8601.") from error
    return found


def _differing(
    entity: str, changes: Mapping[str, Any], current: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the changes that a row does not show yet."""
    of = spec(entity)
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if name in of.linked and isinstance(value, Mapping):
            inner = _differing(of.linked[name][0], value, current.get(name, {}))
            if inner:
                found[name] = inner
        elif name in of.kinds:
            if name not in current or unwrap(value) != unwrap(current[name]):
                found[name] = value
        elif name not in of.details and name not in _SYSTEM:
            raise ConfigError(f"The entity {entity} has no field {name}.")
    return found


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
