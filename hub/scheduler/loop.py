"""APScheduler runs one interval job from memory; a monotonic watchdog reschedules it (R18)."""

import logging
import threading
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

from hub.seams import Clock
from hub.store.database import is_away

log = logging.getLogger(__name__)

TICK_SECONDS = 2
SET_BY_SECONDS = 30.0
WATCH_SECONDS = 5.0


class SchedulerLoop:
    """Calls ``tick`` every two seconds. When the wall clock is set, APScheduler would go silent for
    as long as it was set back; the watchdog notices wall − monotonic moving and starts it anew.
    """

    def __init__(self, clock: Clock, tick: Callable[[], None]) -> None:
        self._clock = clock
        self._tick = tick
        self._scheduler: BackgroundScheduler | None = None
        self._away = False
        self._stop = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="clock-watchdog", daemon=True)
        self._offset = self._measure()

    def start(self) -> None:
        """Start ticking."""
        # It would say two lines per tick: megabytes a day of nothing.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._new_scheduler()
        self._watchdog.start()

    def stop(self) -> None:
        """Stop ticking; a tick under way ends by itself."""
        self._stop.set()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    @property
    def running(self) -> bool:
        """True while the clock ticks."""
        return self._scheduler is not None and self._scheduler.running

    def _new_scheduler(self) -> None:
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_job(
            self._safe_tick,
            "interval",
            seconds=TICK_SECONDS,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        scheduler.start()
        old, self._scheduler = self._scheduler, scheduler
        if old is not None:
            old.shutdown(wait=False)

    def _safe_tick(self) -> None:
        try:
            self._tick()
        except Exception as error:
            if not is_away(error):
                log.exception("A tick of the scheduler failed; the next one tries again")
            elif not self._away:
                # Said once: it may be minutes, and a tick comes every two seconds.
                log.warning("The database is away; the hub goes on as soon as it is back")
            self._away = is_away(error)
        else:
            if self._away:
                log.warning("The database is back")
            self._away = False

    def _measure(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            offset = self._measure()
            if abs(offset - self._offset) > SET_BY_SECONDS:
                log.warning(
                    "The clock was set by %.0f s; all jobs are rescheduled", offset - self._offset
                )
                self._offset = offset
                self._new_scheduler()
