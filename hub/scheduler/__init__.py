"""The clock: which flows are due, one leader, a watchdog for clocks that are set."""

from hub.scheduler.cleaning import Cleaning
from hub.scheduler.loop import SchedulerLoop
from hub.scheduler.ticker import Ticker
from hub.scheduler.times import last_due, next_times

__all__ = ["Cleaning", "SchedulerLoop", "Ticker", "last_due", "next_times"]
