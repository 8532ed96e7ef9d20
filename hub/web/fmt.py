"""Numbers, durations and times as people read them. Pure: the clock and the zone are given."""

from datetime import UTC, datetime, timedelta, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTE, HOUR, DAY = 60, 3600, 86400


def number(value: float | None) -> str:
    """Return ``12,402``; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 message`` or ``31 messages``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """Return ``340 ms``, ``9 s``, ``2 h 10 min`` or ``1 d 4 h``: two units at most."""
    if seconds is None:
        return ""
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 10:
        return f"{seconds:.1f}".rstrip("0").rstrip(".") + " s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    for unit, name, smaller, small_name in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
        (MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            big, rest = divmod(whole, unit)
            small = rest // smaller if big < 10 or unit != MINUTE else 0
            return f"{big} {name} {small} {small_name}" if small else f"{big} {name}"
    return f"{whole} s"


def ago(moment: datetime, now: datetime) -> str:
    """Return ``20 s ago`` or ``in 12 min``."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"{duration(round(seconds))} ago" if seconds > 0 else f"in {duration(round(-seconds))}"


def day_time(moment: datetime, now: datetime, zone: tzinfo = UTC, *, seconds: bool = False) -> str:
    """Return ``today 14:30``, ``yesterday 16:20``, ``Monday 09:12``, ``18 Nov 14:30``, with year."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    days = (today - local.date()).days
    if days in (-1, 0, 1):
        return {0: "today", 1: "yesterday", -1: "tomorrow"}[days] + " " + clock
    if 1 < days < 7:
        return f"{DAYS[local.weekday()]} {clock}"
    return f"{day(local)} {clock}" if local.year != today.year else f"{day(local)[:-5]} {clock}"


def day(moment: datetime, zone: tzinfo | None = None) -> str:
    """Return ``18 Nov 2026``."""
    local = moment.astimezone(zone) if zone else moment
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def shown(moment: datetime, now: datetime, zone: tzinfo = UTC) -> str:
    """Return the relative form under 24 hours, else day and time."""
    if abs(now - moment) < timedelta(hours=24):
        return ago(moment, now)
    return day_time(moment, now, zone)


def utc_title(moment: datetime) -> str:
    """Return the words of the tooltip: ``2026-11-18 14:30:12 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
