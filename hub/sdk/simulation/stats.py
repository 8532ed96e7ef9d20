"""What a simulator counted, for tests and for the person who watches."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from hub.sdk.simulation.quota import Quota
from hub.seams import Clock

CUT = 0
"""The status of a request whose connection was cut."""


class Stats:
    """Counters of one simulator. ``open_signins`` and ``signins`` are kept by the vendor's part."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wait_until: dict[str, float] = {}
        self._in_flight = 0
        self.requests: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.refused = 0
        self.refused_while_waiting = 0
        self.max_in_flight = 0
        self.open_signins = 0
        self.max_open_signins = 0
        self.signins = 0
        self.bytes_sent = 0

    def begin(self, family: str) -> None:
        """Count a request: ``family`` is its method and path pattern."""
        with self._lock:
            self.requests[family] += 1
            self._in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self._in_flight)

    def end(self, status: int, sent: int = 0) -> None:
        """Count how the request ended; ``sent`` is the size of the body in bytes."""
        with self._lock:
            self._in_flight -= 1
            self.by_status[status] += 1
            self.bytes_sent += sent
            if status == 429:
                self.refused += 1

    def call(self, quota: str) -> None:
        """Note a call on a quota: one inside a stated wait is counted as such."""
        with self._lock:
            until = self._wait_until.get(quota)
            if until is not None and self._clock.monotonic() < until:
                self.refused_while_waiting += 1

    def told_to_wait(self, quota: str, seconds: float) -> None:
        """Remember that a caller was told to stay away from ``quota`` for ``seconds``."""
        with self._lock:
            self._wait_until[quota] = self._clock.monotonic() + seconds

    def signed_in(self, opened: int) -> None:
        """Count a sign-in after which ``opened`` sessions are open."""
        with self._lock:
            self.signins += 1
            self.open_signins = opened
            self.max_open_signins = max(self.max_open_signins, opened)

    def as_json(self, quotas: Mapping[str, Quota]) -> dict[str, Any]:
        """Return all counters."""
        with self._lock:
            return {
                "requests": dict(sorted(self.requests.items())),
                "requests_total": sum(self.requests.values()),
                "by_status": {
                    "cut" if s == CUT else str(s): n for s, n in sorted(self.by_status.items())
                },
                "refused": self.refused,
                "refused_while_waiting": self.refused_while_waiting,
                "max_in_flight": self.max_in_flight,
                "open_signins": self.open_signins,
                "max_open_signins": self.max_open_signins,
                "signins": self.signins,
                "bytes_sent": self.bytes_sent,
                "quotas": {
                    key: {"calls": q.calls, "seconds": q.seconds, "windows": list(q.windows)}
                    for key, q in quotas.items()
                },
            }
