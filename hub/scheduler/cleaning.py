"""The nightly cleaning, at the time of Common configuration."""

import logging

from hub.engine.context import Tools
from hub.outbox import purge
from hub.scheduler.times import last_due
from hub.seams import Clock
from hub.store import snapshot
from hub.store.base import from_ms, to_ms
from hub.store.tables import CommonConfiguration

CLEANED = "cleaned_at"
log = logging.getLogger(__name__)


class Cleaning:
    """Deletes what is older than the retention, once a night, by whoever leads."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._clock: Clock = tools.clock

    def clean_if_due(self) -> int | None:
        """Clean when its time has come since the last cleaning; None when it has not.

        Returns the number of rows deleted.
        """
        values = self._tools.settings.common()
        now = self._clock.now()
        with self._tools.database.read() as session:
            row = session.get(CommonConfiguration, CLEANED)
        if row is None:
            self._remember(now_ms=to_ms(now))
            return None
        hour, minute = str(values["cleaning_time"]).split(":")
        cron = f"{int(minute)} {int(hour)} * * *"
        if last_due(cron, from_ms(int(row.value or 0)), now, str(values["time_zone"])) is None:
            return None
        self._remember(now_ms=to_ms(now))
        gone = purge(
            self._tools.database, now, int(values["retention_days"]), int(values["payload_days"])
        )
        if not snapshot.shrink_log(self._tools.database):
            log.warning(
                "The write-ahead log of the database could not be cut short: others read without "
                "a pause. The next cleaning tries again."
            )
        return gone

    def _remember(self, now_ms: int) -> None:
        with self._tools.database.write() as session:
            session.merge(CommonConfiguration(name=CLEANED, value=now_ms, version=0))
