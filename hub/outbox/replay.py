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


def skip(connection: Connection, ids: Sequence[int], now: datetime, who: str) -> int:
    """Cancel these waiting messages; the next change of the record makes a new one."""
    statement = text(
        "UPDATE message SET status = 'cancelled', reason = :reason, updated_at = :now "
        f"WHERE id IN :ids AND {RETRYABLE}"
    ).bindparams(bindparam("ids", expanding=True))
    return connection.execute(
        statement, {"ids": list(ids), "now": to_ms(now), "reason": f"Skipped by {who}."}
    ).rowcount
