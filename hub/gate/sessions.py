"""R16: the vendor session of a connection: sealed, shared by all processes, ended by its last user."""

import threading
from collections import Counter
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.sdk import ConnectionTrouble
from hub.store.database import Database
from hub.store.owner import owner_is_dead
from hub.store.tables import Lease, VendorSession, VendorSessionUse
from hub.vault.sealing import Vault

USE_SECONDS = 90
RENEW_SECONDS = 30
SIGN_IN_SECONDS = 60


class NothingToClose(ConnectionTrouble):
    """The session was gone before it could be signed out."""


class Sessions:
    """The vendor sessions as this process sees them; counts its own threads' uses."""

    def __init__(self, db: Database, vault: Vault, owner: str, *, keep_alive: bool) -> None:
        self.db = db
        self.vault = vault
        self.owner = owner
        self.keep_alive = keep_alive
        self.lock = threading.Lock()
        self.uses: Counter[int] = Counter()
        self.renewed: dict[int, float] = {}
        self._flights: dict[int, threading.RLock] = {}

    def flight(self, connection_id: int) -> threading.RLock:
        """Return this process's own lock in front of the shared one."""
        with self.lock:
            return self._flights.setdefault(connection_id, threading.RLock())

    def live_users(self, session: Session, connection_id: int) -> list[str]:
        """Return the owners that use the session now; the dead are removed on the way."""
        now = self.db.clock.now()
        rows = session.scalars(
            select(VendorSessionUse).where(VendorSessionUse.connection_id == connection_id)
        ).all()
        living = []
        for row in rows:
            far = row.until > now + timedelta(seconds=2 * USE_SECONDS)
            if row.until <= now or far or owner_is_dead(row.owner):
                session.delete(row)
            else:
                living.append(row.owner)
        return living

    def use(self, session: Session, connection_id: int) -> None:
        """Note within a transaction that this process uses the session for the next 90 s."""
        now = self.db.clock.now()
        until = now + timedelta(seconds=USE_SECONDS)
        session.merge(VendorSessionUse(connection_id=connection_id, owner=self.owner, until=until))
        row = session.get(VendorSession, connection_id)
        if row is not None:
            row.used_at = now
        self.renewed[connection_id] = self.db.clock.monotonic()

    def touch(self, connection_id: int) -> None:
        """Renew this process's use before a call, at most every 30 s."""
        since = self.renewed.get(connection_id)
        if since is None or self.db.clock.monotonic() - since < RENEW_SECONDS:
            return
        with self.db.write() as session:
            self.use(session, connection_id)

    def idle(self, older_than: float) -> list[int]:
        """Return connections whose session nobody has used for ``older_than`` seconds."""
        border = self.db.clock.now() - timedelta(seconds=older_than)
        with self.db.write() as session:
            rows = session.scalars(
                select(VendorSession).where(
                    VendorSession.sealed.is_not(None), VendorSession.used_at <= border
                )
            ).all()
            return [
                row.connection_id
                for row in rows
                if not self.live_users(session, row.connection_id)
                and not self.uses[row.connection_id]
            ]

    def take_lease(self, session: Session, connection_id: int) -> bool:
        """Take the sign-in lease when it is free, its owner dead, or its time over."""
        now = self.db.clock.now()
        name = f"sign-in:{connection_id}"
        row = session.get(Lease, name)
        free = (
            row is None
            or row.owner == self.owner
            or row.until <= now
            or row.until > now + timedelta(seconds=2 * SIGN_IN_SECONDS)
            or owner_is_dead(row.owner)
        )
        if free:
            until = now + timedelta(seconds=SIGN_IN_SECONDS)
            session.merge(Lease(name=name, owner=self.owner, until=until))
        return free

    def drop_lease(self, connection_id: int) -> None:
        """Give the sign-in lease back, if it is still ours."""
        with self.db.write() as session:
            session.execute(
                delete(Lease).where(
                    Lease.name == f"sign-in:{connection_id}", Lease.owner == self.owner
                )
            )
