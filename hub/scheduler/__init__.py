"""The clock: which flows are due, one leader, a watchdog for clocks that are set."""

from hub.scheduler.cleaning import Cleaning
from hub.scheduler.loop import SchedulerLoop
from hub.scheduler.ticker import LEADER, Ticker
from hub.scheduler.times import last_due, next_times

__all__ = ["LEADER", "Cleaning", "SchedulerLoop", "Ticker", "last_due", "next_times"]
