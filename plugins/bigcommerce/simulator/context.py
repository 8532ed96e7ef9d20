"""What all routes share: the store, the journal, the misbehaviours, paging and bodies."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from hub.sdk import Clock, Rng
from hub.sdk.simulation import Effect, Journal, SimBadJson, SimRequest, SimResponse
from plugins.bigcommerce.simulator.answers import TITLE, Refused, b2b_page, parameter_error
from plugins.bigcommerce.simulator.rules import BULK_MAX
from plugins.bigcommerce.simulator.state import State
from plugins.bigcommerce.simulator.table import Query, Row, Table

Shape = Callable[..., dict[str, Any]]
PAGE = 250
BASE = "/api/v3/io"


class Context:
    """The simulated store as its routes see it. ``always`` holds misbehaviours that never stop."""

    def __init__(self, clock: Clock, rng: Rng, journal: Journal, *, dependent: bool) -> None:
        self.clock = clock
        self.rng = rng
        self.journal = journal
        self.state = State(clock, dependent=dependent)
        self.always: dict[str, Mapping[str, Any]] = {}
        self.erp_field = "ERP ID"

    def quirk(self, request: SimRequest, name: str) -> Mapping[str, Any] | None:
        """Return the misbehaviour of that name when it holds for this request."""
        return request.fault(name) or self.always.get(name)

    def lag(self, request: SimRequest) -> float:
        """Return how many seconds lists stay behind this write (fault ``index_lag``)."""
        fault = self.quirk(request, "index_lag")
        return float(fault["seconds"]) if fault else 0.0

    def note(
        self, request: SimRequest, entity: str, key: Any, external_id: Any, effect: Effect
    ) -> None:
        """Write one record's effect into the journal."""
        number = None if external_id is None else str(external_id)
        self.journal.append(entity, str(key or ""), number, effect, request.seq)

    # -- bodies ----------------------------------------------------------------------------------

    def body(self, request: SimRequest) -> dict[str, Any]:
        """Return the body's object without the fields that ``drop_field`` forgets."""
        item = request.json()
        if not isinstance(item, dict):
            raise SimBadJson("an object was expected")
        return self._forget(request, item)

    def bulk(self, request: SimRequest) -> list[dict[str, Any]]:
        """Return the body's list. Raises ``Refused`` 413 over the limit (CONTRACT §5.3)."""
        items = request.json()
        if not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
            raise SimBadJson("a list of objects was expected")
        if len(items) > BULK_MAX:
            raise Refused(
                413,
                "Request Entity Too Large",
                {"errMsg": f"The maximum number of items is {BULK_MAX}."},
            )
        if not items:
            raise parameter_error("This list may not be empty.")
        return [self._forget(request, item) for item in items]

    def _forget(self, request: SimRequest, item: dict[str, Any]) -> dict[str, Any]:
        dropped = request.dropped_fields()
        if "drop_field" in self.always:
            dropped.add(str(self.always["drop_field"]["field"]))
        unknown = self.quirk(request, "drop_unknown_extra_field") is not None
        if unknown and isinstance(item.get("extraFields"), list):
            names = {str(f.get("fieldName")) for f in item["extraFields"]}
            dropped |= names - self.state.extra_fields.keys()
        if not dropped:
            return item
        kept = {name: value for name, value in item.items() if name not in dropped}
        fields = kept.get("extraFields")
        if isinstance(fields, list):
            kept["extraFields"] = [f for f in fields if f.get("fieldName") not in dropped]
        return kept

    # -- lists -----------------------------------------------------------------------------------

    def page_of(self, request: SimRequest) -> tuple[int, int]:
        """Return (limit, offset) of a B2B list; the default is 10, the most 250 (CONTRACT §4.1)."""
        limit, offset = number(request, "limit", 10), number(request, "offset", 0)
        if not 1 <= limit <= PAGE:
            raise parameter_error({"limit": [f"Ensure this value is between 1 and {PAGE}."]})
        if offset < 0:
            raise parameter_error({"offset": ["Ensure this value is greater than or equal to 0."]})
        return self.lowered(request, limit), offset

    def lowered(self, request: SimRequest, limit: int) -> int:
        """Return the page size that is really used (fault ``page_limit_lowered``)."""
        fault = self.quirk(request, "page_limit_lowered")
        return min(limit, int(float(fault.get("limit", 50)))) if fault else limit

    def windows(self, request: SimRequest, query: Query) -> None:
        """Put the filters ``minModified`` … ``maxCreated`` (Unix seconds) into a query."""
        query.updated = (_moment(request, "minModified"), _moment(request, "maxModified"))
        query.created = (_moment(request, "minCreated"), _moment(request, "maxCreated"))

    def of_company(self, request: SimRequest) -> Query:
        """Return the query of a list of a company's children: newest first, by time, by company."""
        query = Query()
        self.windows(request, query)
        if request.arg("companyId"):
            query.keys.append(("company", str(request.arg("companyId"))))
        return query

    def no_definitions(self, request: SimRequest) -> SimResponse:
        """Answer ``…/extra-fields`` of users and addresses: none are defined."""
        limit, offset = self.page_of(request)
        return b2b_page([], 0, limit, offset, TITLE)

    def listing(
        self, request: SimRequest, table: Table, query: Query, shape: Shape, message: str
    ) -> SimResponse:
        """Return one page of a B2B list."""
        limit, offset = self.page_of(request)
        extra = request.arg("isIncludeExtraFields") == "1"
        total, rows = table.select(query, offset, limit)
        texts = [self._text(row, shape, extra=extra) for row in rows]
        return b2b_page(texts, total, limit, offset, message)

    def _text(self, row: Row, shape: Shape, *, extra: bool) -> str:
        name = "full" if extra else "plain"
        text = row.texts.get(name)
        if text is None:
            made = shape(self.state, row, extra=extra)
            text = row.texts[name] = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        return text


def number(request: SimRequest, name: str, default: int) -> int:
    """Return a whole number from the query. Raises ``Refused`` 422 for anything else."""
    text = request.arg(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise parameter_error({name: ["A valid integer is required."]}) from None


def positive(request: SimRequest, name: str, default: int) -> int | None:
    """Return a page or limit of the core API; None when it is no positive number."""
    text = request.arg(name)
    if text is None:
        return default
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _moment(request: SimRequest, name: str) -> float | None:
    text = request.arg(name)
    if text is None or text == "":
        return None
    try:
        return float(text)
    except ValueError:
        raise parameter_error({name: ["A valid number is required."]}) from None


def list_arg(request: SimRequest, name: str) -> list[str]:
    """Return all values of a query parameter, repeated, with ``[]`` or comma separated."""
    values = [*request.query.get(name, ()), *request.query.get(f"{name}[]", ())]
    return [part for value in values for part in value.split(",") if part]


def row_of(table: Table, text: str, refusal: Refused) -> Row:
    """Return the row whose id stands in the path. Raises ``refusal`` when there is none."""
    row = table.get(int(text)) if text.isdecimal() else None
    if row is None:
        raise refusal
    return row


def bulk_ids(context: Context, request: SimRequest, ids: list[Any]) -> list[Any]:
    """Return the ids of a bulk answer: in another order, or some left out (CONTRACT §5.4)."""
    if context.quirk(request, "shuffle_bulk_ids"):
        context.rng.random.shuffle(ids)
    fault = context.quirk(request, "omit_bulk_ids")
    return ids[: max(0, len(ids) - int(float(fault.get("count", 1))))] if fault else ids
