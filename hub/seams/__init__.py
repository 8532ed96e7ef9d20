"""Where tests take hold: time, chance and crash points. Imports nothing of ours."""

from hub.seams.clock import Clock, SystemClock, VirtualClock
from hub.seams.crash import CrashPoint, crashpoint, set_crash_hook
from hub.seams.rng import Rng

__all__ = [
    "Clock",
    "CrashPoint",
    "Rng",
    "SystemClock",
    "VirtualClock",
    "crashpoint",
    "set_crash_hook",
]
