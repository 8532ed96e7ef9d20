"""Which hub serves a database right now, by its lease."""

from sqlalchemy.orm import Session

from hub.store.base import to_ms
from hub.store.owner import owner_is_dead
from hub.store.tables import Lease

SERVING = "serving"
LONGEST_MS = 600_000
"""A lease that ends later than this was taken before the clock was set back (R3)."""


def lives(owner: str, until_ms: int, now_ms: int) -> bool:
    """True when a lease counts: neither over nor absurdly far ahead, its owner not surely dead."""
    return now_ms < until_ms < now_ms + LONGEST_MS and not owner_is_dead(owner)


def serving_owners(session: Session, now_ms: int, *, delivering: bool = False) -> list[str]:
    """Return the owners (``host:boot:pid:start``) of the processes that serve the database.

    ``delivering``: only those that read and deliver, not pages or the clock alone.
    """
    leases = session.query(Lease).filter(Lease.name.like(f"{SERVING}%")).all()
    return [
        row.owner
        for row in leases
        if lives(row.owner, to_ms(row.until), now_ms)
        and not (delivering and row.name.startswith(f"{SERVING}-"))
    ]


def describe(owner: str) -> str:
    """Return an owner as people read it."""
    host, _, rest = owner.partition(":")
    parts = rest.split(":")
    return f"process {parts[1]} on {host}" if len(parts) == 3 else owner
