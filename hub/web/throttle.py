"""The brake on guessing: 5 free tries, then growing pauses up to 15 minutes, never for ever (S21).

Counted by account and by address. A browser that signed in to the account before has a counter of
its own instead, so that a stranger's guesses never lock the owner out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.store.tables import SignInThrottle
from hub.web.sessions import keyed_hash

FREE = 5
FIRST_PAUSE, LONGEST_PAUSE = 15, 900
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """May this try be evaluated? ``left`` free tries remain; ``until`` is the end of a pause."""

    allowed: bool
    left: int = FREE
    until: datetime | None = None


def subjects(pepper: bytes, email: str, address: str, known_browser: str) -> list[str]:
    """Return the hashed names of the counters that a try counts on."""
    if known_browser:
        return ["b:" + keyed_hash(pepper, "browser", f"{known_browser}\n{email}")]
    return [
        "a:" + keyed_hash(pepper, "account", email),
        "i:" + keyed_hash(pepper, "address", address),
    ]


def pause_after(failures: int) -> int:
    """Return the seconds of the pause after so many failures in a row."""
    if failures < FREE:
        return 0
    return int(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - FREE, 10)))


def take(session: Session, names: list[str], now: datetime) -> Verdict:
    """Count a try before it is evaluated, so that parallel guesses cannot slip through.

    Runs in the caller's writing transaction. A success gives it back with ``forget``.
    """
    rows = [_row(session, name, now) for name in names]
    waits = [row.blocked_until for row in rows if row.blocked_until and row.blocked_until > now]
    if waits:
        return Verdict(allowed=False, left=0, until=max(waits))
    for row in rows:
        row.failures += 1
        row.last_at = now
        pause = pause_after(row.failures)
        row.blocked_until = now + timedelta(seconds=pause) if pause else None
    ends = [row.blocked_until for row in rows if row.blocked_until]
    return Verdict(
        allowed=True,
        left=max(0, FREE - max(row.failures for row in rows)),
        until=max(ends) if ends else None,
    )


def _row(session: Session, name: str, now: datetime) -> SignInThrottle:
    row = session.get(SignInThrottle, name)
    if row is None:
        row = SignInThrottle(subject=name, failures=0, last_at=now)
        session.add(row)
    elif now - row.last_at > FORGOTTEN_AFTER:
        row.failures, row.blocked_until = 0, None
    return row


def forget(session: Session, names: list[str], now: datetime) -> None:
    """Clear the counters after a successful sign-in, and those that nobody touched for a day."""
    session.execute(delete(SignInThrottle).where(SignInThrottle.subject.in_(names)))
    session.execute(delete(SignInThrottle).where(SignInThrottle.last_at < now - timedelta(days=1)))
