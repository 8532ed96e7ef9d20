"""Messages that carry only a key: the source is read by key before anything is sent (R11)."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text

from hub.engine.canonical import to_incoming
from hub.engine.context import FlowContext, Tools
from hub.engine.work import Work
from hub.outbox import Incoming, Settled, upsert_records
from hub.sdk import ConfigError, ConnectionTrouble, RateLimited

WAIT_MS = 60_000


def fetch_payloads(
    tools: Tools, context: FlowContext, source: Callable[[], Any], works: Sequence[Work]
) -> list[Settled]:
    """Read the key-only rows of a claim; many keys cost one call. Returns rows that end here.

    A source that is out of reach makes them wait; nothing stale is sent.
    """
    bare = [work for work in works if work.payload is None]
    if not bare:
        return []
    try:
        records = context.source.plugin.fetch(
            source(),
            context.source.action,
            [work.key for work in bare],
            "key",
            context.preferences,
        )
    except (ConnectionTrouble, RateLimited, ConfigError) as error:
        due = tools.now_ms() + WAIT_MS
        return [
            work.settle("pending", due_ms=due, reason=f"Waits for the ERP: {error}")
            for work in bare
        ]
    by_key = {
        record.key: to_incoming(context.entity, context.read_mapper, record, context.preferences)
        for record in records
        if record.data is not None and not record.deleted
    }
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
