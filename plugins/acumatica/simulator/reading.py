"""Lists, single records and inquiries (CONTRACT §3, §4)."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from hub.sdk import Rng
from hub.sdk.simulation import SimRequest, SimResponse
from plugins.acumatica.simulator import errors
from plugins.acumatica.simulator.odata import FilterError, compile_filter
from plugins.acumatica.simulator.schema import spec
from plugins.acumatica.simulator.wire import Render, member, renderer, system, unwrap, wrap
from plugins.acumatica.simulator.world import World

_PARAMETERS = {"$filter", "$select", "$expand", "$top", "$skip", "$custom"}
_EMPTY_ON_LISTS = ("CreditVerificationRules", "Attributes")


class BadQuery(Exception):
    """The query cannot be used; ``answer`` is what the vendor says."""

    def __init__(self, answer: SimResponse) -> None:
        super().__init__(answer.status)
        self.answer = answer


def paths(request: SimRequest, name: str) -> tuple[str, ...]:
    """Return the comma list of ``$select`` or ``$expand``."""
    text = request.arg(name) or ""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def shape(entity: str, request: SimRequest) -> Render:
    """Return what renders records as the request wants them.

    Raises:
        BadQuery: ``$expand`` names something that the entity does not have.

    """
    expand = paths(request, "$expand")
    of = spec(entity)
    for path in expand:
        step = path.partition("/")[0]
        if step not in of.linked and step not in of.details and step != "files":
            text = f"The {entity} entity has no linked or detail entity {step}."
            raise BadQuery(errors.server_error(text, "System.Collections.Generic.KeyNotFound"))
    render = renderer(entity, paths(request, "$select"), expand)
    if "files" not in expand:
        return render

    def with_files(row: Any, row_number: int = 1) -> dict[str, Any]:
        return {**render(row, row_number), "files": []}

    return with_files


def listed(
    world: World, entity: str, request: SimRequest, rng: Rng, hidden: frozenset[int] = frozenset()
) -> SimResponse | list[dict[str, Any]]:
    """Answer ``GET /Customer?$filter…``: a bare array, in no promised order, without a count.

    ``hidden`` are numbers of records that a search does not find yet (fault ``index_lag``).
    """
    unknown = [n for n in request.query if n.startswith("$") and n not in _PARAMETERS]
    if unknown:
        text = f"The query option '{unknown[0]}' is not supported."
        return errors.invalid({unknown[0]: [text]})
    try:
        render = shape(entity, request)
        rows = _matching(world, entity, request)
        top, skip = _number(request, "$top"), _number(request, "$skip") or 0
    except BadQuery as error:
        return error.answer
    except FilterError as error:
        return errors.server_error(str(error), "Microsoft.OData.ODataException")
    optimised = request.fault("optimization")
    if optimised and paths(request, "$expand"):
        return errors.optimization(str(optimised.get("value", paths(request, "$expand")[0])))
    if hidden:
        rows = [row for row in rows if row.number not in hidden]
    if request.fault("shuffle"):
        rows = list(rows)
        rng.random.shuffle(rows)
    page = islice(rows, skip, None if top is None else skip + top)
    found = [render(row, n) for n, row in enumerate(page, 1)]
    emptied = request.fault("empty_expand")
    if emptied is not None:
        _empty(found, tuple(str(emptied.get("field", "")).split(",")))
    return found


def single(world: World, entity: str, parts: tuple[str, ...], request: SimRequest) -> SimResponse:
    """Answer ``GET /Customer/C000001`` or the same by id."""
    row = locate(world, entity, parts)
    if row is None:
        return errors.no_such_record()
    try:
        return SimResponse.json(shape(entity, request)(row, 1))
    except BadQuery as error:
        return error.answer


def locate(world: World, entity: str, parts: tuple[str, ...]) -> Any | None:
    """Return a record by the path behind the entity's name: keys, or an id."""
    if len(parts) == 1:
        found = world.by_id(entity, parts[0])
        if found is not None:
            return found
        parts = tuple(parts[0].split("|"))
    return world.find(entity, parts)


def _matching(world: World, entity: str, request: SimRequest) -> Iterable[Any]:
    text = request.arg("$filter")
    rows = world.rows(entity)
    if not text:
        return rows
    cross = "all" if request.fault("cross_view") else "dates"
    test = compile_filter(entity, text, cross_view=cross)
    return (row for row in rows if test(row))


def _number(request: SimRequest, name: str) -> int | None:
    text = request.arg(name)
    if not text:
        return None
    if not text.strip().isdecimal():
        raise BadQuery(errors.invalid({name: [f"The value '{text}' is not valid for {name}."]}))
    return int(text)


def _empty(rows: list[dict[str, Any]], fields: tuple[str, ...]) -> None:
    for row in rows:
        for name in fields if any(fields) else _EMPTY_ON_LISTS:
            value = row.get(name)
            if isinstance(value, list):
                row[name] = []
            elif isinstance(value, dict):
                for inner in value.keys() - {"id", "rowNumber", "note", "custom"}:
                    value[inner] = {}


def storage_details(world: World, body: Mapping[str, Any], request: SimRequest) -> dict[str, Any]:
    """Answer StorageDetailsInquiry: all items of one warehouse, or of all."""
    warehouse = str(unwrap(member(body, "WarehouseID")) or "").strip().upper()
    answer = {**system("StorageDetailsInquiry", 1, 1), "WarehouseID": wrap(warehouse)}
    if "StorageDetails" in paths(request, "$expand"):
        render = renderer("StorageDetail", _below(request, "StorageDetails"), ())
        rows = (r for r in world.stock.values() if not warehouse or r.WarehouseID == warehouse)
        answer["StorageDetails"] = [render(row, n) for n, row in enumerate(rows, 1)]
    return answer


def inventory_summary(world: World, body: Mapping[str, Any], request: SimRequest) -> dict[str, Any]:
    """Answer InventorySummaryInquiry: one item. Without it, or by warehouse only, no rows."""
    key = str(unwrap(member(body, "InventoryID")) or "").strip().upper()
    warehouse = str(unwrap(member(body, "WarehouseID")) or "").strip().upper()
    answer = {
        **system("InventorySummaryInquiry", 1, 1),
        "InventoryID": wrap(key),
        "WarehouseID": wrap(warehouse),
        "LocationID": {},
    }
    if "Results" not in paths(request, "$expand"):
        return answer
    item = world.find("StockItem", (key,)) if key else None
    render = renderer("InventorySummaryRow", _below(request, "Results"), ())
    answer["Results"] = [
        {**render(row, n), "QtyAvailableForShipment": wrap(row.QtyHardAvailable)}
        for n, row in enumerate(item.Stock.values() if item else (), 1)
        if not warehouse or row.WarehouseID == warehouse
    ]
    return answer


def _below(request: SimRequest, name: str) -> tuple[str, ...]:
    selected = paths(request, "$select")
    return tuple(p.partition("/")[2] for p in selected if p.startswith(name + "/"))
