"""Cron dates by cronsim: a skipped hour fires once, a repeated hour once, 0 and 7 are Sunday."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim


def next_times(cron: str, after: datetime, zone: str = "UTC", count: int = 3) -> list[datetime]:
    """Return the next times of a five-field cron expression after ``after``, aware UTC."""
    local = after.astimezone(ZoneInfo(zone or "UTC"))
    return [moment.astimezone(UTC) for moment in islice(CronSim(cron, local), count)]


def last_due(cron: str, since: datetime, now: datetime, zone: str = "UTC") -> datetime | None:
    """Return the latest time of ``cron`` after ``since`` and not after ``now``.

    Missed ticks collapse into the latest one (R5); at most the last two days are looked through.
    """
    start = max(since, now - timedelta(days=2)).astimezone(ZoneInfo(zone or "UTC"))
    latest: datetime | None = None
    for moment in CronSim(cron, start):
        if moment > now:
            break
        latest = moment
    return latest.astimezone(UTC) if latest else None
