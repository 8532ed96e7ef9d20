"""A vendor's call limit."""

import threading

from hub.sdk.errors import ConfigError
from hub.seams import Clock


class Quota:
    """``calls`` per ``seconds`` in fixed windows; a window starts with the first call in it."""

    def __init__(self, key: str, calls: int, seconds: float, clock: Clock) -> None:
        self.key = key
        self.calls = calls
        self.seconds = seconds
        self.windows: list[int] = []
        self._clock = clock
        self._start: float | None = None
        self._lock = threading.Lock()

    def take(self, calls: int = 1) -> tuple[bool, int, float]:
        """Use up ``calls`` and return (allowed, remaining, seconds until the window ends).

        A refused call uses nothing.
        """
        with self._lock:
            left = self._left()
            if left <= 0:
                self._start = self._clock.monotonic()
                self.windows.append(0)
                del self.windows[:-1000]
                left = self.seconds
            used = self.windows[-1]
            if used + calls > self.calls:
                return False, self.calls - used, left
            self.windows[-1] = used + calls
            return True, self.calls - used - calls, left

    def peek(self) -> tuple[int, float]:
        """Return (remaining, seconds until the window ends) and use nothing."""
        with self._lock:
            left = self._left()
            if left <= 0:
                return self.calls, self.seconds
            return self.calls - self.windows[-1], left

    def _left(self) -> float:
        if self._start is None:
            return 0.0
        return self._start + self.seconds - self._clock.monotonic()


def parse_quota(text: str) -> tuple[str, tuple[int, float]]:
    """Read ``b2b=150/60`` as ("b2b", (150 calls, 60.0 seconds)).

    Raises:
        ConfigError: the text has another form.

    """
    key, _, limit = text.partition("=")
    calls, _, seconds = limit.partition("/")
    try:
        parsed = int(calls), float(seconds)
    except ValueError:
        parsed = 0, 0.0
    if not key or parsed[0] < 1 or parsed[1] <= 0:
        raise ConfigError(
            f"The quota {text!r} is not of the form NAME=CALLS/SECONDS, such as b2b=150/60."
        )
    return key, parsed
