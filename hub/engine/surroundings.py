"""What stands around claimed rows: bindings, parents, what was settled last. One query a claim."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from hub.engine.context import FlowContext
from hub.engine.work import Work
from hub.store.transaction import Transaction
from hub.store.work_tables import PENDING

AROUND = text("""
SELECT m.id, m.mapped, s.content_hash, s.canonical_hash AS settled_canonical,
  s.source_version AS settled_version, s.sent, b.external_id, e.enabled, r.email, r.parent_key,
  p.id AS parent_id, p.record_class AS parent_class, p.status AS parent_status,
  p.attributes AS parent_attributes, pe.enabled AS parent_enabled,
  pb.external_id AS parent_external
FROM message AS m
JOIN record AS r ON r.id = m.record_id
LEFT JOIN flow_state AS s ON s.flow_id = m.flow_id AND s.record_id = m.record_id
LEFT JOIN binding AS b ON b.connection_id = :target AND b.record_id = m.record_id
  AND b.entity = :entity
LEFT JOIN enablement AS e ON e.connector_id = :connector AND e.record_id = m.record_id
LEFT JOIN record AS p ON p.connection_id = :source AND p.entity = :parent_entity
  AND p.key = r.parent_key
LEFT JOIN enablement AS pe ON pe.connector_id = :connector AND pe.record_id = p.id
LEFT JOIN binding AS pb ON pb.connection_id = :target AND pb.record_id = p.id
  AND pb.entity = :parent_entity
WHERE m.claim_token = :token
""")


UNBOUND = text(f"""
SELECT count(*) FROM (
  SELECT 1 FROM message AS m
  LEFT JOIN binding AS b ON b.connection_id = :target AND b.record_id = m.record_id
    AND b.entity = :entity
  WHERE m.flow_id = :flow AND m.{PENDING} AND m.due_at <= :now AND b.id IS NULL
  LIMIT 100) AS unbound
""")


def unbound_due(connection: Transaction, context: FlowContext, now_ms: int) -> int:
    """Return how many due records are not linked yet, counted up to 100."""
    found: int = connection.execute(
        UNBOUND,
        {
            "target": context.target.id,
            "entity": context.entity,
            "flow": context.flow_id,
            "now": now_ms,
        },
    ).scalar_one()
    return found


def look_around(
    connection: Transaction, context: FlowContext, token: str, works: Sequence[Work]
) -> None:
    """Fill in bindings, parents and last settled state of a claim's rows."""
    by_id = {work.id: work for work in works}
    rows = connection.execute(
        AROUND,
        {
            "token": token,
            "target": context.target.id,
            "source": context.source.id,
            "connector": context.connector_id,
            "entity": context.entity,
            "parent_entity": context.parent_entity or "",
        },
    )
    for row in rows:
        work = by_id.get(row.id)
        if work is None:
            continue
        work.settled_hash = row.content_hash
        work.settled_canonical = row.settled_canonical
        work.settled_version = row.settled_version
        work.sent = _readable(row.sent)
        work.mapped_before = row.mapped
        work.external_id = row.external_id
        work.enabled = row.enabled is None or bool(row.enabled)
        work.email = row.email
        work.parent_key = row.parent_key
        work.parent_enabled = row.parent_enabled is None or bool(row.parent_enabled)
        work.parent_external = row.parent_external
        if row.parent_id is not None and row.parent_status:
            work.parent = _readable(row.parent_attributes or "{}")
            work.parent_class = row.parent_class
            work.parent_status = row.parent_status
            work.parent_damaged = work.parent is None


def _readable(kept: str | None) -> dict[str, Any] | None:
    """Return a note that stands beside a record; None for a damaged one.

    Without what was sent last every field is sent again; without its parent's a record is parked.
    """
    try:
        found = json.loads(kept) if kept else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
