"""Reading a list that has no order and may move while it is read (R9, CONTRACT §7.13)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.sdk import Cursor, Window

PAGE_SIZE = 1000
OVERLAP = 20

Row = dict[str, Any]
Ask = Callable[[int | None, int], list[Row]]
"""``ask(top, skip)``: one call; ``top`` None reads everything."""


def read_pages(
    ask: Ask,
    identity: Callable[[Row], Any],
    *,
    size: int | None = None,
    overlap: int | None = None,
) -> Iterator[list[Row]]:
    """Yield the list's pages without the rows that the page before already had.

    The next page starts ``overlap`` rows back, and the end of the page before must reappear in
    it; if rows left the list meanwhile, it does not, and the reading steps back further. A list
    in which no step back helps has no stable order at all: it is read whole, in one call.
    ``identity`` is what makes a row the same one (key and stamp). Every row that stays in the
    list during the reading is yielded at least once.
    """
    size = size or PAGE_SIZE
    overlap = overlap or min(OVERLAP, size // 2)
    page = ask(size, 0)
    yield page
    start = 0
    marks: list[Any] = []
    while len(page) == size:
        marks = marks or [identity(row) for row in page]
        found = _next_page(ask, identity, marks, start, overlap)
        if found is None:
            yield ask(None, 0)
            return
        seen = set(marks)
        start, page, marks = found
        yield [row for row, mark in zip(page, marks, strict=True) if mark not in seen]


def _next_page(
    ask: Ask, identity: Callable[[Row], Any], marks: list[Any], start: int, overlap: int
) -> tuple[int, list[Row], list[Any]] | None:
    size = len(marks)
    tail = marks[-overlap:]
    step = overlap
    while step < size:
        skip = start + size - step
        rows = ask(size, skip)
        found = [identity(row) for row in rows]
        if _joined(tail, found, stepped=step > overlap):
            return skip, rows, found
        step *= 2
    return None


def _joined(tail: list[Any], page: list[Any], *, stepped: bool) -> bool:
    """True when ``page`` continues after ``tail``: its rows reappear, in the same order.

    The very last row may have left the list; then, after a further step back, others prove it.
    """
    wanted = set(tail)
    again = [mark for mark in page if mark in wanted]
    if len(again) < min(2, len(tail)) or again != [mark for mark in tail if mark in set(again)]:
        return False
    return stepped or again[-1] == tail[-1]


def resume_at(started: datetime | None, newest: datetime | None, window: Window) -> Cursor | None:
    """Return the new cursor: the server's time before the reading, less the lag (R8).

    Rows that are stamped later, or were committed late, are read again next time. None when the
    server told no time and sent no row: the old cursor stays.
    """
    base = started or newest
    if base is None:
        return None
    position = base - timedelta(seconds=window.lag)
    if window.until is not None:
        position = min(position, window.until)
    return Cursor(position.astimezone(UTC).isoformat())
