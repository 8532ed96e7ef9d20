"""What was settled per hour, and how long it took; hours that are over are read once."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.reports.bounded import CAP
from hub.store.base import to_ms
from hub.store.tables import Message
from hub.store.work_tables import PENDING, SETTLED

HOUR_MS = 3_600_000
REST_MS = 600_000
"""An hour is remembered once it has been over for this long."""
SAMPLE = 20_000
"""Delivered messages of one hour whose time is looked at."""


@dataclass(slots=True)
class Hour:
    """One hour: (flow id, status) → messages; flow id → milliseconds from change to delivered."""

    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    took: dict[int, list[int]] = field(default_factory=dict)


class Memo:
    """Hours that are over, kept in the process."""

    def __init__(self, most: int = 24 * 32) -> None:
        self._hours: OrderedDict[int, Hour] = OrderedDict()
        self._most = most

    def get(self, start_ms: int) -> Hour | None:
        """Return a remembered hour."""
        return self._hours.get(start_ms)

    def keep(self, start_ms: int, hour: Hour) -> None:
        """Remember an hour and forget the oldest when there are too many."""
        self._hours[start_ms] = hour
        while len(self._hours) > self._most:
            self._hours.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One column of the chart. ``p50`` and ``p95`` are seconds; None = nothing was delivered."""

    start: datetime
    delivered: int
    unchanged: int
    parked: int
    p50: float | None
    p95: float | None


def _read(session: Session, start_ms: int) -> Hour:
    bound = {"start": start_ms, "end": start_ms + HOUR_MS}
    hour = Hour()
    rows = session.execute(
        text(
            f"SELECT flow_id, status, count(*) FROM message WHERE {SETTLED} "
            "AND updated_at >= :start AND updated_at < :end GROUP BY flow_id, status"
        ),
        bound,
    )
    for flow_id, status, number in rows:
        hour.counts[flow_id, status] = number
    # No equality on the flow here: it would tempt the planner away from the index on the time.
    took = session.execute(
        text(
            f"SELECT flow_id, updated_at - created_at FROM message WHERE {SETTLED} "
            "AND updated_at >= :start AND updated_at < :end AND status = 'done' LIMIT :most"
        ),
        {**bound, "most": SAMPLE},
    )
    for flow_id, milliseconds in took:
        hour.took.setdefault(flow_id, []).append(int(milliseconds))
    return hour


def hour_at(session: Session, memo: Memo, start_ms: int, now_ms: int) -> Hour:
    """Return one hour, remembered if it is over."""
    known = memo.get(start_ms)
    if known is None:
        known = _read(session, start_ms)
        if start_ms + HOUR_MS + REST_MS <= now_ms:
            memo.keep(start_ms, known)
    return known


def buckets(
    session: Session,
    memo: Memo,
    now: datetime,
    *,
    hours: int = 24,
    each: int = 1,
    flows: Collection[int] | None = None,
) -> list[Bucket]:
    """Return the last ``hours``, ``each`` hours to a bucket, oldest first, for these flows."""
    now_ms = to_ms(now)
    first = now_ms // HOUR_MS * HOUR_MS - (hours - 1) * HOUR_MS
    found = []
    for start in range(0, hours, each):
        part = [
            hour_at(session, memo, first + (start + more) * HOUR_MS, now_ms)
            for more in range(min(each, hours - start))
        ]
        begin = now - timedelta(milliseconds=now_ms - (first + start * HOUR_MS))
        found.append(_bucket(begin, part, flows))
    return found


def _bucket(start: datetime, part: Sequence[Hour], flows: Collection[int] | None) -> Bucket:
    counts: Counter[str] = Counter()
    took: list[int] = []
    for hour in part:
        for (flow_id, status), number in hour.counts.items():
            if flows is None or flow_id in flows:
                counts[status] += number
        for flow_id, times in hour.took.items():
            if flows is None or flow_id in flows:
                took += times
    took.sort()
    return Bucket(
        start, counts["done"], counts["unchanged"], counts["parked"],
        percentile(took, 0.5), percentile(took, 0.95),
    )  # fmt: skip


def percentile(sorted_ms: Sequence[int], share: float) -> float | None:
    """Return seconds within which this share was delivered; None for nothing."""
    if not sorted_ms:
        return None
    return sorted_ms[min(len(sorted_ms) - 1, int(len(sorted_ms) * share))] / 1000


def retrying(session: Session, flows: Sequence[int], since: datetime) -> Counter[int]:
    """Return messages tried since then that wait for their next try: start of hour (ms) → number.

    The next try is never due before the last one was made, so the index on what is due finds them.
    """
    found: Counter[int] = Counter()
    for flow_id in flows:
        rows: Any = (
            select(Message.updated_at, Message.attempts)
            .where(Message.flow_id == flow_id, text(PENDING), Message.due_at >= since)
            .limit(CAP)
            .subquery()
        )
        for (moment,) in session.execute(select(rows.c.updated_at).where(rows.c.attempts > 0)):
            found[to_ms(moment) // HOUR_MS * HOUR_MS] += 1
    return found


def parked_total(session: Session) -> int:
    """Return how many messages are parked, at most ``CAP`` + 1: the count in the navigation."""
    inner = text(
        "SELECT count(*) FROM (SELECT 1 FROM message WHERE status = 'parked' "
        "AND flow_id IN (SELECT id FROM flow) LIMIT :most) AS found"
    )
    return int(session.execute(inner, {"most": CAP + 1}).scalar_one())
