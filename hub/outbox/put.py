"""Hop 3: page rows and cursor in one transaction, one waiting row per record."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from hub.sdk import Cursor
from hub.sdk.exact_json import dump_json
from hub.store.queries import known_records, open_contents
from hub.store.transaction import Transaction
from hub.store.work_tables import WAITING


@dataclass(slots=True)
class Incoming:
    """One canonical record of a page, ready for the outbox. ``payload`` is JSON text."""

    key: str
    payload: str
    canonical_hash: str
    source_version: str
    title: str = ""
    record_class: str = ""
    status: str = ""
    parent_key: str | None = None
    email: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PageResult:
    """What a page did: messages queued, records unchanged, and records whose children must follow."""

    queued: list[str] = field(default_factory=list)
    unchanged: int = 0
    stamped: list[str] = field(default_factory=list)
    moved_parents: list[str] = field(default_factory=list)


UPSERT_RECORD = text("""
INSERT INTO record (connection_id, entity, key, title, record_class, status, parent_key, email,
                    attributes, seen_at)
VALUES (:connection, :entity, :key, :title, :record_class, :status, :parent_key, :email,
        :attributes, :now)
ON CONFLICT (connection_id, entity, key) DO UPDATE SET
  title = excluded.title, record_class = excluded.record_class, status = excluded.status,
  parent_key = excluded.parent_key, email = excluded.email, attributes = excluded.attributes,
  seen_at = excluded.seen_at
""")

INSERT_KEY_RECORD = text("""
INSERT INTO record (connection_id, entity, key, title, record_class, status, attributes, seen_at)
VALUES (:connection, :entity, :key, :key, '', '', '{}', :now)
ON CONFLICT (connection_id, entity, key) DO NOTHING
""")

# A waiting row is overwritten only by a newer reading: a later source version, the same one under
# another rule version, or the same one with other content (edits that move no time stamp). (R2)
UPSERT_MESSAGE = text(f"""
INSERT INTO message (flow_id, record_id, run_id, entity, key, title, dedup_key, status, payload,
  payload_version, deleted, canonical_hash, source_version, rule_version, due_at, attempts,
  searches, crashes, isolation, reason, reason_group, field, remedy, created_at, updated_at)
VALUES (:flow, (SELECT id FROM record WHERE connection_id = :connection AND entity = :entity
                AND key = :key),
  :run, :entity, :key, :title, :dedup_key, 'pending', :payload, 1, false, :canonical_hash,
  :source_version, :rule_version, :now, 0, 0, 0, 0, '', '', '', '', :now, :now)
ON CONFLICT (dedup_key) WHERE {WAITING} DO UPDATE SET
  payload = excluded.payload, title = excluded.title, canonical_hash = excluded.canonical_hash,
  source_version = excluded.source_version, rule_version = excluded.rule_version,
  run_id = excluded.run_id, status = 'pending', due_at = excluded.due_at, attempts = 0,
  crashes = 0, isolation = 0, reason = '', reason_group = '', field = '', remedy = '',
  blocked_entity = NULL, blocked_key = NULL, updated_at = excluded.updated_at
WHERE COALESCE(message.source_version, '') < excluded.source_version
   OR (COALESCE(message.source_version, '') = excluded.source_version
       AND (message.rule_version <> excluded.rule_version
            OR COALESCE(message.canonical_hash, '') <> excluded.canonical_hash))
""")

# Key only: what waits is read afresh before it is sent.
UPSERT_KEY = text(f"""
INSERT INTO message (flow_id, record_id, run_id, entity, key, title, dedup_key, status, payload,
  payload_version, deleted, rule_version, due_at, attempts, searches, crashes, isolation, reason,
  reason_group, field, remedy, created_at, updated_at)
SELECT :flow, r.id, :run, r.entity, r.key, r.title, :dedup_key, 'pending', NULL, 1, false,
  '', :now, 0, 0, 0, 0, '', '', '', '', :now, :now
FROM record AS r WHERE r.connection_id = :connection AND r.entity = :entity AND r.key = :key
ON CONFLICT (dedup_key) WHERE {WAITING} DO UPDATE SET
  payload = NULL, status = 'pending', due_at = excluded.due_at, attempts = 0, crashes = 0,
  isolation = 0, reason = '', reason_group = '', field = '', remedy = '',
  blocked_entity = NULL, blocked_key = NULL, updated_at = excluded.updated_at
""")

RUNS = ("in_flight", "unknown")

MOVE_CURSOR = text("""
INSERT INTO cursor (flow_id, partition, position, tie, updated_at)
VALUES (:flow, :partition, :position, :tie, :now)
ON CONFLICT (flow_id, partition) DO UPDATE SET
  position = excluded.position, tie = excluded.tie, updated_at = excluded.updated_at
""")


def dedup_key(flow_id: int, key: str) -> str:
    """Return the identity of a record on its way through a flow."""
    return f"{flow_id}:{key}"


def put_page(
    connection: Transaction,
    *,
    flow_id: int,
    source_id: int,
    entity: str,
    run_id: int | None,
    rule_version: str,
    records: Sequence[Incoming],
    now_ms: int,
    partition: str = "",
    resume: Cursor | None = None,
    whole: bool = False,
    retry_filtered: bool = False,
    note_stamps: bool = False,
) -> PageResult:
    """Store a page's changed records and, where the page says so, move the cursor.

    Must run inside one writing transaction together with nothing else (principle 4). A record that
    reads as it was last settled makes no message; ``retry_filtered`` looks again at those that
    were never delivered. In a reading of the ``whole`` source a row with an older stamp and other
    content counts too: the source's clock was set back, or a backup restored. ``note_stamps``:
    tell which unchanged rows have a newer stamp, since somebody else may read the rest of them.
    """
    result = PageResult()
    latest = {record.key: record for record in records}
    known = known_records(connection, flow_id, source_id, entity, list(latest)) if latest else {}
    names = {key: dedup_key(flow_id, key) for key in latest}
    on_way = open_contents(connection, list(names.values())) if latest else {}
    changed: list[Incoming] = []
    for record in latest.values():
        row, last = known.get(record.key), on_way.get(names[record.key])
        overtakes = _overtakes(last, record, whole=whole)
        if overtakes is False or not (
            overtakes
            or row is None
            or _is_news(row, record, rule_version, whole=whole, retry=retry_filtered)
        ):
            result.unchanged += 1
            if note_stamps and row and record.source_version > (row.source_version or ""):
                result.stamped.append(record.key)
            continue
        if row is not None and _moves_children(row, record):
            result.moved_parents.append(record.key)
        if _is_on_its_way(row, last, record, rule_version):
            result.unchanged += 1
        else:
            changed.append(record)
    _note_stamps(connection, flow_id, [latest[key] for key in result.stamped], known)
    if changed:
        common = {
            "flow": flow_id,
            "connection": source_id,
            "entity": entity,
            "run": run_id,
            "rule_version": rule_version,
            "now": now_ms,
        }
        upsert_records(connection, source_id, entity, changed, now_ms)
        connection.execute(UPSERT_MESSAGE, [_message_values(common, record) for record in changed])
        result.queued = [record.key for record in changed]
    if resume is not None:
        move_cursor(connection, flow_id, partition, resume, now_ms)
    return result


def move_cursor(
    connection: Transaction, flow_id: int, partition: str, resume: Cursor, now_ms: int
) -> None:
    """Remember how far this partition was read."""
    connection.execute(
        MOVE_CURSOR,
        {
            "flow": flow_id,
            "partition": partition,
            "position": resume.position,
            "tie": resume.tie,
            "now": now_ms,
        },
    )


def put_keys(
    connection: Transaction,
    *,
    flow_id: int,
    source_id: int,
    entity: str,
    keys: Iterable[str],
    now_ms: int,
    run_id: int | None = None,
    make_records: bool = False,
) -> int:
    """Queue records by key alone; the deliverer fetches them. Returns how many."""
    rows = [
        {
            "flow": flow_id,
            "connection": source_id,
            "entity": entity,
            "key": key,
            "dedup_key": dedup_key(flow_id, key),
            "run": run_id,
            "now": now_ms,
        }
        for key in dict.fromkeys(keys)
    ]
    if rows:
        if make_records:
            connection.execute(INSERT_KEY_RECORD, rows)
        connection.execute(UPSERT_KEY, rows)
    return len(rows)


def _is_news(row: Any, record: Incoming, rule_version: str, *, whole: bool, retry: bool) -> bool:
    if row.canonical_hash is None:
        return True
    if not whole and record.source_version < (row.source_version or ""):
        return False
    if row.rule_version != rule_version or row.canonical_hash != record.canonical_hash:
        return True
    return retry and row.content_hash is None


def _moves_children(row: Any, record: Incoming) -> bool:
    try:
        attributes = json.loads(row.attributes) if row.attributes else {}
    except ValueError:  # damaged: whoever waits for it is to be looked at again
        return True
    return (
        row.record_class != record.record_class
        or row.status != record.status
        or attributes != dict(record.attributes)
    )


def _overtakes(last: Any, record: Incoming, *, whole: bool) -> bool | None:
    """True for other content than what is on its way, False for older than what runs, else None.

        settled a ── b read, waits or runs ── a read again ── b sent: a has to follow it
    A row with the key alone is read afresh before it is sent; one that waits is never overwritten
    by an older reading.
    """
    if last is None or last.key_only:
        return None
    if not whole and record.source_version < (last.source_version or ""):
        return False if last.status in RUNS else None
    return True if last.canonical_hash != record.canonical_hash else None


def _is_on_its_way(row: Any, last: Any, record: Incoming, rule_version: str) -> bool:
    """True when the very same content runs, or waits (parked, blocked) and was never settled."""
    if last is None or last.canonical_hash != record.canonical_hash:
        return False
    running = last.status in RUNS
    bare = row is not None and row.canonical_hash is None
    return last.rule_version == rule_version and (running or bare)


def upsert_records(
    connection: Transaction,
    source_id: int,
    entity: str,
    records: Sequence[Incoming],
    now_ms: int,
) -> None:
    """Keep what the hub knows of these ERP records: names, class, status, parent."""
    common = {"connection": source_id, "entity": entity, "now": now_ms}
    connection.execute(UPSERT_RECORD, [_record_values(common, record) for record in records])


def _note_stamps(
    connection: Transaction, flow_id: int, records: Sequence[Incoming], known: Mapping[str, Any]
) -> None:
    rows = [
        {"version": r.source_version, "flow": flow_id, "record": known[r.key].id} for r in records
    ]
    if rows:
        connection.execute(
            text(
                "UPDATE flow_state SET source_version = :version "
                "WHERE flow_id = :flow AND record_id = :record"
            ),
            rows,
        )


def _record_values(common: Mapping[str, Any], record: Incoming) -> dict[str, Any]:
    return {
        **common,
        "key": record.key,
        "title": record.title[:300],
        "record_class": record.record_class,
        "status": record.status,
        "parent_key": record.parent_key,
        "email": record.email,
        "attributes": _attributes(record),
    }


def _attributes(record: Incoming) -> str:
    return dump_json(dict(record.attributes), sort_keys=True) if record.attributes else "{}"


def _message_values(common: Mapping[str, Any], record: Incoming) -> dict[str, Any]:
    return {
        **common,
        "key": record.key,
        "title": record.title[:300],
        "dedup_key": dedup_key(common["flow"], record.key),
        "payload": record.payload,
        "canonical_hash": record.canonical_hash,
        "source_version": record.source_version,
    }
