"""Blocked rows: freed with their parent, or by the sweep.

Two settlements at once may each miss what the other wrote:

parent: binding, nobody waits yet ──────────────────── commit
child:                blocked, no binding yet ── commit          → freed by the next sweep
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub.store.queries import statement
from hub.store.transaction import Transaction
from hub.store.work_tables import BLOCKED

if TYPE_CHECKING:
    from hub.outbox.settle import Settled

PARENT_THERE = f"""{BLOCKED} AND EXISTS (
  SELECT 1 FROM flow AS f JOIN connector AS c ON c.id = f.connector_id
  JOIN record AS r ON r.connection_id = c.erp_id AND r.entity = message.blocked_entity
    AND r.key = message.blocked_key
  JOIN binding AS b ON b.record_id = r.id AND b.connection_id = c.store_id
    AND b.entity = r.entity
  WHERE f.id = message.flow_id)"""

FREE = statement(f"""
UPDATE message SET status = 'pending', due_at = :now, updated_at = :now, reason = '',
  blocked_entity = NULL, blocked_key = NULL
WHERE {PARENT_THERE}
""")


def waits_for_nothing(connection: Transaction) -> bool:
    """True when some row is blocked although its parent is linked."""
    sql = f"SELECT 1 FROM message WHERE {PARENT_THERE} LIMIT 1"
    return connection.execute(statement(sql)).first() is not None


def free_blocked(connection: Transaction, now_ms: int) -> int:
    """Let rows go on whose parent is linked; returns how many."""
    freed: int = connection.execute(FREE, {"now": now_ms}).rowcount
    return freed


FREE_CHILDREN = statement(
    "UPDATE message SET status = 'pending', due_at = :now, updated_at = :now, "
    "reason = '', blocked_entity = NULL, blocked_key = NULL "
    f"WHERE {BLOCKED} AND blocked_entity = :entity AND blocked_key = :key "
    "AND flow_id IN (SELECT id FROM flow WHERE connector_id = :connector)"
)

UNBLOCK_BOUND = statement(
    "UPDATE message SET status = 'pending', due_at = :now, reason = '', "
    f"blocked_entity = NULL, blocked_key = NULL WHERE id = :id AND {BLOCKED} "
    "AND EXISTS (SELECT 1 FROM binding AS b JOIN record AS r "
    "ON r.id = b.record_id WHERE b.connection_id = :target "
    "AND r.entity = :entity AND r.key = :key)"
)


def free_children(
    connection: Transaction, connector_id: int, entity: str, keys: Sequence[str], now_ms: int
) -> int:
    """Free what waited for these records, in the transaction that writes their binding.

    A filtered parent frees its children too: they are then filtered with it. Returns how many.
    """
    if not keys or not _anybody_waits(connection, entity):
        return 0
    common = {"now": now_ms, "entity": entity, "connector": connector_id}
    freed: int = connection.execute(
        FREE_CHILDREN, [{**common, "key": key} for key in keys]
    ).rowcount
    return freed


def _anybody_waits(connection: Transaction, entity: str) -> bool:
    found = connection.execute(
        statement(f"SELECT 1 FROM message WHERE {BLOCKED} AND blocked_entity = :entity LIMIT 1"),
        {"entity": entity},
    ).first()
    return found is not None


def unblock_bound(
    connection: Transaction, target_id: int, blocked: Sequence[Settled], now_ms: int
) -> None:
    """A parent that was bound meanwhile never comes by again: look once more before waiting.

    child: resolve (parent unbound) ─────────────── settle blocked → sees the binding
    parent:            settle bound, releases nobody ┘
    """
    rows = [
        {
            "id": row.id,
            "now": now_ms,
            "target": target_id,
            "entity": row.blocked[0],
            "key": row.blocked[1],
        }
        for row in blocked
        if row.blocked
    ]
    if rows:
        connection.execute(UNBLOCK_BOUND, rows)
