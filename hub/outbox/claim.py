"""Hop 5: one statement takes a batch; the lease is one row to renew and to fence."""

import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from hub.sdk import LeaseLost
from hub.store.queries import statement
from hub.store.transaction import Transaction
from hub.store.work_tables import BLOCKED, ISOLATED, PENDING, RUNNING, UNKNOWN, WAITING

LEASE_MS = 60_000
FAR_AHEAD_MS = 3_600_000
"""A lease that ends later than this was made before the clock was set back: it is over (R3)."""

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
) -> int:
    """Write the Attempt that is the intent of these writes, before they are sent (R10.4)."""
    row = connection.execute(
        statement(
            "INSERT INTO attempt (flow_id, run_id, claim_token, creates, keys, method, url, "
            "sent_at, outcome) VALUES (:flow, :run, :token, :creates, :keys, :method, :url, :now, "
            "'sent') RETURNING id"
        ),
        {
            "flow": flow_id,
            "run": run_id,
            "token": token,
            "creates": creates,
            "keys": json.dumps(list(keys), ensure_ascii=False),
            "method": method,
            "url": url,
            "now": now_ms,
        },
    ).scalar_one()
    return int(row)


def give_back(connection: Transaction, token: str, now_ms: int, due_ms: int | None = None) -> int:
    """Return a claim's unsent rows; a newer waiting row makes the older one superseded."""
    changed: int = connection.execute(
        statement(f"""
UPDATE message SET claim_token = NULL, updated_at = :now, due_at = :due,
  status = CASE WHEN EXISTS (SELECT 1 FROM message AS w
                             WHERE w.dedup_key = message.dedup_key AND w.{WAITING})
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


def sweep(
    connection: Transaction,
    now_ms: int,
    is_dead: Callable[[str], bool],
    hold_ms: Callable[[int], int],
) -> int:
    """Take over the work of dead and stalled workers (R3, R6). Returns the number of rows.

    ``is_dead(owner)`` knows processes of this host; ``hold_ms(flow_id)`` is the flow's hold. A row
    whose create was on its way becomes ``unknown`` and is searched before anything is repeated;
    the hold counts from the claim's end. The others come back isolated.
    """
    taken = 0
    # Held against a renewal that comes now: it finds no claim any more, and so nothing is sent.
    locked = " FOR UPDATE SKIP LOCKED" if connection.dialect.name == "postgresql" else ""
    claims = statement(f"SELECT token, flow_id, owner, until FROM claim ORDER BY token{locked}")
    for claim in connection.execute(claims).all():
        over = claim.until <= now_ms or claim.until > now_ms + FAR_AHEAD_MS
        if over or is_dead(claim.owner):
            ends = min(claim.until, now_ms + LEASE_MS)
            taken += _take_over(connection, claim.token, now_ms, ends + hold_ms(claim.flow_id))
    return taken


def doubt_sent(connection: Transaction, token: str, now_ms: int, hold_until: int) -> int:
    """Make a claim's rows whose write may be under way ``unknown``; returns how many (R10.6)."""
    intents = connection.execute(
        statement(
            "SELECT keys, creates FROM attempt WHERE claim_token = :token AND outcome = 'sent'"
        ),
        {"token": token},
    ).all()
    sent = {key: creates for keys, creates in intents for key in json.loads(keys)}
    rows = connection.execute(
        statement(
            "SELECT id, key FROM message WHERE claim_token = :token AND status = 'in_flight'"
        ),
        {"token": token},
    ).all()
    common = {"token": token, "now": now_ms, "hold": hold_until}
    unknown = [
        {**common, "id": row.id, "outcome": None if sent[row.key] else "updated"}
        for row in rows
        if row.key in sent
    ]
    if unknown:
        connection.execute(
            statement(
                "UPDATE message SET status = 'unknown', claim_token = NULL, due_at = :now, "
                "searches = 0, hold_until = :hold, updated_at = :now, outcome = :outcome, reason = "
                "'The hub stopped while this record was being sent; it is being looked up.' "
                "WHERE id = :id AND claim_token = :token AND status = 'in_flight'"
            ),
            unknown,
        )
    return len(unknown)


def _take_over(connection: Transaction, token: str, now_ms: int, hold_until: int) -> int:
    size: int = connection.execute(
        statement(
            "SELECT count(*) FROM message WHERE claim_token = :token AND status = 'in_flight'"
        ),
        {"token": token},
    ).scalar_one()
    doubt_sent(connection, token, now_ms, hold_until)
    limit = 1 if size <= 50 else size // 2
    connection.execute(
        statement(
            "UPDATE message SET crashes = crashes + CASE WHEN isolation = 1 THEN 1 ELSE 0 END, "
            "isolation = :limit WHERE claim_token = :token AND status = 'in_flight'"
        ),
        {"token": token, "limit": limit},
    )
    give_back(connection, token, now_ms)
    _park_killers(connection, now_ms)
    return size


def _park_killers(connection: Transaction, now_ms: int) -> None:
    connection.execute(
        statement(
            f"UPDATE message SET status = 'parked', updated_at = :now, "
            "reason = 'This record stopped the worker three times while it was handled alone.', "
            "reason_group = 'stops the worker', "
            "remedy = 'Look at the log of that time, mend the cause, then retry this message.' "
            f"WHERE {PENDING} AND crashes >= 3"
        ),
        {"now": now_ms},
    )


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
