"""The fault script: which requests go wrong, and how."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from hub.sdk.errors import ConfigError
from hub.sdk.simulation.messages import SimRequest
from hub.seams import Rng

TRANSPORT: Mapping[str, str | None] = {
    "reset": None,
    "answer_lost": None,
    "late": "after",
    "status": "code",
    "throttle": None,
    "slow": "seconds",
    "drip": "bytes_per_second",
    "truncate": None,
    "html": None,
}
"""Faults that the kit makes itself, and the field that ``NAME=V`` sets."""

STATE: Mapping[str, str | None] = {"drop_field": "field", "index_lag": "seconds"}
"""Faults that every simulator knows and makes in its own handlers."""

_NUMBERS = {"after", "code", "seconds", "bytes_per_second", "nth", "every", "rate", "seed"}


class _Entry:
    __slots__ = ("fault", "method", "prefix", "rng", "seen")

    def __init__(self, fault: dict[str, Any]) -> None:
        self.fault = fault
        self.method, self.prefix = _match_of(fault)
        self.seen = 0
        self.rng = Rng(int(fault.get("seed", 1)))

    def fires(self, method: str, target: str) -> bool:
        if self.method not in ("*", method) or not target.startswith(self.prefix):
            return False
        self.seen += 1
        if "nth" in self.fault:
            return bool(self.seen == self.fault["nth"])
        if "every" in self.fault:
            return bool(self.seen % self.fault["every"] == 0)
        if "rate" in self.fault:
            return self.rng.chance(self.fault["rate"])
        return True


class FaultScript:
    """A list of ``{"match": "METHOD path-prefix", "fault": NAME, …}``.

    METHOD may be ``*``; the prefix is compared with the path and query as sent, so that
    ``GET /entity/Default/24.200.001/Customer?`` leaves CustomerLocation alone. ``nth`` fires at
    that matching request since the script was set, ``every`` at each N-th, ``rate`` with that
    probability (``seed``, default 1); with none of them it always fires.
    """

    def __init__(self, vendor: Mapping[str, str | None] | None = None) -> None:
        self.known: dict[str, str | None] = {**TRANSPORT, **STATE, **(vendor or {})}
        self._entries: list[_Entry] = []
        self._lock = threading.Lock()

    def replace(self, script: Iterable[Mapping[str, Any]]) -> None:
        """Set a new script; counting starts again.

        Raises:
            ConfigError: an entry names an unknown fault or has a field of the wrong kind.

        """
        entries = [_Entry(self._checked(item)) for item in script]
        with self._lock:
            self._entries = entries

    def add_option(self, text: str) -> None:
        """Add a fault as given on the command line: ``slow=2``, ``leaked_sessions``.

        Raises:
            ConfigError: the name is unknown, or the value does not fit it.

        """
        name, _, value = text.partition("=")
        fault: dict[str, Any] = {"match": "* /", "fault": name}
        if value:
            field = self.known.get(name) or "value"
            try:
                fault[field] = float(value) if field in _NUMBERS else value
            except ValueError as error:
                raise ConfigError(f"The fault {name} takes a number, not {value!r}.") from error
        entry = _Entry(self._checked(fault))
        with self._lock:
            self._entries = [*self._entries, entry]

    def fire(self, request: SimRequest) -> tuple[Mapping[str, Any], ...]:
        """Return the faults that fire for this request, in the order of the script."""
        if not self._entries:
            return ()
        with self._lock:
            return tuple(e.fault for e in self._entries if e.fires(request.method, request.target))

    def active(self, name: str) -> Mapping[str, Any] | None:
        """Return the first fault of that name in the script, whatever request it is meant for."""
        return next((e.fault for e in self._entries if e.fault["fault"] == name), None)

    def number(self, name: str, field: str, default: float = 0.0) -> float:
        """Return a number of an active fault, such as the seconds of ``index_lag``."""
        fault = self.active(name)
        return default if fault is None else float(fault.get(field, default))

    def as_list(self) -> list[Mapping[str, Any]]:
        """Return the script as it was given."""
        return [entry.fault for entry in self._entries]

    def _checked(self, item: Mapping[str, Any]) -> dict[str, Any]:
        name = item.get("fault") if isinstance(item, Mapping) else None
        if not isinstance(name, str):
            raise ConfigError(f"Each fault is an object with a member fault; this is {item!r}.")
        if name not in self.known:
            known = ", ".join(sorted(self.known))
            raise ConfigError(f"There is no fault named {name!r}. Known are {known}.")
        for field in _NUMBERS & item.keys():
            if isinstance(item[field], bool) or not isinstance(item[field], int | float):
                raise ConfigError(f"The member {field} of the fault {name} has to be a number.")
        needed = {**TRANSPORT, **STATE}.get(name)
        if needed is not None and needed not in item:
            raise ConfigError(f"The fault {name} needs the member {needed}.")
        if any(item.get(field, 1) < 1 for field in ("nth", "every")):
            raise ConfigError(f"The members nth and every of the fault {name} start at 1.")
        _match_of(item)
        return dict(item)


def _match_of(item: Mapping[str, Any]) -> tuple[str, str]:
    text = item.get("match", "* /")
    if not isinstance(text, str) or not text.strip():
        raise ConfigError(f"The member match has the form METHOD /path; this is {text!r}.")
    method, _, prefix = text.strip().partition(" ")
    if method.startswith("/"):
        method, prefix = "*", text.strip()
    return method.upper(), prefix.strip()
