"""Every effect that a simulator had, in order."""

import threading
from typing import Any, Literal

from hub.seams import Clock

Effect = Literal["created", "updated", "deleted", "refused"]


class Journal:
    """One entry per changed record, even in a bulk call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def append(
        self, entity: str, key: str | None, external_id: str | None, effect: Effect, request: int
    ) -> int:
        """Note an effect and return its number. ``key`` is the ERP key that the record carries;
        ``request`` is the number of the request, 0 for changes behind everyone's back.
        """
        at = self._clock.now().isoformat()
        with self._lock:
            seq = len(self._entries) + 1
            self._entries.append(
                {
                    "seq": seq,
                    "at": at,
                    "entity": entity,
                    "key": key,
                    "external_id": external_id,
                    "effect": effect,
                    "request": request,
                }
            )
        return seq

    def after(self, seq: int = 0) -> list[dict[str, Any]]:
        """Return the entries with a higher number."""
        with self._lock:
            return self._entries[max(seq, 0) :]
