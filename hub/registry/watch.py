"""Who is inside a plugin's hook now, and for how long: a hook that hangs holds a thread."""

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from hub.seams import SystemClock

_clock = SystemClock()
Given = ParamSpec("Given")
Value = TypeVar("Value")


class Interrupted(BaseException):
    """Raised into a thread whose plugin does not come back; no ``except Exception`` stops it."""


@dataclass(slots=True)
class Stay:
    """One thread's stay in a hook. ``since`` is monotonic seconds; None while the hub is at work
    for it, such as waiting for the quota or for the vendor.
    """

    thread: int
    plugin: str
    hook: str
    since: float | None
    told: bool = False


_stays: dict[int, Stay] = {}


def enter(plugin: str, hook: str) -> None:
    """Note that this thread goes into a hook."""
    thread = threading.get_ident()
    _stays[thread] = Stay(thread, plugin, hook, _clock.monotonic())


def leave() -> None:
    """Note that this thread is out again."""
    _stays.pop(threading.get_ident(), None)


def outside(work: Callable[Given, Value]) -> Callable[Given, Value]:
    """Mark what the hub does for a plugin: that time is not the plugin's."""

    @wraps(work)
    def done(*given: Given.args, **named: Given.kwargs) -> Value:
        stay = _stays.get(threading.get_ident())
        if stay is None:
            return work(*given, **named)
        stay.since = None
        try:
            return work(*given, **named)
        finally:
            stay.since = _clock.monotonic()

    return done


def overdue(seconds: float) -> list[Stay]:
    """Return the stays that last longer without a call to the vendor; each is told once."""
    now = _clock.monotonic()
    found = []
    for stay in list(_stays.values()):
        since = stay.since
        if since is not None and now - since >= seconds and not stay.told:
            stay.told = True
            found.append(stay)
    return found


def interrupt(stay: Stay) -> None:
    """Raise ``Interrupted`` in its thread, at the next step of Python code that it does there."""
    if _stays.get(stay.thread) is stay:
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        raise_in(ctypes.c_ulong(stay.thread), ctypes.py_object(Interrupted))
