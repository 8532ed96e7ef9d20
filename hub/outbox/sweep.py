"""Taking over what dead and stalled workers left, without repeating what may be done already."""

import json
from collections.abc import Callable

from hub.outbox.claim import LEASE_MS, give_back
from hub.store.queries import statement
from hub.store.transaction import Transaction
from hub.store.work_tables import PENDING

FAR_AHEAD_MS = 3_600_000
"""A lease that ends later than this was made before the clock was set back: it is over (R3)."""


def sweep(
    connection: Transaction,
    now_ms: int,
    is_dead: Callable[[str], bool],
    hold_ms: Callable[[int], int],
    has_all_of: Callable[[str], bool],
) -> int:
    """Take over the work of dead and stalled workers (R3, R6). Returns the number of rows.

    ``is_dead(owner)`` knows processes of this host; ``hold_ms(flow_id)`` is the flow's hold. A row
    whose write was on its way becomes ``unknown`` and is searched before anything is repeated;
    the hold counts from the claim's end. The others come back isolated. What was announced and not
    begun is one of those, where the database surely ``has_all_of`` what its owner wrote.
    """
    taken = 0
    # Held against a renewal that comes now: it finds no claim any more, and so nothing is sent.
    locked = " FOR UPDATE SKIP LOCKED" if connection.dialect.name == "postgresql" else ""
    claims = statement(f"SELECT token, flow_id, owner, until FROM claim ORDER BY token{locked}")
    for claim in connection.execute(claims).all():
        over = claim.until <= now_ms or claim.until > now_ms + FAR_AHEAD_MS
        if over or is_dead(claim.owner):
            ends = min(claim.until, now_ms + LEASE_MS)
            if has_all_of(claim.owner):
                take_back(connection, claim.token)
            taken += _take_over(connection, claim.token, now_ms, ends + hold_ms(claim.flow_id))
    return taken


def take_back(connection: Transaction, token: str) -> None:
    """Announced writes of a claim that have not begun will not be sent any more.

    A: announced 1-10 ── begin 4 (0 rows: LeaseLost)      or   begin 4 ── send 4
    B:        take back 4-10 ┘                                    take back 5-10; 4 is looked up
    """
    connection.execute(
        statement(
            "UPDATE attempt SET outcome = 'refused' "
            "WHERE claim_token = :token AND outcome = 'announced'"
        ),
        {"token": token},
    )


def doubt_sent(connection: Transaction, token: str, now_ms: int, hold_until: int) -> int:
    """Make a claim's rows whose write may be under way ``unknown``; returns how many (R10.6)."""
    intents = connection.execute(
        statement(
            "SELECT keys, creates FROM attempt "
            "WHERE claim_token = :token AND outcome IN ('announced', 'sent')"
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
