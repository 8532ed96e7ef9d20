"""Rows with the indexes that lists need, so that a page costs the same at 5,000 as at 50."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

Predicate = Callable[["Row"], bool]
Keyed = Callable[["Row"], Iterable[tuple[str, str]]]
"""Gives the (index, value) pairs under which a row is found."""


Window = tuple[float | None, float | None]
"""Inclusive Unix seconds; None = no bound."""
OPEN: Window = (None, None)


@dataclass(slots=True, eq=False)
class Row:
    """One stored record. ``created`` and ``updated`` are Unix seconds; ``data`` is vendor-shaped."""

    id: int
    created: int
    updated: int
    data: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Query:
    """What a list asks for. ``keys`` must all match."""

    order: str = "created"
    descending: bool = True
    created: Window = OPEN
    updated: Window = OPEN
    keys: list[tuple[str, str]] = field(default_factory=list)
    where: list[Predicate] = field(default_factory=list)
    sort: Callable[[Row], Any] | None = None
    """A function of the module, not one made per request: what it sorted is kept by it."""


def _span(moments: Sequence[tuple[int, int]], low: float | None, high: float | None) -> slice:
    start = 0 if low is None else bisect_left(moments, (low, -1))
    stop = len(moments) if high is None else bisect_right(moments, (high, float("inf")))
    return slice(start, max(start, stop))


def inside(moment: float, window: Window) -> bool:
    """Return True when a moment lies within a window, its ends included."""
    low, high = window
    return (low is None or moment >= low) and (high is None or moment <= high)


class Table:
    """Rows of one entity. Not thread safe: the simulator's lock guards it."""

    def __init__(self, keyed: Keyed, first_id: int = 1) -> None:
        self._keyed = keyed
        self._rows: dict[int, Row] = {}
        self._index: dict[tuple[str, str], set[int]] = {}
        self._moments: dict[str, list[tuple[int, int]]] = {"created": [], "updated": []}
        self._sorted: dict[Callable[[Row], Any], list[Row]] = {}
        self._next = first_id
        self.unseen: set[int] = set()
        """Rows that lists and searches do not find yet (index_lag)."""

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def get(self, row_id: int) -> Row | None:
        """Return the row with this id, or None."""
        return self._rows.get(row_id)

    def insert(self, data: dict[str, Any], now: int, row_id: int | None = None) -> Row:
        """Store a new row under the next id and return it."""
        number = self._next if row_id is None else row_id
        self._next = max(self._next, number) + 1
        row = Row(number, now, now, data)
        self._rows[number] = row
        for order in self._moments.values():
            insort(order, (now, number))
        self._reindex(row)
        return row

    def touch(self, row: Row, now: int) -> None:
        """Re-index a row whose ``data`` was changed and move its time stamp to ``now``."""
        moments = self._moments["updated"]
        del moments[bisect_left(moments, (row.updated, row.id))]
        row.updated = now
        insort(moments, (now, row.id))
        row.texts.clear()
        self._reindex(row)

    def delete(self, row: Row) -> None:
        """Forget a row."""
        del self._rows[row.id]
        self._sorted.clear()
        self.unseen.discard(row.id)
        for name, moment in (("created", row.created), ("updated", row.updated)):
            order = self._moments[name]
            del order[bisect_left(order, (moment, row.id))]
        for key in row.keys:
            self._index[key].discard(row.id)

    def find(self, index: str, value: str) -> list[Row]:
        """Return the rows under an index value, oldest first, those not yet searchable included."""
        return [self._rows[number] for number in sorted(self._index.get((index, value), ()))]

    def select(self, query: Query, offset: int, limit: int) -> tuple[int, list[Row]]:
        """Return how many rows match and the rows of one page."""
        created = self._narrow("created", query.created)
        updated = self._narrow("updated", query.updated)
        if not (query.keys or query.where or self.unseen):
            if query.sort is not None and created == updated == OPEN:
                kept = self._in_order(query.sort)
                ordered = reversed(kept) if query.descending else iter(kept)
                return len(kept), list(islice(ordered, offset, offset + limit))
            if query.sort is None and query.order == "updated" and updated == OPEN != created:
                return self._created_within(query, created, offset, limit)
        rows = self._ordered(query)
        if rows is None:
            order = self._moments[query.order]
            window = query.created if query.order == "created" else query.updated
            span = _span(order, *window)
            total = span.stop - span.start
            if query.descending:
                stop = span.stop - offset
                chosen = order[max(span.start, stop - limit) : max(span.start, stop)][::-1]
            else:
                start = span.start + offset
                chosen = order[start : min(span.stop, start + limit)]
            return total, [self._rows[number] for _, number in chosen]
        return len(rows), rows[offset : offset + limit]

    def _in_order(self, sort: Callable[[Row], Any]) -> list[Row]:
        """Return all rows in this order; sorted once while nothing changes."""
        rows = self._sorted.get(sort)
        if rows is None:
            rows = self._sorted[sort] = sorted(self._rows.values(), key=sort)
        return rows

    def _created_within(
        self, query: Query, created: Window, offset: int, limit: int
    ) -> tuple[int, list[Row]]:
        """Return a page in the order of the updates without looking at what lies behind it."""
        span = _span(self._moments["created"], *created)
        order = self._moments["updated"]
        ordered = reversed(order) if query.descending else iter(order)
        found = (row for _, n in ordered if inside((row := self._rows[n]).created, created))
        return span.stop - span.start, list(islice(found, offset, offset + limit))

    def _ordered(self, query: Query) -> list[Row] | None:
        """Return all matching rows in order, or None when one sorted list alone answers."""
        created = self._narrow("created", query.created)
        updated = self._narrow("updated", query.updated)
        other = updated if query.order == "created" else created
        if not (query.keys or query.where or query.sort or self.unseen or other != OPEN):
            return None
        tests = list(query.where)
        if created != OPEN:
            tests.append(lambda row: inside(row.created, created))
        if updated != OPEN:
            tests.append(lambda row: inside(row.updated, updated))
        if self.unseen:
            tests.append(lambda row: row.id not in self.unseen)
        rows = self._candidates(query)
        for test in tests:
            rows = [row for row in rows if test(row)]
        if query.sort is not None:
            rows.sort(key=query.sort)
        return rows[::-1] if query.descending else rows

    def _narrow(self, name: str, window: Window) -> Window:
        """Return a window without the bounds that exclude nothing."""
        order = self._moments[name]
        low, high = window
        if not order:
            return OPEN
        return (
            None if low is None or low <= order[0][0] else low,
            None if high is None or high >= order[-1][0] else high,
        )

    def _candidates(self, query: Query) -> list[Row]:
        """Return the rows that can match at all, oldest first by the query's order."""
        if query.keys:
            sets = sorted((self._index.get(key, set()) for key in query.keys), key=len)
            rows = [self._rows[number] for number in set.intersection(*sets)]
            if query.order == "updated":
                rows.sort(key=lambda row: (row.updated, row.id))
            else:
                rows.sort(key=lambda row: (row.created, row.id))
            return rows
        order = self._moments[query.order]
        window = query.updated if query.order == "updated" else query.created
        return [self._rows[number] for _, number in order[_span(order, *window)]]

    def _reindex(self, row: Row) -> None:
        self._sorted.clear()
        keys = tuple(self._keyed(row))
        if keys == row.keys:
            return
        for key in row.keys:
            self._index[key].discard(row.id)
        for key in keys:
            self._index.setdefault(key, set()).add(row.id)
        row.keys = keys
