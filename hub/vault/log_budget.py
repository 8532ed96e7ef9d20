"""What one source may write to the log: a plugin that never stops must not fill the disk."""

import json
import logging
import threading
from dataclasses import dataclass
from typing import Any

from hub.seams import Clock, SystemClock

BURST = 1_000
PER_SECOND = 10.0
"""Lines of one source: so many at once, then so many a second."""
MOST_SOURCES = 256
LONGEST = 32_000
"""Characters of one log line, its traceback included."""


@dataclass(slots=True)
class _Source:
    lines: float
    at: float
    left_out: int = 0


class Budget(logging.Filter):
    """Lets each source (a package and its first part) write at a bounded rate, and counts the rest.

    The next line that passes carries the count as ``left_out``.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self._clock = clock or SystemClock()
        self._sources: dict[str, _Source] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether this line may be written."""
        name = ".".join(str(record.name).split(".", 2)[:2])
        now = self._clock.monotonic()
        with self._lock:
            if name not in self._sources and len(self._sources) >= MOST_SOURCES:
                name = ""  # a source that invents names shares one budget with its like
            source = self._sources.setdefault(name, _Source(BURST, now))
            source.lines = min(BURST, source.lines + (now - source.at) * PER_SECOND)
            source.at = now
            if source.lines < 1:
                source.left_out += 1
                return False
            source.lines -= 1
            left_out, source.left_out = source.left_out, 0
        if left_out:
            record.left_out = left_out
        return True


def shorten(text: str, longest: int = LONGEST) -> str:
    """Return a finished line of at most about ``longest`` characters; JSON stays JSON."""
    if len(text) <= longest:
        return text
    if text.startswith("{"):
        try:
            found: dict[str, Any] = json.loads(text)
        except ValueError:
            pass
        else:
            part = longest // (2 * len(found))
            cut = {n: _cut(v, part) if isinstance(v, str) else v for n, v in found.items()}
            made = json.dumps(cut, default=str)
            return made if len(made) <= 8 * longest else json.dumps({"message": _cut(made, part)})
    return _cut(text, longest)


def _cut(text: str, longest: int) -> str:
    """Keep head and tail: the cause stands at the end of a traceback."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} … {len(text) - 2 * half:,} characters left out … {text[-half:]}"
