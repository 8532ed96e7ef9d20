"""Messages as an operator looks for them: by status, connector, sync, age and record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.reports.bounded import CAP, PAGE, capped, count_messages, last_id_before
from hub.reports.record_search import MOST, Found, clean, kinds, search
from hub.store.tables import Connector, Flow, Message

TABS: dict[str, tuple[str, ...]] = {
    "waiting": ("pending", "in_flight"),
    "unknown": ("unknown",),
    "blocked": ("blocked",),
    "parked": ("parked",),
    "filtered": ("filtered",),
    "done": ("done", "unchanged"),
    "cancelled": ("cancelled", "superseded"),
}
"""Tab → statuses. *All* has them all."""
EVERY = tuple(status for statuses in TABS.values() for status in statuses)
OPEN = (*TABS["waiting"], *TABS["unknown"], *TABS["blocked"])
"""A backlog: the tab ``open``, which only links lead to."""
OLDEST_FIRST = {"open", "waiting", "unknown", "blocked", "parked"}
"""Where age is the risk; the others show the newest first."""
MOST_GROUPS = 50
"""Reasons that are named; where every message has its own, nobody reads ten thousand."""
RETRYABLE = ("pending", "blocked", "parked")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown. ``tab`` empty = all; ``older_than`` is a moment; ``reason`` a reason group."""

    tab: str = "parked"
    connector: str = ""
    flow: str = ""
    text: str = ""
    older_than: datetime | None = None
    reason: str = ""
    run: int | None = None
    found: Found | None = None
    up_to: int | None = None
    newest_first: bool | None = None

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses of the tab."""
        return OPEN if self.tab == "open" else TABS.get(self.tab, EVERY)

    @property
    def descending(self) -> bool:
        """True when the newest comes first."""
        return self.tab not in OLDEST_FIRST if self.newest_first is None else self.newest_first


@dataclass(slots=True)
class Listed:
    """One page. ``after`` and ``before`` are the ids of its ends when there is more that way."""

    rows: list[Message] = field(default_factory=list)
    more: bool = False
    less: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Parked messages of one flow with the same reason. ``count`` may be above ``CAP``."""

    flow_id: int
    reason_group: str
    reason: str
    remedy: str
    field: str
    entity: str
    count: int
    oldest: datetime
    example_id: int
    example_key: str
    same_text: bool


def flow_ids(session: Session, wanted: Filter) -> list[int]:
    """Return the flows that the filter lets through."""
    query = select(Flow.id).join(Connector, Connector.id == Flow.connector_id).order_by(Flow.id)
    if wanted.connector:
        query = query.where(Connector.key == wanted.connector)
    if wanted.flow:
        query = query.where(Flow.key == wanted.flow)
    return list(session.scalars(query))


def with_records(session: Session, wanted: Filter) -> Filter:
    """Return the filter with its text looked up among the records, and its moment as an id."""
    if wanted.older_than is not None and wanted.up_to is None:
        wanted = replace(wanted, up_to=last_id_before(session, Message, wanted.older_than))
    if not clean(wanted.text) or wanted.found is not None:
        return wanted
    return replace(wanted, found=search(session, wanted.text, kinds(session), MOST))


def _narrow(query: Any, wanted: Filter) -> Any:
    if wanted.found is not None:
        query = query.where(Message.record_id.in_(wanted.found.ids))
    if wanted.up_to is not None:
        query = query.where(Message.id <= wanted.up_to)
    if wanted.reason:
        query = query.where(Message.reason_group == wanted.reason)
    if wanted.run:
        query = query.where(Message.run_id == wanted.run)
    return query


def _ranges(session: Session, wanted: Filter) -> Iterator[Any]:
    """One query per flow and status: each reads an index in the order of the list."""
    if _unlimited(wanted):
        yield _narrow(select(Message), wanted)
        return
    flows = flow_ids(session, wanted)
    if wanted.found is not None:
        # "+ 0" leaves the planner only the index on the record.
        base = select(Message).where(
            (Message.flow_id + 0).in_(flows), Message.status.in_(wanted.statuses)
        )
        yield _narrow(base, wanted)
        return
    for flow_id in flows:
        for status in wanted.statuses:
            base = select(Message).where(Message.flow_id == flow_id, Message.status == status)
            yield _narrow(base, wanted)


def _unlimited(wanted: Filter) -> bool:
    """True when nearly every row is wanted: a walk over the ids meets them one after the other."""
    narrow = wanted.connector or wanted.flow or wanted.reason or wanted.run or wanted.found
    return not narrow and len(wanted.statuses) == len(EVERY)


def page(
    session: Session,
    wanted: Filter,
    *,
    after: int = 0,
    before: int = 0,
    size: int = PAGE,
) -> Listed:
    """Return one page by keyset: the rows after, or before, the message with this id."""
    wanted = with_records(session, wanted)
    backwards = bool(before)
    down = wanted.descending != backwards
    edge = before or after
    found: list[Message] = []
    for query in _ranges(session, wanted):
        part = query.order_by(Message.id.desc() if down else Message.id).limit(size + 1)
        if edge:
            part = part.where(Message.id < edge if down else Message.id > edge)
        found += session.scalars(part)
    found.sort(key=lambda row: row.id, reverse=down)
    extra = len(found) > size
    rows = found[:size]
    if backwards:
        rows.reverse()
    return Listed(rows, more=True if backwards else extra, less=extra if backwards else bool(edge))


def count(session: Session, wanted: Filter) -> int:
    """Return how many messages match, at most ``CAP`` + 1."""
    wanted = with_records(session, wanted)
    found = 0
    for query in _ranges(session, wanted):
        found += capped(session, query, CAP - found)
        if found > CAP:
            break
    return found


def tab_counts(session: Session, wanted: Filter) -> dict[str, int]:
    """Return the count of every tab for the filter's connector and sync; ``""`` is all."""
    flows = flow_ids(session, wanted)
    counts = {tab: count_messages(session, flows, statuses) for tab, statuses in TABS.items()}
    return {"": min(sum(counts.values()), CAP + 1), **counts}


def matching_ids(session: Session, wanted: Filter, limit: int = CAP) -> list[int]:
    """Return the ids of what matches and can be retried or skipped, oldest first."""
    wanted = with_records(session, wanted)
    ids: list[int] = []
    for query in _ranges(session, wanted):
        only = query.where(Message.status.in_(RETRYABLE)).with_only_columns(Message.id)
        ids += session.scalars(only.order_by(Message.id).limit(limit - len(ids)))
        if len(ids) >= limit:
            break
    return sorted(ids)


def parked_groups(
    session: Session, flows: Sequence[int], run_id: int | None = None, most: int = MOST_GROUPS
) -> list[Group]:
    """Return what is parked, grouped by flow and reason: the ``most`` largest groups."""
    found: list[tuple[int, Any]] = []
    for flow_id in flows:
        inner = select(Message.id, Message.reason_group, Message.reason).where(
            Message.flow_id == flow_id, Message.status == "parked"
        )
        if run_id is not None:
            inner = inner.where(Message.run_id == run_id)
        rows = inner.order_by(Message.id).limit(CAP).subquery()
        grouped = select(
            rows.c.reason_group.label("name"), func.count().label("number"),
            func.min(rows.c.id).label("first"), func.min(rows.c.reason).label("least"),
            func.max(rows.c.reason).label("greatest"),
        ).group_by(rows.c.reason_group)  # fmt: skip
        found += [(flow_id, row) for row in session.execute(grouped)]
    found.sort(key=lambda item: (-item[1].number, item[1].first))
    ids = [row.first for _, row in found[:most]]
    known = {m.id: m for m in session.scalars(select(Message).where(Message.id.in_(ids)))}
    groups = []
    for flow_id, row in found[:most]:
        first = known[row.first]
        groups.append(
            Group(
                flow_id, row.name, first.reason, first.remedy, first.field, first.entity,
                row.number, first.created_at, first.id, first.key, row.least == row.greatest,
            )
        )  # fmt: skip
    return groups
