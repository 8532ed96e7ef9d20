"""The licence throttle: first slowness, a refusal only at the very end (CONTRACT §2)."""

import threading
from typing import Any

from hub.sdk import Clock
from hub.sdk.simulation import Quota, SimResponse
from plugins.acumatica.simulator import errors

MAX_QUEUE = 20
MAX_WAIT_SECONDS = 600.0
MOST_PER_MINUTE = 10_000
"""The largest limit that a connection takes."""


class Licence:
    """Requests per minute and at a time; either may be None.

    From half of the minute's requests on, each is delayed by the time left in the minute divided
    by the requests left. One that would queue behind more than 20 others, or for more than ten
    minutes, is declined. ``unlimited`` is a licence that is known to have no limit.
    """

    def __init__(
        self,
        clock: Clock,
        per_minute: Quota | None,
        concurrent: int | None,
        *,
        unlimited: bool = False,
    ) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._unlimited = unlimited
        self._seats = threading.BoundedSemaphore(concurrent) if concurrent else None
        self.queued = 0
        self._lock = threading.Lock()

    def settings(self) -> dict[str, Any]:
        """Return the limit as a parameter of the connection: no answer's header tells it."""
        quota = self._per_minute
        if quota is not None:
            return {"requests_per_minute": max(1, int(quota.calls * 60 / quota.seconds))}
        return {"requests_per_minute": MOST_PER_MINUTE} if self._unlimited else {}

    def enter(self) -> SimResponse | None:
        """Wait for a turn; an answer means that the request is declined. Else call ``leave``."""
        if self._seats is None and self._per_minute is None:
            return None
        with self._lock:
            if self.queued > MAX_QUEUE:
                return errors.throttled(headers=False)
            self.queued += 1
        try:
            if self._seats is not None and not self._seats.acquire(timeout=MAX_WAIT_SECONDS):
                return errors.throttled(headers=False)
            if self._per_minute is not None and not self._paced(self._per_minute):
                self.leave()
                return errors.throttled(headers=False)
        finally:
            with self._lock:
                self.queued -= 1
        return None

    def leave(self) -> None:
        """Give the turn back."""
        if self._seats is not None:
            self._seats.release()

    def _paced(self, quota: Quota) -> bool:
        waited = 0.0
        while True:
            allowed, left, resets = quota.take()
            if allowed:
                break
            waited += resets
            if waited > MAX_WAIT_SECONDS:
                return False
            self._clock.sleep(resets)
        if left < quota.calls / 2:
            self._clock.sleep(resets / (left + 1))
        return True
