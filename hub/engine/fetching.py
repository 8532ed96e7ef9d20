"""Messages that carry only a key: the source is read by key before anything is sent (R11)."""

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from hub.engine.canonical import to_incoming
from hub.engine.context import FlowContext, Tools
from hub.engine.work import Work
from hub.outbox import Incoming, Settled, upsert_records
from hub.sdk import ConfigError, ConnectionTrouble, HubError, RateLimited, RecordRejected

log = logging.getLogger(__name__)

WAIT_MS = 60_000


def fetch_payloads(
    tools: Tools, context: FlowContext, source: Callable[[], Any], works: Sequence[Work]
) -> list[Settled]:
    """Read the key-only rows of a claim; many keys cost one call. Returns rows that end here.

    A source that is out of reach makes them wait; nothing stale is sent. A record that cannot be
    read ends alone.
    """
    bare = [work for work in works if work.payload is None]
    return _fetch(tools, context, source, bare) if bare else []


def _fetch(
    tools: Tools, context: FlowContext, source: Callable[[], Any], bare: Sequence[Work]
) -> list[Settled]:
    try:
        by_key = _read(context, source(), [work.key for work in bare])
    except (ConnectionTrouble, RateLimited, ConfigError) as error:
        due = tools.now_ms() + WAIT_MS
        return [
            work.settle("pending", due_ms=due, reason=f"Waits for the ERP: {error}")
            for work in bare
        ]
    except SQLAlchemyError:
        raise
    except Exception as error:
        if len(bare) == 1:
            return [_not_read(tools, context, bare[0], error)]
        # One of them is the cause: the others must not wait for it.
        half = len(bare) // 2
        return [
            row
            for part in (bare[:half], bare[half:])
            for row in _fetch(tools, context, source, part)
        ]
    _store(tools, context, [(work, by_key[work.key]) for work in bare if work.key in by_key])
    return [
        work.settle(
            "filtered",
            reason="The record is no longer in the ERP.",
            reason_group="no longer in the ERP",
        )
        for work in bare
        if work.key not in by_key
    ]


def _read(context: FlowContext, client: Any, keys: Sequence[str]) -> dict[str, Incoming]:
    side = context.source
    records = side.plugin.fetch(client, side.action, keys, "key", context.preferences)
    return {
        record.key: to_incoming(context.entity, context.read_mapper, record, context.preferences)
        for record in records
        if record.data is not None and not record.deleted
    }


def _not_read(tools: Tools, context: FlowContext, work: Work, error: Exception) -> Settled:
    """Park what the ERP refuses; anything else is tried again within the record's budget."""
    log.warning("Record %s of flow %s could not be read", work.key, context.key, exc_info=error)
    what = str(error) if isinstance(error, HubError) else f"{type(error).__name__}: {error}"
    attempts = work.attempts + 1
    refused = isinstance(error, RecordRejected)
    if not refused and attempts <= int(context.messages.get("retry_count") or 0):
        due = tools.now_ms() + WAIT_MS
        return work.settle("pending", reason=what, due_ms=due, attempts=attempts)
    return work.settle(
        "parked",
        reason=f"The record could not be read from the ERP: {what}",
        reason_group=f"could not be read: {what}",
        remedy="Look at the record in the ERP, mend the cause, then retry this message.",
        attempts=attempts,
    )


def _store(tools: Tools, context: FlowContext, fetched: Sequence[tuple[Work, Incoming]]) -> None:
    """Keep what was read with its message, so that a crash does not lose what was sent."""
    if not fetched:
        return
    now_ms = tools.now_ms()
    with tools.database.begin() as connection:
        upsert_records(
            connection, context.source.id, context.entity, [r for _, r in fetched], now_ms
        )
        connection.execute(
            text(
                "UPDATE message SET payload = :payload, canonical_hash = :hash, title = :title, "
                "source_version = :version, rule_version = :rules WHERE id = :id"
            ),
            [
                {
                    "payload": incoming.payload,
                    "hash": incoming.canonical_hash,
                    "title": incoming.title[:300],
                    "version": incoming.source_version,
                    "rules": context.rule_version,
                    "id": work.id,
                }
                for work, incoming in fetched
            ],
        )
    for work, incoming in fetched:
        work.payload = incoming.payload
        work.canonical = json.loads(incoming.payload)
        work.canonical_hash = incoming.canonical_hash
        work.source_version = incoming.source_version
        work.title = incoming.title
        work.email = incoming.email
        work.parent_key = incoming.parent_key
