"""What runs in a child process: one ``hub sync`` that may be ended at a crash point.

The clock is shared with the test by a mapped file: real time plus what somebody slept, so that
holds and leases cost nothing and all processes still agree on the time.
"""

import gc
import importlib
import mmap
import os
import struct
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from hub.registry import Registry
from hub.runtime import build
from hub.runtime.sync import Sync
from hub.seams import Rng, set_crash_hook
from hub.seams.crash import kill_at

importlib.import_module("alembic.config")  # most of what a child's start would compute
importlib.import_module("alembic.script")
REGISTRY = Registry()


class SharedClock:
    """Real time plus the seconds that any process has slept, kept in a mapped file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)

    def _offset(self) -> float:
        return float(struct.unpack("d", self._map[:8])[0])

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self._offset(), UTC)

    def monotonic(self) -> float:
        return time.monotonic() + self._offset()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._map[:8] = struct.pack("d", self._offset() + seconds)


class CountingHook:
    """Writes the name of each crash point that was passed to a file."""

    def __init__(self, path: Path, then: Callable[[str], None]) -> None:
        self._path, self._then = path, then

    def __call__(self, name: str) -> None:
        with self._path.open("a") as file:
            file.write(name + "\n")
        self._then(name)


def sync(
    environ: Mapping[str, str],
    clock_file: Path,
    nth: int,
    trace: Path | None,
    point: str = "",
    mutant: str = "",
) -> None:
    """Run one ``hub sync`` that dies by SIGKILL at the ``nth`` crash point (0 = never).

    ``point``: only points of this name count. ``mutant``: work without one rule.
    """
    gc.set_threshold(50_000, 20, 20)  # it does not live long enough to have garbage
    if mutant:
        sys.path.insert(0, str(Path(__file__).parent))
        applied = importlib.import_module("mutants").applied(mutant)
        applied.__enter__()
    kill = kill_at(nth)

    def hook(name: str) -> None:
        if point in ("", name):
            kill(name)

    set_crash_hook(CountingHook(trace, hook) if trace else hook)
    runtime = build(
        environ, clock=SharedClock(clock_file), rng=Rng(nth), registry=REGISTRY, keep_alive=True
    )
    Sync(runtime, "B2B-US").run()
    runtime.close()
    os._exit(0)
