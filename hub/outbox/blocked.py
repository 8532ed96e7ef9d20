"""Blocked rows whose parent is there: two settlements at once may each miss what the other wrote.

parent: binding, nobody waits yet ──────────────────── commit
child:                blocked, no binding yet ── commit          → freed by the next sweep
"""

from hub.store.queries import statement
from hub.store.transaction import Transaction
from hub.store.work_tables import BLOCKED

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
