"""R13: the circuit of a connection and direction: closed lets calls pass, open makes them wait."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hub.gate.sql import Hot, light
from hub.sdk import ConnectionTrouble, Rng
from hub.store.database import Database

Way = Literal["read", "write"]
IN_A_ROW = 5
LAST = 20
FIRST_SECONDS, LONGEST_SECONDS = 30, 600
PROBE_SECONDS = 150
CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"

SELECT = (
    "SELECT state, reason, failures, recent, next_try_at, open_seconds FROM circuit "
    "WHERE connection_id = ? AND direction = ?"
)
INSERT = (
    "INSERT INTO circuit (connection_id, direction, state, reason, failures, recent, open_seconds) "
    "VALUES (?, ?, 'closed', '', 0, '', 0) ON CONFLICT DO NOTHING"
)
PROBE = (
    "UPDATE circuit SET state = 'half_open', next_try_at = ?, probe_owner = ? "
    "WHERE connection_id = ? AND direction = ?"
)
COUNT = "UPDATE circuit SET failures = ?, recent = ? WHERE connection_id = ? AND direction = ?"
TRIP = (
    "UPDATE circuit SET state = 'open', reason = ?, failures = ?, recent = ?, opened_at = ?, "
    "next_try_at = ?, open_seconds = ?, probe_owner = NULL WHERE connection_id = ? AND direction = ?"
)
CLOSE = (
    "UPDATE circuit SET state = 'closed', reason = '', failures = 0, recent = '', "
    "next_try_at = NULL, open_seconds = 0, probe_owner = NULL "
    "WHERE connection_id = ? AND direction = ?"
)
TRY_NOW = (
    "UPDATE circuit SET state = 'open', next_try_at = ? "
    "WHERE connection_id = ? AND state <> 'closed'"
)


@dataclass(slots=True)
class Row:
    """What is stored of a circuit. ``recent`` has a ``.`` or ``x`` per call since the first x."""

    state: str
    reason: str
    failures: int
    recent: str
    next_try_at: int | None
    open_seconds: int


class Circuits:
    """All circuits of the hub. A healthy connection costs one read per call and no write."""

    def __init__(
        self,
        db: Database,
        rng: Rng,
        owner: str,
        on_change: Callable[[int, bool, str], None],
    ) -> None:
        self._db = db
        self._rng = rng
        self._owner = owner
        self._on_change = on_change
        self._lock = threading.Lock()
        self._passed: Counter[tuple[int, str]] = Counter()

    def check(self, hot: Hot, connection_id: int, way: Way) -> bool:
        """Pass, or raise ``ConnectionTrouble`` with the seconds until the next try.

        True: this call is the one probe of a half-open circuit.
        """
        row = self._load(hot, connection_id, way)
        if row is None:
            return False
        if row.state == CLOSED:
            self._flush(hot, connection_id, way, row)
            return False
        now = self._db.now_ms()
        wait = (row.next_try_at or 0) - now
        if 0 < wait <= LONGEST_SECONDS * 1300:
            raise ConnectionTrouble(
                f"Calls wait after repeated trouble: {row.reason}", retry_after=wait / 1000
            )
        hot.run(PROBE, now + PROBE_SECONDS * 1000, self._owner, connection_id, way)
        return True

    def _load(self, hot: Hot, connection_id: int, way: Way) -> Row | None:
        found = hot.first(SELECT, connection_id, way)
        return None if found is None else Row(*tuple(found))

    def _flush(self, hot: Hot, connection_id: int, way: Way, row: Row) -> None:
        with self._lock:
            passed = self._passed.pop((connection_id, way), 0)
        if passed > 0 and (row.failures or row.recent):
            recent = (row.recent + "." * min(passed, LAST))[-LAST:]
            recent = recent if "x" in recent else ""
            hot.run(COUNT, 0, recent, connection_id, way)
            row.failures, row.recent = 0, recent

    def passed(self, connection_id: int, way: Way, *, closes: bool) -> None:
        """A call got a usable answer. ``closes``: it was the probe, or a person's test."""
        if not closes:
            with self._lock:
                self._passed[connection_id, way] += 1
            return
        with light(self._db) as hot:
            row = self._load(hot, connection_id, way)
            if row is None or row.state == CLOSED:
                return
            hot.run(CLOSE, connection_id, way)
        self._on_change(connection_id, True, "")

    def failed(
        self,
        connection_id: int,
        way: Way,
        reason: str,
        *,
        probe: bool,
        soft: bool = False,
        instead: bool = False,
    ) -> None:
        """A call failed by the connection. ``soft`` (a bare 500) counts for the rate alone.

        ``instead``: its answer had been counted as a pass before the plugin read it.
        """
        if instead:
            with self._lock:
                self._passed[connection_id, way] -= 1
        with light(self._db) as hot:
            hot.run(INSERT, connection_id, way)
            row = self._load(hot, connection_id, way)
            if row is None:
                return
            self._flush(hot, connection_id, way, row)
            failures = row.failures + (0 if soft else 1)
            recent = (row.recent + "x")[-LAST:]
            full = len(recent) == LAST and recent.count("x") * 2 >= LAST
            if row.state == OPEN and not probe:
                return  # a straggler that was under way when it opened
            if row.state == HALF_OPEN and not probe:
                return
            if not (probe or failures >= IN_A_ROW or full):
                hot.run(COUNT, failures, recent, connection_id, way)
                return
            self._trip(hot, connection_id, way, reason, row)
        self._on_change(connection_id, False, reason)

    def _trip(self, hot: Hot, connection_id: int, way: Way, reason: str, row: Row) -> None:
        seconds = min(LONGEST_SECONDS, row.open_seconds * 2 or FIRST_SECONDS)
        now = self._db.now_ms()
        wait = int(seconds * 1000 * self._rng.uniform(0.8, 1.2))
        hot.run(TRIP, reason, 0, "", now, now + wait, seconds, connection_id, way)

    def try_now(self, connection_id: int) -> None:
        """Let the next call of each direction be the probe, without waiting further."""
        with light(self._db) as hot:
            hot.run(TRY_NOW, self._db.now_ms(), connection_id)

    def all_closed(self, hot: Hot, connection_id: int) -> bool:
        """True when calls pass in both directions."""
        return all(
            (row := self._load(hot, connection_id, way)) is None or row.state == CLOSED
            for way in ("read", "write")
        )
