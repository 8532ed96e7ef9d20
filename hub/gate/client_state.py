"""``ClientState``: what a plugin's client may keep of its session, and when it must sign out."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.gate.sessions import NothingToClose, Sessions
from hub.sdk import AuthError, ConnectionTrouble
from hub.seams import crashpoint
from hub.store.tables import VendorSession, VendorSessionUse
from hub.vault.sealing import SealBroken

SIGN_IN_WAITS = 90.0
POLL_SECONDS = 0.1
LEARNT_LENGTH = 16
"""Cookies shorter than this are tenant names and locales, not secrets."""


def place(connection_id: int) -> tuple[str, ...]:
    """Return where the sealed session belongs."""
    return ("vendor_session", str(connection_id), "session")


def secrets_in(data: Any) -> Iterator[str]:
    """Yield the texts of a session long enough to be secrets."""
    if isinstance(data, Mapping):
        for value in data.values():
            yield from secrets_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from secrets_in(value)
    elif isinstance(data, str) and len(data) >= LEARNT_LENGTH:
        yield data


class SharedState:
    """``ClientState`` of one open client of a saved connection."""

    def __init__(
        self,
        sessions: Sessions,
        connection_id: int,
        *,
        check: Callable[[], None],
        refused: Callable[[AuthError], None],
        closing: bool = False,
    ) -> None:
        self._sessions = sessions
        self._id = connection_id
        self._check = check
        self._refused = refused
        self._closing = closing
        self._counted = False
        self._ending = False
        self._depth = 0

    @property
    def kept(self) -> bool:
        """True: what is saved is there for the next one."""
        return True

    def load(self) -> dict[str, Any] | None:
        """Return the shared session and count this client among its users; None: sign in."""
        s = self._sessions
        with s.db.write() as session:
            row = session.get(VendorSession, self._id)
            data = self._open(row.sealed) if row is not None and row.sealed else None
            if data is None:
                if self._closing:
                    raise NothingToClose("The session is gone already.")
                return None
            s.use(session, self._id)
        self._count()
        s.vault.redactor.learn(*secrets_in(data))
        return data

    def _open(self, sealed: bytes) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._sessions.vault.open(place(self._id), sealed))
        except SealBroken:
            return None  # sealed by a key that is gone: sign in anew
        return found

    def _count(self) -> None:
        if not self._counted:
            self._counted = True
            with self._sessions.lock:
                self._sessions.uses[self._id] += 1

    def save(self, data: Mapping[str, Any]) -> None:
        """Seal and commit at once, so that a crash cannot leak the session."""
        s = self._sessions
        s.vault.redactor.learn(*secrets_in(data))
        sealed = s.vault.seal(place(self._id), json.dumps(dict(data)))
        now = s.db.clock.now()
        crashpoint("signin.before_save")
        with s.db.write() as session:
            session.merge(
                VendorSession(connection_id=self._id, sealed=sealed, signed_in_at=now, used_at=now)
            )
            s.use(session, self._id)
        crashpoint("signin.after_save")
        self._count()

    def clear(self) -> None:
        """Forget the session: it was signed out, or the vendor dropped it."""
        s = self._sessions
        with s.db.write() as session:
            row = session.get(VendorSession, self._id)
            if row is not None:
                row.sealed = None
            s.renewed.pop(self._id, None)
        self._give_up_lease()

    @contextmanager
    def single_flight(self) -> Iterator[None]:
        """Hold the connection's sign-in lock across threads and processes.

        Raises ``AuthError`` when, meanwhile, another one's sign-in with these values was refused;
        ``ConnectionTrouble`` when the lock is not to be had within 90 s.
        """
        with self._sessions.flight(self._id):
            if self._depth == 0 and not self._ending:
                self._wait_for_lease()
            self._depth += 1
            try:
                self._check()
                yield
            except AuthError as error:
                # Stored before the lock is free: the next one in line must not try the same.
                self._refused(error)
                raise
            finally:
                self._depth -= 1
                if self._depth == 0 and not self._ending:
                    self._sessions.drop_lease(self._id)

    def _wait_for_lease(self) -> None:
        s = self._sessions
        waited = 0.0
        while True:
            with s.db.write() as session:
                if s.take_lease(session, self._id):
                    return
            if waited >= SIGN_IN_WAITS:
                raise ConnectionTrouble("Another process is signing in and does not finish.")
            s.db.clock.sleep(POLL_SECONDS)
            waited += POLL_SECONDS

    def release(self) -> bool:
        """Give up this use. True: nobody else uses the session, so sign out and ``clear``.

        While that goes on the sign-in lease is held: others wait instead of reusing a session
        that is about to end.
        """
        s = self._sessions
        if self._counted:
            self._counted = False
            with s.lock:
                s.uses[self._id] -= 1
        with s.lock:
            mine = s.uses[self._id]
        if mine > 0 or self._ending:
            return False
        with s.db.write() as session:
            row = session.get(VendorSession, self._id)
            if row is None or row.sealed is None:
                self._forget_use(session)
                return False
            row.used_at = row.used_at if self._closing else s.db.clock.now()
            self._forget_use(session)
            if s.keep_alive and not self._closing:
                return False
            if s.live_users(session, self._id) or not self._lease_for_the_end(session):
                return False
        self._ending = True
        return True

    def _lease_for_the_end(self, session: Session) -> bool:
        flight = self._sessions.flight(self._id)
        if not flight.acquire(blocking=False):
            return False
        if self._sessions.take_lease(session, self._id):
            return True
        flight.release()
        return False

    def _forget_use(self, session: Session) -> None:
        s = self._sessions
        session.execute(
            delete(VendorSessionUse).where(
                VendorSessionUse.connection_id == self._id, VendorSessionUse.owner == s.owner
            )
        )
        s.renewed.pop(self._id, None)

    def _give_up_lease(self) -> None:
        if self._ending:
            self._ending = False
            self._sessions.drop_lease(self._id)
            self._sessions.flight(self._id).release()

    def finish(self) -> None:
        """The client is closed, however that ended: hold nothing any longer."""
        if self._counted:
            self.release()
        self._give_up_lease()


class OwnState:
    """``ClientState`` of values under test: nothing is stored, the session always ends."""

    def __init__(self) -> None:
        self._data: dict[str, Any] | None = None

    @property
    def kept(self) -> bool:
        """False: it ends with this client."""
        return False

    def load(self) -> dict[str, Any] | None:
        """Return what this client saved."""
        return self._data

    def save(self, data: Mapping[str, Any]) -> None:
        """Keep for this client alone."""
        self._data = dict(data)

    def clear(self) -> None:
        """Forget."""
        self._data = None

    @contextmanager
    def single_flight(self) -> Iterator[None]:
        """Nobody else knows of this session."""
        yield

    def release(self) -> bool:
        """Always the last user."""
        return True

    def finish(self) -> None:
        """Nothing is held."""
