"""What a person does with messages: retry and skip."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from hub.store.base import to_ms

RETRYABLE = "status IN ('parked','blocked','pending')"

RETRY = text(f"""
UPDATE message SET status = 'pending', payload = NULL, due_at = :now, attempts = 0, crashes = 0,
  isolation = 0, reason = '', reason_group = '', field = '', remedy = '', blocked_entity = NULL,
  blocked_key = NULL, updated_at = :now
WHERE id IN :ids AND {RETRYABLE}
""").bindparams(bindparam("ids", expanding=True))


def retry(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Try these messages again with fresh data and fresh budgets (R11); returns how many.

    State records are read again by their key before they are sent, so the stored payload goes.
    """
    return connection.execute(RETRY, {"ids": list(ids), "now": to_ms(now)}).rowcount


def retry_like(connection: Connection, flow_id: int, reason_group: str, now: datetime) -> int:
    """Retry every parked message of a flow that has the same reason."""
    ids = connection.execute(
        text(
            "SELECT id FROM message WHERE flow_id = :flow AND status = 'parked' "
            "AND reason_group = :reason_group"
        ),
        {"flow": flow_id, "reason_group": reason_group},
    ).scalars()
    return retry(connection, list(ids), now)


REMEMBER = text(f"""
INSERT INTO flow_state (flow_id, record_id, canonical_hash, source_version, rule_version, settled_at)
SELECT flow_id, record_id, canonical_hash, source_version, rule_version, :now FROM message
WHERE id IN :ids AND {RETRYABLE} AND canonical_hash IS NOT NULL
ON CONFLICT (flow_id, record_id) DO UPDATE SET canonical_hash = excluded.canonical_hash,
  source_version = excluded.source_version, rule_version = excluded.rule_version
""").bindparams(bindparam("ids", expanding=True))


def skip(connection: Connection, ids: Sequence[int], now: datetime, who: str) -> int:
    """Cancel these waiting messages; the next change of the record makes a new one.

    What was skipped is remembered, so that the same content read again is not one.
    """
    connection.execute(REMEMBER, {"ids": list(ids), "now": to_ms(now)})
    statement = text(
        "UPDATE message SET status = 'cancelled', reason = :reason, updated_at = :now "
        f"WHERE id IN :ids AND {RETRYABLE}"
    ).bindparams(bindparam("ids", expanding=True))
    return connection.execute(
        statement, {"ids": list(ids), "now": to_ms(now), "reason": f"Skipped by {who}."}
    ).rowcount
