"""Hop 5: one statement takes a batch; the lease is one row to renew and to fence."""

import secrets
from collections.abc import Sequence
from typing import Any

from hub.sdk import LeaseLost
from hub.sdk.exact_json import dump_json
from hub.store.queries import statement
from hub.store.transaction import Transaction
from hub.store.work_tables import BLOCKED, ISOLATED, PENDING, RUNNING, UNKNOWN, WAITING, aliased

LEASE_MS = 60_000

COLUMNS = (
    "id, record_id, run_id, entity, key, title, status, payload, deleted, canonical_hash, "
    "source_version, rule_version, attempts, searches, crashes, isolation, due_at, hold_until, "
    "created_at, outcome"
)

NEXT_ISOLATED = statement(f"""
SELECT isolation FROM message
WHERE flow_id = :flow AND {ISOLATED} AND due_at <= :now
ORDER BY isolation DESC, id LIMIT 1
""")

CLAIM = f"""
UPDATE message SET status = 'in_flight', claim_token = :token, updated_at = :now
WHERE id IN (
  SELECT m.id FROM message AS m
  WHERE m.flow_id = :flow AND m.{PENDING} AND m.due_at <= :now AND m.isolation = :isolation
    AND NOT EXISTS (SELECT 1 FROM message AS r WHERE r.dedup_key = m.dedup_key AND r.{RUNNING})
  ORDER BY m.due_at, m.id LIMIT :size)
RETURNING {COLUMNS}
"""

UNKNOWN_DUE = statement(
    f"SELECT 1 FROM message WHERE flow_id = :flow AND {UNKNOWN} AND due_at <= :now "
    "AND claim_token IS NULL LIMIT 1"
)

CLAIM_UNKNOWN = f"""
UPDATE message SET claim_token = :token, updated_at = :now
WHERE id IN (
  SELECT id FROM message
  WHERE flow_id = :flow AND {UNKNOWN} AND due_at <= :now AND claim_token IS NULL
  ORDER BY due_at, id LIMIT :size)
RETURNING {COLUMNS}
"""

INSERT_CLAIM = statement(
    "INSERT INTO claim (token, flow_id, owner, until) VALUES (:token, :flow, :owner, :until)"
)

BEGIN_INTENT = statement(
    "UPDATE attempt SET outcome = 'sent', sent_at = :now "
    "WHERE id = :id AND claim_token = :token AND outcome IN ('announced', 'sent')"
)


def _take(
    connection: Transaction, update: str, flow_id: int, owner: str, now_ms: int, **bound: Any
) -> tuple[str, list[Any]]:
    token = secrets.token_urlsafe(18)
    if connection.dialect.name == "postgresql":
        # Rows that another worker is taking now are left to it, instead of waited for (R22).
        update = update.replace("LIMIT :size)", "LIMIT :size FOR UPDATE SKIP LOCKED)")
    rows = list(
        connection.execute(
            statement(update), {"flow": flow_id, "token": token, "now": now_ms, **bound}
        )
    )
    if rows:
        connection.execute(
            INSERT_CLAIM,
            {"token": token, "flow": flow_id, "owner": owner, "until": now_ms + LEASE_MS},
        )
    # RETURNING comes in rowid order; what waits longest goes first.
    rows.sort(key=lambda row: (row.due_at, row.id))
    return token, rows


def claim_due(
    connection: Transaction, flow_id: int, owner: str, size: int, now_ms: int
) -> tuple[str, list[Any]]:
    """Take up to ``size`` due rows under a new claim; rows isolated after a crash go first, apart.

    A key that has a running row is skipped (R2). Returns the claim's token and the rows.
    """
    isolated = connection.execute(NEXT_ISOLATED, {"flow": flow_id, "now": now_ms}).scalar()
    if isolated:
        token, rows = _take(
            connection, CLAIM, flow_id, owner, now_ms, isolation=isolated, size=isolated
        )
        if rows:
            return token, rows
    return _take(connection, CLAIM, flow_id, owner, now_ms, isolation=0, size=size)


def unknown_due(connection: Transaction, flow_id: int, now_ms: int) -> bool:
    """True when ``claim_unknown`` would find something."""
    bound = {"flow": flow_id, "now": now_ms}
    return connection.execute(UNKNOWN_DUE, bound).first() is not None


def claim_unknown(
    connection: Transaction, flow_id: int, owner: str, size: int, now_ms: int
) -> tuple[str, list[Any]]:
    """Take rows whose end is not known and which are due for a search; they stay ``unknown``."""
    return _take(connection, CLAIM_UNKNOWN, flow_id, owner, now_ms, size=size)


def renew(connection: Transaction, tokens: Sequence[str], now_ms: int, lease_ms: int) -> int:
    """Extend live claims and return how many are still ours."""
    held = 0
    for token in tokens:
        held += connection.execute(
            statement("UPDATE claim SET until = :until WHERE token = :token AND until > :now"),
            {"until": now_ms + lease_ms, "token": token, "now": now_ms},
        ).rowcount
    return held


def renew_or_lose(
    connection: Transaction, token: str, now_ms: int, lease_ms: int = LEASE_MS
) -> None:
    """The fence before each send (R4). Raises ``LeaseLost`` when somebody took the claim over.

    A: claim t1 ── waits 70 s for a permit ──────────────── renew t1 → 0 rows: LeaseLost
    B:                     sweep: t1 is over → claim t2 ── sends ── settles t2
    """
    if renew(connection, [token], now_ms, lease_ms) != 1:
        raise LeaseLost("another worker took these records over; nothing was sent")


def record_intent(
    connection: Transaction,
    *,
    flow_id: int,
    run_id: int | None,
    token: str,
    keys: Sequence[str],
    creates: bool,
    method: str,
    url: str,
    now_ms: int,
    outcome: str = "sent",
) -> int:
    """Write the Attempt that is the intent of these writes, before they are sent (R10.4).

    ``announced``: they are not on their way yet; ``begin_intent`` says so when they are.
    """
    row = connection.execute(
        statement(
            "INSERT INTO attempt (flow_id, run_id, claim_token, creates, keys, method, url, "
            "sent_at, outcome) VALUES (:flow, :run, :token, :creates, :keys, :method, :url, :now, "
            ":outcome) RETURNING id"
        ),
        {
            "flow": flow_id,
            "run": run_id,
            "token": token,
            "creates": creates,
            "keys": dump_json(list(keys)),
            "method": method,
            "url": url,
            "now": now_ms,
            "outcome": outcome,
        },
    ).scalar_one()
    return int(row)


def begin_intent(connection: Transaction, token: str, intent: int, now_ms: int) -> None:
    """An announced write is on its way from now on; the second fence before a send (R4).

    Raises ``LeaseLost`` when a sweep took the announcement back meanwhile.
    """
    if connection.execute(BEGIN_INTENT, {"id": intent, "token": token, "now": now_ms}).rowcount != 1:
        raise LeaseLost("another worker took these records over; nothing was sent")


def give_back(connection: Transaction, token: str, now_ms: int, due_ms: int | None = None) -> int:
    """Return a claim's unsent rows; a newer waiting row makes the older one superseded."""
    changed: int = connection.execute(
        statement(f"""
UPDATE message SET claim_token = NULL, updated_at = :now, due_at = :due,
  status = CASE WHEN EXISTS (SELECT 1 FROM message AS w
                             WHERE w.dedup_key = message.dedup_key AND {aliased('w', WAITING)})
                THEN 'superseded' ELSE 'pending' END
WHERE claim_token = :token AND status = 'in_flight'"""),
        {"token": token, "now": now_ms, "due": now_ms if due_ms is None else due_ms},
    ).rowcount
    connection.execute(
        statement(
            "UPDATE message SET claim_token = NULL, updated_at = :now "
            "WHERE claim_token = :token AND status = 'unknown'"
        ),
        {"token": token, "now": now_ms},
    )
    end_claim(connection, token)
    return changed


def end_claim(connection: Transaction, token: str) -> None:
    """Drop a claim that holds no row any longer."""
    connection.execute(statement("DELETE FROM claim WHERE token = :token"), {"token": token})


BEHIND = f"""
SELECT count(*) FROM message AS m JOIN message AS r ON r.dedup_key = m.dedup_key AND r.{RUNNING}
WHERE m.flow_id = :flow AND m.{PENDING} AND m.due_at <= :now
"""


def waiting_counts(connection: Transaction, flow_id: int, now_ms: int) -> dict[str, int]:
    """Return how many rows of a flow are due, later, unknown and blocked.

    A row behind a running one of the same record cannot be claimed, whatever its time: it is later.
    """
    bound = {"flow": flow_id, "now": now_ms}
    counts = {
        "due": f"{PENDING} AND due_at <= :now",
        "later": f"{PENDING} AND due_at > :now",
        "unknown": UNKNOWN,
        # What another worker is searching is not ours to do now.
        "unknown_due": f"{UNKNOWN} AND due_at <= :now AND claim_token IS NULL",
        "blocked": BLOCKED,
    }
    found = {
        name: int(
            connection.execute(
                statement(f"SELECT count(*) FROM message WHERE flow_id = :flow AND {where}"), bound
            ).scalar_one()
        )
        for name, where in counts.items()
    }
    if found["due"]:
        behind = int(connection.execute(statement(BEHIND), bound).scalar_one())
        found["due"] -= behind
        found["later"] += behind
    return found
