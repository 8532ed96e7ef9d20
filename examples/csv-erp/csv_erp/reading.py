"""Whole lists, page by page, and single records: with no time stamps, content tells what changed."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from csv_erp.actions import EXPORTS, Export
from csv_erp.client import Client, Row
from hub.sdk import ActionType, ConnectionTrouble, Cursor, Page, Record, Window
from hub.sdk.canonical import STOCK

PAGE_SIZE = 500
OVERLAP = 20
RESTARTS = 5
DEFAULT_LOCATION = "default"


def extract(client: Client, action: ActionType, window: Window) -> Iterator[Page]:  # noqa: ARG001
    """Yield every record; the last page ends the reading.

    Another window than "everything" cannot be asked for: ``supports_delta`` says so.
    """
    export = EXPORTS[action.entity]
    started: datetime | None = None
    waiting: tuple[Record, ...] | None = None
    for rows in _pages(client, export):
        started = started or client.asked_at
        if waiting is not None:
            yield Page(waiting)
        waiting = _records(client, action, rows, started)
    resume = Cursor(started.astimezone(UTC).isoformat()) if started else None
    yield Page(waiting or (), resume)


def _pages(client: Client, export: Export) -> Iterator[list[Row]]:
    """Read a list that may move meanwhile: the end of a page must reappear in the next one.

    Rows that leave the list in front of us move the rest up. When the row read last is not seen
    again, the next page begins further back, at last at the beginning.
    Raises ``ConnectionTrouble`` when the list never holds still.
    """
    page = client.page(export, 0, PAGE_SIZE)
    yield page
    start, seen = 0, {key_of(row, export) for row in page}
    again = 0
    while len(page) == PAGE_SIZE:
        start, page = _next(client, export, start, page)
        again += start == 0
        if again > RESTARTS:
            raise ConnectionTrouble(f"The export {export.name} changes while it is read.")
        fresh = [row for row in page if key_of(row, export) not in seen]
        seen |= {key_of(row, export) for row in fresh}
        yield fresh


def _next(client: Client, export: Export, start: int, page: list[Row]) -> tuple[int, list[Row]]:
    """Return where the next page begins, and its rows."""
    back = min(OVERLAP, PAGE_SIZE // 2)
    tail = {key_of(row, export) for row in page[-back:]}
    while True:
        offset = max(0, start + PAGE_SIZE - back)
        following = client.page(export, offset, PAGE_SIZE)
        if offset == 0 or any(key_of(row, export) in tail for row in following):
            return offset, following
        back *= 2


def fetch(
    client: Client, action: ActionType, keys: Sequence[str], by: Literal["key", "parent"]
) -> list[Record]:
    """Return records by key, one call each, or all records of these customers."""
    export = EXPORTS[action.entity]
    if by == "parent":
        rows = [row for key in keys for row in _of_customer(client, export, key)]
        return list(_records(client, action, rows, client.asked_at))
    found: list[Record] = []
    for key in dict.fromkeys(keys):
        name = key.rpartition("@")[0] if action.entity == STOCK else key
        row = client.one(export, name)
        records = _records(client, action, [row] if row else [], client.asked_at)
        found += records or (Record(key, None, deleted=True),)
    return found


def _of_customer(client: Client, export: Export, customer: str) -> list[Row]:
    rows: list[Row] = []
    while True:
        page = client.page(export, len(rows), PAGE_SIZE, customer)
        rows += page
        if len(page) < PAGE_SIZE:
            return rows


def key_of(row: Row, export: Export) -> str:
    """Return the row's key: one column, or two with a slash between; empty when one is empty."""
    parts = [row[name].strip() for name in export.keys]
    return "/".join(parts) if all(parts) else ""


def _records(
    client: Client, action: ActionType, rows: Sequence[Row], read_at: datetime | None
) -> tuple[Record, ...]:
    """Return the rows as records. Their version is the time of the reading: a later one wins."""
    export = EXPORTS[action.entity]
    found = []
    for row in rows:
        key = key_of(row, export)
        if not key:
            continue
        data: dict[str, Any] = dict(row)
        if action.entity == STOCK:
            key = f"{key}@{DEFAULT_LOCATION}"
            data["quantity"] = number(row["quantity"], client.decimal_mark)
        data["key"] = key
        found.append(Record(key, data, read_at))
    return tuple(found)


def number(text: str, mark: str) -> Decimal | str:
    """Return a quantity exactly. Text that is none under this decimal mark stays as it is: the
    field rule then parks the record, where a guess would sell what is not there.
    """
    plain = text.strip().replace("\u00a0", "").replace(" ", "")
    if not _NUMBERS[mark].fullmatch(plain):
        return text
    return Decimal(plain.replace("." if mark == "," else ",", "").replace(mark, "."))


_NUMBERS = {
    ".": re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?", re.ASCII),
    ",": re.compile(r"-?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?", re.ASCII),
}
