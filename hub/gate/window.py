"""The arithmetic of one quota: a fixed window, what it allows, and who waits until when.

Times are milliseconds since 1970 on the database's clock. Pure: no I/O, no chance.
"""

from dataclasses import dataclass

from hub.sdk import QuotaSpec, QuotaState

MARGIN_MS = 50
"""Waited beyond the end of a window, because the vendor's began when our call arrived there."""
LONGEST_WAIT_MS = 3_600_000
PROBE_MS = 150_000
"""How long a probe may take before another one is let through."""
FIRST_BACKOFF_MS = 2_000
LONGEST_BACKOFF_MS = 60_000
UNDER_WAY = 8
"""Calls that may have been on their way, uncounted, when the vendor's next window began."""
SMALLEST_LATENCY_MS, LARGEST_LATENCY_MS = 5, 1_000


@dataclass(slots=True)
class Window:
    """The row ``quota_window``. ``wait_until`` 0 = nobody waits; in the past = a probe is due."""

    started_at: int = 0
    ends_at: int = 0
    used: int = 0
    allowed: int = 0
    limit_seen: int = 0
    wait_until: int = 0
    rate_percent: int = 100
    remaining_seen: int | None = None

    def limit(self, spec: QuotaSpec) -> int:
        """Calls per window: what the vendor said last, else what the plugin says."""
        return self.limit_seen or spec.calls

    def length(self, spec: QuotaSpec) -> int:
        """The window in milliseconds, with the margin."""
        return int(spec.seconds * 1000) + MARGIN_MS

    def roll(self, spec: QuotaSpec, now: int) -> None:
        """Begin a new window when the old one is over (or lies absurdly far ahead)."""
        if self.wait_until > now + LONGEST_WAIT_MS:
            self.wait_until = now
        if now < self.ends_at <= now + 2 * self.length(spec):
            return
        if self.wait_until:
            return  # the end of a wait is handled by the probe
        self._begin(spec, now)
        self.rate_percent = min(100, self.rate_percent + 10)

    def _begin(self, spec: QuotaSpec, now: int) -> None:
        self.started_at, self.ends_at, self.used = now, now + self.length(spec), 0
        self.remaining_seen = None

    def take(self, spec: QuotaSpec, now: int, share: int) -> tuple[int, bool]:
        """Take one call. Returns (milliseconds to wait or 0, this call is the probe)."""
        if self.wait_until:
            if now < self.wait_until:
                return self.wait_until - now, False
            self.wait_until = now + PROBE_MS
            self.used = 1
            return 0, True
        self.allowed = max(1, self.limit(spec) * share * self.rate_percent // 10_000)
        if self.used < self.allowed:
            self.used += 1
            return 0, False
        return max(1, self.ends_at - now), False

    def learn(self, spec: QuotaSpec, state: QuotaState, heard_at: int, now: int) -> None:
        """Correct the window by what an answer at ``heard_at`` said."""
        if state.limit and state.limit > 0:
            self.limit_seen = state.limit
        if self.wait_until:
            return
        if state.resets_in is not None and state.resets_in >= 0:
            end = heard_at + int(state.resets_in * 1000) + MARGIN_MS
            if end <= now or end > now + 2 * self.length(spec):
                return
            began = end - self.length(spec)
            if state.remaining is not None and began > self.started_at + self.length(spec) // 2:
                # Calls of ours opened the vendor's next window: what the last one used is over.
                self.started_at = began
                self.used = min(self.used, UNDER_WAY)
                self.used += max(0, self.limit(spec) - state.remaining)
                self.rate_percent = min(100, self.rate_percent + 10)
            self.ends_at = end
        elif heard_at < self.started_at:
            return
        if state.remaining is not None:
            self.remaining_seen = state.remaining
            # Fewer left than we have taken: other applications took them.
            self.used = max(self.used, self.limit(spec) - state.remaining)

    def learn_latency(self, spec: QuotaSpec, seconds: float, began_at: int) -> None:
        """Without headers: the vendor's window began at the latest when its first answer left."""
        if began_at == self.started_at and not self.wait_until:
            late = min(max(int(seconds * 1000), SMALLEST_LATENCY_MS), LARGEST_LATENCY_MS)
            self.ends_at = max(self.ends_at, self.started_at + self.length(spec) + late)

    def refuse(self, now: int, said_ms: int | None, *, probe: bool, jitter: float) -> None:
        """A 429 came: everybody waits. ``said_ms`` None = the vendor did not say how long.

        ``jitter`` 0…1 spreads a wait that nobody told us.
        """
        before = self.ends_at - self.started_at if probe else 0
        if said_ms is None or (probe and said_ms < FIRST_BACKOFF_MS):
            base = min(LONGEST_BACKOFF_MS, max(FIRST_BACKOFF_MS, 2 * before))
            wait = min(LONGEST_BACKOFF_MS, int(base * (1 + jitter / 2)))
        else:
            wait = min(LONGEST_WAIT_MS, said_ms + MARGIN_MS)
        running = self.wait_until > now and not probe
        if running and now + wait <= self.wait_until:
            return
        if not running:
            self.rate_percent = 50
        self.started_at = now
        self.ends_at = self.wait_until = now + wait

    def resume(self, spec: QuotaSpec, now: int) -> None:
        """The probe passed: a new window at half rate."""
        self._begin(spec, now)
        self.used = 1
        self.wait_until = 0
