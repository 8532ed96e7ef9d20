"""Delta and full reading of customers, locations and contacts; fetching by key and by customer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from hub.sdk import (
    ActionType,
    Answer,
    AuthError,
    ConfigError,
    Page,
    Record,
    Window,
    http_date,
)
from hub.sdk.canonical import STOCK
from plugins.acumatica import stock
from plugins.acumatica.actions import Shape
from plugins.acumatica.client import AcumaticaClient, rows_of
from plugins.acumatica.errors import EntityMissing, NotFound, ServerFault, ShapeRefused
from plugins.acumatica.paging import read_pages, resume_at
from plugins.acumatica.query import (
    chunks,
    key_filter,
    list_params,
    parent_filter,
    window_filter,
)
from plugins.acumatica.records import is_empty, key_of, record_of, text_at, unwrap
from plugins.acumatica.versions import shape_of

Row = dict[str, Any]


class Reader:
    """One reading of one entity. ``started`` is the server's time of the first answer."""

    def __init__(self, client: AcumaticaClient, shape: Shape, condition: str) -> None:
        self._client = client
        self._shape = shape
        self._condition = condition
        self._by_key = False
        self.started: datetime | None = None

    def ask(self, top: int | None, skip: int) -> list[Row]:
        """Return one page of unwrapped rows."""
        params = list_params(self._shape, self._condition, top, skip)
        if not self._by_key:
            try:
                rows = self._rows(params)
            except ShapeRefused:
                # A view of the list cannot be optimized: keys first, then each by key (§3).
                self._by_key = True
            else:
                if not self._hollow(rows):
                    return rows
                self._by_key = True
        return self._each(params)

    def _rows(self, params: Mapping[str, str]) -> list[Row]:
        answer = self._client.entity(self._shape.entity, params)
        self._note(answer)
        rows = map(unwrap, rows_of(answer, self._shape.entity))
        return [row for row in rows if isinstance(row, dict)]

    def _hollow(self, rows: Sequence[Row]) -> bool:
        """True when the list leaves a linked entity empty that the records do have (§7.11)."""
        linked = self._shape.linked
        if not linked or not rows or not all(is_empty(row.get(linked)) for row in rows):
            return False
        params = list_params(self._shape, "")
        first = next((str(row["id"]) for row in rows if row.get("id")), "")
        return bool(first) and not is_empty(self._one(first, params).get(linked))

    def _one(self, record_id: str, params: Mapping[str, str]) -> Row:
        try:
            found = unwrap(self._client.one(self._shape.entity, record_id, params))
        except NotFound:
            return {}
        return found if isinstance(found, dict) else {}

    def _each(self, params: Mapping[str, str]) -> list[Row]:
        asked = {name: text for name, text in params.items() if name in {"$select", "$expand"}}
        keys = {name: text for name, text in params.items() if name not in asked}
        keys["$select"] = ",".join(self._shape.keys)
        found = (self._one(str(row["id"]), asked) for row in self._rows(keys) if row.get("id"))
        return [row for row in found if row]

    def _note(self, answer: Answer) -> None:
        if self.started is None:
            self.started = http_date(answer.headers.get("date"))


def extract(client: AcumaticaClient, action: ActionType, window: Window) -> Iterator[Page]:
    """Yield the pages of a reading; only the last one says where to resume (ENGINE, R8, R9)."""
    if action.entity == STOCK:
        return stock.extract(client, window)
    return _extract(client, action, window)


def _extract(client: AcumaticaClient, action: ActionType, window: Window) -> Iterator[Page]:
    shape = shape_of(action.entity, client.version)
    condition = window_filter(shape.stamp_of[window.partition], window.since, window.until)
    reader = Reader(client, shape, condition)
    newest: datetime | None = None
    waiting: tuple[Record, ...] | None = None

    def identity(row: Row) -> tuple[str, ...]:
        return (key_of(row, shape), *(text_at(row, path) for path in shape.stamps))

    try:
        for rows in read_pages(reader.ask, identity):
            if waiting is not None:
                yield Page(waiting)
            waiting = _records(rows, shape, action.entity)
            stamps = [record.modified_at for record in waiting if record.modified_at]
            newest = max([*stamps, *([newest] if newest else [])], default=None)
    except (ConfigError, ServerFault) as error:
        if waiting is None and window.partition and _only_the_filter(client, shape, error):
            # The nightly full reading finds these changes; initialization shows a note.
            yield Page(())
            return
        raise
    yield Page(waiting or (), resume_at(reader.started, newest, window))


def _only_the_filter(client: AcumaticaClient, shape: Shape, error: Exception) -> bool:
    """True when the tenant's endpoint cannot filter by the nested time stamp of a partition.

    The endpoint's published mapping does not name ``MainContact/LastModifiedDateTime``, its
    schema does. An outage is told apart by one small reading, which raises then.
    """
    if isinstance(error, AuthError | EntityMissing):
        return False
    client.rows(shape.entity, {"$select": shape.keys[0], "$top": "1"})
    return True


def _records(rows: Sequence[Row], shape: Shape, entity: str) -> tuple[Record, ...]:
    found = (record_of(row, shape, entity) for row in rows)
    return tuple(record for record in found if record is not None)


def fetch(
    client: AcumaticaClient,
    action: ActionType,
    keys: Sequence[str],
    by: Literal["key", "parent"],
    preferences: Mapping[str, Any],
) -> list[Record]:
    """Return records by key (missing ones as deleted), or all children of customers."""
    if action.entity == STOCK:
        return stock.fetch(client, keys, preferences)
    shape = shape_of(action.entity, client.version)
    url = f"{client.endpoint}/{shape.entity}"

    def condition(key: str) -> str:
        return parent_filter(shape, key) if by == "parent" else key_filter(shape, key)

    records: dict[str, Record] = {}
    for part in chunks(keys, condition, list_params(shape, ""), url):
        rows = Reader(client, shape, part).ask(None, 0)
        records |= {record.key: record for record in _records(rows, shape, action.entity)}
    if by == "parent":
        return list(records.values())
    return [records.get(key) or Record(key, None, deleted=True) for key in dict.fromkeys(keys)]
