"""``/entity/{endpoint}/{version}/{entity}``: what each method does there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.sdk.simulation import Effect, SimRequest, SimResponse
from plugins.acumatica.simulator import discovery, errors, reading, versions, writing
from plugins.acumatica.simulator.editing import Edit
from plugins.acumatica.simulator.odata import FilterError
from plugins.acumatica.simulator.records import guid
from plugins.acumatica.simulator.schema import SPECS, TOP_LEVEL
from plugins.acumatica.simulator.wire import system

if TYPE_CHECKING:
    from plugins.acumatica.simulator.server import AcumaticaSimulator

INQUIRIES = ("StorageDetailsInquiry", "InventorySummaryInquiry", "CompaniesStructure")
WRITABLE = ("Customer", "CustomerLocation", "Contact", "StockItem")


class Entities:
    """Handlers of the contract-based endpoint; the server has signed the caller in before."""

    def __init__(self, sim: "AcumaticaSimulator", *, storage_details: bool, links: bool) -> None:
        self._sim = sim
        self._storage_details = storage_details
        self._links = links
        self._written: dict[tuple[str, int], float] = {}

    def known(self, request: SimRequest) -> str:
        """Return the entity's name, or ``{entity}`` when there is none such."""
        name = request.params.get("entity", "")
        return name if name in (*TOP_LEVEL, *INQUIRIES) else "{entity}"

    def list(self, request: SimRequest) -> SimResponse:
        """GET of an entity: its list; of an inquiry: refused by the optimiser."""
        missing = self._missing(request)
        if missing is not None:
            return missing
        entity = request.params["entity"]
        if entity in INQUIRIES:
            return errors.optimization("Filter")
        sim = self._sim
        found = reading.listed(
            sim.world_of(request), entity, request, sim.rng, self._hidden(entity)
        )
        if isinstance(found, SimResponse):
            return found
        if self._links:
            for row in found:
                row["_links"] = _links(request, row["id"])
        return SimResponse.json(found)

    def get(self, request: SimRequest) -> SimResponse:
        """GET by keys or id."""
        missing = self._missing(request)
        if missing is not None:
            return missing
        entity = request.params["entity"]
        if entity in INQUIRIES or request.segments[4:] == ("$adHocSchema",):
            return errors.no_resource(request.path)
        world = self._sim.world_of(request)
        return reading.single(world, entity, request.segments[4:], request)

    def put(self, request: SimRequest) -> SimResponse:
        """PUT: an inquiry's reading, or an upsert."""
        missing = self._missing(request)
        if missing is not None:
            return missing
        entity, body = request.params["entity"], versions.known_of(request.json(), request)
        if not isinstance(body, Mapping):
            return errors.invalid({"": ["The request body should not be empty."]})
        if entity in INQUIRIES:
            return self._inquiry(entity, body, request)
        if entity not in WRITABLE:
            return errors.message(403, "You have insufficient rights to change the record.")
        try:
            return self._upsert(entity, body, request)
        except FilterError as error:
            return writing.filter_trouble(error)
        except reading.BadQuery as error:
            return error.answer
        except writing.Refused as refused:
            return writing.echo(request, entity, body, refused.texts, None)

    def post(self, request: SimRequest) -> SimResponse:
        """POST on the entity is an error (CONTRACT §3)."""
        text = "The POST method is not acceptable here. Use PUT to create or update a record."
        return self._missing(request) or errors.message(406, text)

    def action(self, request: SimRequest) -> SimResponse:
        """POST behind the entity would be an action; these entities have none that is simulated."""
        return errors.no_resource(request.path)

    def delete(self, request: SimRequest) -> SimResponse:
        """DELETE by keys or id."""
        missing = self._missing(request)
        if missing is not None:
            return missing
        entity = request.params["entity"]
        if entity not in WRITABLE:
            return errors.message(403, "You have insufficient rights to delete the record.")
        world = self._sim.world_of(request)
        row = reading.locate(world, entity, request.segments[4:])
        if row is None:
            return errors.no_such_record()
        key = row_key(row)
        world.remove(entity, tuple(key.split("/")))
        self._sim.journal.append(entity, key, guid(entity, row.number), "deleted", request.seq)
        return SimResponse.empty(204)

    def _upsert(self, entity: str, body: Mapping[str, Any], request: SimRequest) -> SimResponse:
        sim, world = self._sim, self._sim.world_of(request)
        render = reading.shape(entity, request)  # a query that cannot be used saves nothing
        row = writing.target(world, entity, body, request)
        failed = writing.precondition(request, row)
        if failed is not None:
            return failed
        texts = writing.checked(world, entity, body, new=row is None)
        if texts:
            number = guid(entity, row.number) if row is not None else None
            given = writing.key_of(entity, body)
            key = row_key(row) if row is not None else "/".join(given) if all(given) else None
            sim.journal.append(entity, key, number, "refused", request.seq)
            return writing.echo(request, entity, body, texts, row)
        edit = Edit(world, sim.moment(), forgotten=frozenset(request.dropped_fields()))
        new = row is None
        if row is None:
            row = writing.create(world, entity, body, edit)
        if not request.fault("not_stored"):
            edit.apply(row, body)
        if new or edit.changed:
            effect: Effect = "created" if new else "updated"
            number = guid(entity, row.number)
            sim.journal.append(entity, row_key(row), number, effect, request.seq)
            self._note_written(entity, row)
        answer = render(row, 1)
        if self._links:
            answer["_links"] = _links(request, answer["id"])
        return SimResponse.json(answer)

    def _inquiry(self, entity: str, body: Mapping[str, Any], request: SimRequest) -> SimResponse:
        world = self._sim.world_of(request)
        if entity == "StorageDetailsInquiry":
            return SimResponse.json(reading.storage_details(world, body, request))
        if entity == "InventorySummaryInquiry":
            return SimResponse.json(reading.inventory_summary(world, body, request))
        answer = system(entity, 1, 1)
        if "Results" in reading.paths(request, "$expand"):
            answer["Results"] = discovery.branches()
        return SimResponse.json(answer)

    def _missing(self, request: SimRequest) -> SimResponse | None:
        params = request.params
        there = params["endpoint"] == "Default" and params["version"] in versions.VERSIONS
        if there and params["entity"] == "StorageDetailsInquiry":
            there = self._storage_details and not request.fault("no_storage_details")
        if not there or self.known(request) == "{entity}":
            return errors.no_resource(request.path)
        return None

    def _note_written(self, entity: str, row: Any) -> None:
        if self._sim.faults.active("index_lag"):
            self._written[entity, row.number] = self._sim.clock.monotonic()

    def _hidden(self, entity: str) -> frozenset[int]:
        lag = self._sim.faults.number("index_lag", "seconds")
        if not lag or not self._written:
            return frozenset()
        since = self._sim.clock.monotonic() - lag
        return frozenset(n for (e, n), at in self._written.items() if e == entity and at > since)


def row_key(row: Any) -> str:
    """Return a record's URL keys, joined by a slash."""
    if row.entity == "StorageDetail":
        return f"{row.InventoryID}/{row.WarehouseID}"
    return "/".join(str(getattr(row, name)) for name in SPECS[row.entity].keys)


def _links(request: SimRequest, record: str) -> dict[str, str]:
    p = request.params
    base = f"/entity/{p['endpoint']}/{p['version']}"
    return {
        "self": f"{base}/{p['entity']}/{record}",
        "files:put": f"{base}/files/{p['entity']}/{record}/{{filename}}",
    }
