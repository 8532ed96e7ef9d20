"""Hops 2 and 3: read the source page by page; page rows and cursor in one transaction."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from hub.engine.canonical import to_page
from hub.engine.context import FlowContext, Tools
from hub.outbox import PageResult, put_keys, put_page
from hub.outbox.log_lines import LogLine, write_log
from hub.outbox.put import move_cursor
from hub.sdk import Cursor, Page, Window, parse_time
from hub.sdk.canonical import PARENT_ENTITY
from hub.seams import crashpoint
from hub.store.tables import CursorRow
from hub.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read: everything, what moved since the cursor, or a range of dates."""

    full: bool = False
    since: datetime | None = None
    until: datetime | None = None

    @property
    def by_range(self) -> bool:
        """True for a date range: it never moves the cursor."""
        return self.since is not None or self.until is not None


def read_source(
    tools: Tools,
    context: FlowContext,
    client: Any,
    reading: Reading,
    *,
    run_id: int,
    should_stop: Callable[[], bool],
    on_page: Callable[[Counter[str], float], None],
) -> Counter[str]:
    """Read every partition of the source into the outbox. Returns what was read.

    Raises whatever the connector raises; every page stored before stays stored.
    """
    action = context.source.action
    cursors = _cursors(tools, context)
    partitions = action.partitions or ("",)
    full = reading.full or any(name not in cursors for name in partitions)
    full = full and not reading.by_range
    counts: Counter[str] = Counter()
    for partition in partitions[:1] if full or not action.supports_delta else partitions:
        window = Window(
            since=_since(context, reading, cursors.get(partition), full=full),
            until=reading.until,
            partition=partition,
            lag=context.lag_seconds,
            preferences=context.preferences,
        )
        moves = () if reading.by_range else partitions if full else (partition,)
        started = tools.clock.monotonic()
        for page in context.source.plugin.extract(client, action, window):
            result = _store_page(
                tools,
                context,
                page,
                run_id,
                moves=moves,
                full=full,
                cursor=None if full or reading.by_range else cursors.get(partition),
            )
            counts["read"] += len(page.records)
            counts["unchanged"] += result.unchanged
            counts["duplicates"] += len(page.records) - len({r.key for r in page.records})
            on_page(counts, tools.clock.monotonic() - started)
            if should_stop():
                return counts
            started = tools.clock.monotonic()
    if full:
        _full_reading_done(tools, context)
    return counts


def _cursors(tools: Tools, context: FlowContext) -> dict[str, Cursor]:
    with tools.database.read() as session:
        rows = session.query(CursorRow).filter_by(flow_id=context.flow_id).all()
    return {row.partition: Cursor(row.position, row.tie) for row in rows}


def _since(
    context: FlowContext, reading: Reading, cursor: Cursor | None, *, full: bool
) -> datetime | None:
    if reading.by_range:
        return reading.since
    if full or cursor is None or not context.source.action.supports_delta:
        return None
    return parse_time(cursor.position) - timedelta(seconds=context.overlap_seconds)


def _store_page(
    tools: Tools,
    context: FlowContext,
    page: Page,
    run_id: int,
    *,
    moves: Sequence[str],
    full: bool,
    cursor: Cursor | None,
) -> PageResult:
    records = to_page(context.entity, context.read_mapper, page.records, context.preferences)
    now_ms = tools.now_ms()
    crashpoint("page.before_commit")
    with tools.database.begin() as connection:
        result = put_page(
            connection,
            flow_id=context.flow_id,
            source_id=context.source.id,
            entity=context.entity,
            run_id=run_id,
            rule_version=context.rule_version,
            records=records,
            now_ms=now_ms,
            whole=full,
            note_stamps=not full and any(record.touches for record in page.records),
            retry_filtered=full and not context.target.action.creates,
        )
        if page.resume is not None:
            for partition in moves:
                move_cursor(connection, context.flow_id, partition, page.resume, now_ms)
        if not full:
            _queue_touched(connection, context, page, result, now_ms)
        _queue_children(connection, context, result, now_ms)
        _note_lateness(connection, context, page, result, cursor)
        if context.logging.get("debug"):
            words = f"Page read: {len(page.records)} records, {result.unchanged} unchanged."
            write_log(
                connection,
                [LogLine("debug", words)],
                connector_id=context.connector_id,
                flow_key=context.key,
                run_id=run_id,
                now_ms=now_ms,
            )
    crashpoint("page.after_commit")
    return result


def _queue_touched(
    connection: Transaction, context: FlowContext, page: Page, result: PageResult, now_ms: int
) -> None:
    """A changed location or contact may have changed its customer, whose stamp did not move."""
    queued = {*result.queued, *result.stamped}
    touched: dict[str, list[str]] = {}
    for record in page.records:
        if record.key in queued:
            for entity, key in record.touches:
                touched.setdefault(entity, []).append(key)
    for entity, keys in touched.items():
        flow_id = context.sibling_flows.get(entity)
        if flow_id is not None and flow_id != context.flow_id:
            put_keys(
                connection,
                flow_id=flow_id,
                source_id=context.source.id,
                entity=entity,
                keys=keys,
                now_ms=now_ms,
            )


def _note_lateness(
    connection: Transaction,
    context: FlowContext,
    page: Page,
    result: PageResult,
    cursor: Cursor | None,
) -> None:
    """Keep the largest lateness seen: how far behind the cursor a new change still turned up (R8)."""
    if cursor is None or not result.queued:
        return
    border = parse_time(cursor.position)
    queued = set(result.queued)
    moments = [r.modified_at for r in page.records if r.key in queued and r.modified_at]
    latest = max((border - moment for moment in moments), default=timedelta())
    if latest > timedelta():
        connection.execute(
            text("UPDATE flow SET lateness_ms = :late WHERE id = :id AND lateness_ms < :late"),
            {"late": int(latest.total_seconds() * 1000), "id": context.flow_id},
        )


def _queue_children(
    connection: Transaction, context: FlowContext, result: PageResult, now_ms: int
) -> None:
    """When a customer changed in what its children read, they follow: their stamps did not move."""
    if not result.moved_parents:
        return
    for entity, flow_id in context.sibling_flows.items():
        if PARENT_ENTITY.get(entity) == context.entity:
            keys = children_of(connection, context.source.id, entity, result.moved_parents)
            put_keys(
                connection,
                flow_id=flow_id,
                source_id=context.source.id,
                entity=entity,
                keys=keys,
                now_ms=now_ms,
            )


def children_of(
    connection: Transaction, source_id: int, entity: str, parents: Sequence[str]
) -> list[str]:
    """Return the keys of the known children of these records."""
    statement = text(
        "SELECT key FROM record WHERE connection_id = :connection AND entity = :entity "
        "AND parent_key = :parent ORDER BY key"
    )
    return [
        key
        for parent in parents
        for key in connection.execute(
            statement, {"connection": source_id, "entity": entity, "parent": parent}
        ).scalars()
    ]


def _full_reading_done(tools: Tools, context: FlowContext) -> None:
    """Clear *full next*, unless the settings changed while everything was being read."""
    if tools.settings.rule_version(context.connector_id, context.key) != context.rule_version:
        return
    with tools.database.begin() as connection:
        connection.execute(
            text("UPDATE flow SET full_next = false WHERE id = :id"), {"id": context.flow_id}
        )
