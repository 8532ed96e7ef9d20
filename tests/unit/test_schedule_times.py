"""When a schedule is due: both ends of summer time, missed times, Sunday by both its numbers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.scheduler import last_due, next_times

HOUR = timedelta(hours=1)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def walk(cron: str, zone: str, start: datetime, hours: int, minutes: int = 5) -> list[str]:
    """Local times at which runs were due, asked every few minutes as the ticker does."""
    last, now, found = start, start, []
    while now < start + hours * HOUR:
        now += timedelta(minutes=minutes)
        due = last_due(cron, last, now, zone)
        if due is not None:
            last = due
            found.append(due.astimezone(ZoneInfo(zone)).strftime("%d %H:%M %Z"))
    return found


@pytest.mark.parametrize(
    ("zone", "start", "cron", "expected"),
    [
        # Spring: 02:00-03:00 does not exist; what is due in it comes once, after it.
        ("Europe/Berlin", "2026-03-28T12:00", "30 2 * * *", ["29 03:00 CEST", "30 02:30 CEST"]),
        ("America/New_York", "2026-03-07T12:00", "30 2 * * *", ["08 03:00 EDT", "09 02:30 EDT"]),
        ("Europe/Berlin", "2026-03-28T12:00", "15 4 * * *", ["29 04:15 CEST", "30 04:15 CEST"]),
        # Autumn: the hour comes twice; what is due in it comes once.
        ("Europe/Berlin", "2026-10-24T12:00", "30 2 * * *", ["25 02:30 CEST", "26 02:30 CET"]),
        ("America/New_York", "2026-10-31T12:00", "30 1 * * *", ["01 01:30 EDT", "02 01:30 EST"]),
    ],
)
def test_a_daily_time_comes_once_a_day(zone, start, cron, expected):
    assert walk(cron, zone, at(start, zone), 46) == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("month", [3, 10])
def test_an_interval_goes_on_in_real_time(zone, month):
    days = {("Europe/Berlin", 3): "2026-03-29", ("Europe/Berlin", 10): "2026-10-25",
            ("America/New_York", 3): "2026-03-08", ("America/New_York", 10): "2026-11-01"}  # fmt: skip
    start = at(f"{days[zone, month]}T00:00", zone)
    assert len(walk("*/15 * * * *", zone, start, 6)) == 24
    assert len(walk("5 * * * *", zone, start, 6)) == 6


def test_many_missed_times_are_one():
    assert last_due("*/15 * * * *", at("2026-11-01T00:00"), at("2026-11-24T12:07")) == at(
        "2026-11-24T12:00"
    )
    assert last_due("0 9 * * 0", at("2026-11-01T00:00"), at("2026-11-24T12:07")) is None


@pytest.mark.parametrize("day", ["0", "7"])
def test_sunday_is_zero_and_seven(day):
    first, second = next_times(f"0 9 * * {day}", at("2026-11-24T12:00"), count=2)
    assert (first, second) == (at("2026-11-29T09:00"), at("2026-12-06T09:00"))
