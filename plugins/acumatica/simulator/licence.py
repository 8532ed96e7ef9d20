"""The licence throttle: first slowness, a refusal only at the very end (CONTRACT §2)."""

import threading

from hub.sdk import Clock
from hub.sdk.simulation import Quota, SimResponse
from plugins.acumatica.simulator import errors

MAX_QUEUE = 20
MAX_WAIT_SECONDS = 600.0


class Licence:
    """Requests per minute and at a time; either may be None.

    From half of the minute's requests on, each is delayed by the time left in the minute divided
    by the requests left. One that would queue behind more than 20 others, or for more than ten
    minutes, is declined.
    """

    def __init__(self, clock: Clock, per_minute: Quota | None, concurrent: int | None) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._seats = threading.BoundedSemaphore(concurrent) if concurrent else None
        self.queued = 0
        self._lock = threading.Lock()

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
