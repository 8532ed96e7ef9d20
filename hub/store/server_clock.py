"""One clock for everybody who shares a PostgreSQL: the server's (R3)."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from hub.seams import Clock

ASK_EVERY = 15.0
"""Seconds for which the last answer is carried on by the monotonic clock of this host."""


class ServerClock:
    """The database server's time; sleeping and measuring are this host's.

    The server is asked every 15 s. Between two questions, and while it is away, its last answer is
    carried on by the monotonic clock, so that a host clock that was set changes nothing.
    """

    def __init__(self, host: Clock, ask: Callable[[], float]) -> None:
        self.host = host
        self._ask = ask
        self._lock = threading.Lock()
        self._told: tuple[datetime, float] | None = None
        self._tried_at = 0.0

    def now(self) -> datetime:
        """Return the server's time, aware UTC."""
        told, mono = self._told, self.host.monotonic()
        if (told is None or mono - self._tried_at >= ASK_EVERY) and self._lock.acquire(
            blocking=told is None
        ):
            try:
                told = self._measure()
            finally:
                self._lock.release()
        if told is None:
            return self.host.now()
        return told[0] + timedelta(seconds=self.host.monotonic() - told[1])

    def _measure(self) -> tuple[datetime, float] | None:
        before = self.host.monotonic()
        if self._told is not None and before - self._tried_at < ASK_EVERY:
            return self._told
        try:
            moment = datetime.fromtimestamp(self._ask(), UTC)
        except SQLAlchemyError:
            self._tried_at = before
            return self._told
        # Half of the way there and back is the best guess of when the answer was true.
        after = self.host.monotonic()
        self._told, self._tried_at = (moment, (before + after) / 2), after
        return self._told

    def monotonic(self) -> float:
        """Return seconds of this host's monotonic clock."""
        return self.host.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep on this host."""
        self.host.sleep(seconds)
