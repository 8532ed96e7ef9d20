"""Schedules as people say them: from the form to cron, from cron to words, and what is wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from hub.settings.schedules import cron_problem

EVEN_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
EVEN_HOURS = (1, 2, 3, 4, 6, 8, 12)
TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\Z")
_RANGES = (
    ("Minutes", 0, 59), ("Hours", 0, 23), ("Days", 1, 31), ("Months", 1, 12), ("Weekdays", 0, 7),
)  # fmt: skip
_DAYS = {"1-5": "Monday to Friday", "0": "Sunday", "7": "Sunday", "6": "Saturday", "1": "Monday",
         "2": "Tuesday", "3": "Wednesday", "4": "Thursday", "5": "Friday",
         "6,0": "Saturday and Sunday", "0,6": "Saturday and Sunday"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """What stands in the form. ``kind``: every, daily, cron, hand."""

    kind: str = "every"
    every: str = "15"
    unit: str = "minutes"
    at: str = "02:00"
    cron: str = ""
    full: str = "daily"
    full_at: str = "02:30"

    @classmethod
    def saved(cls, cron: str, full_cron: str) -> "ScheduleForm":
        """Return the form that shows a saved schedule."""
        form = cls(cron=cron or "*/15 * * * *")
        full = _daily(full_cron)
        form = replace(form, full="daily" if full else "none" if not full_cron else "cron")
        form = replace(form, full_at=full or "02:30")
        if not cron:
            return replace(form, kind="hand")
        if (minutes := re.fullmatch(r"\*/(\d+) \* \* \* \*", cron)) or cron == "* * * * *":
            return replace(form, kind="every", every=minutes[1] if minutes else "1")
        if hours := re.fullmatch(r"0 \*/(\d+) \* \* \*", cron):
            return replace(form, kind="every", every=hours[1], unit="hours")
        if at := _daily(cron):
            return replace(form, kind="daily", at=at)
        return replace(form, kind="cron")

    @classmethod
    def posted(cls, form: Mapping[str, str]) -> "ScheduleForm":
        """Return the form as it was sent."""
        given = {name: form.get(name, "").strip()[:80] for name in cls.__slots__}
        return cls(**{name: value for name, value in given.items() if name in form})

    def read(self, saved_full: str = "") -> tuple[str, str, dict[str, tuple[str, str]]]:
        """Return cron, full cron and errors: field → (cause, remedy)."""
        errors: dict[str, tuple[str, str]] = {}
        cron = full = ""
        if self.kind == "every":
            cron, problem = _every(self.every, self.unit)
            errors |= {"every": problem} if problem else {}
        elif self.kind == "daily":
            cron, problem = _at(self.at)
            errors |= {"at": problem} if problem else {}
        elif self.kind == "cron":
            cron = " ".join(self.cron.split())
            problem = cron_trouble(cron)
            errors |= {"cron": problem} if problem else {}
        if self.full == "daily":
            full, problem = _at(self.full_at)
            errors |= {"full_at": problem} if problem else {}
        elif self.full == "cron":
            full = saved_full
        return cron, full, errors


Problem = tuple[str, str] | None


def _daily(cron: str) -> str:
    found = re.fullmatch(r"(\d{1,2}) (\d{1,2}) \* \* \*", cron)
    return f"{int(found[2]):02}:{int(found[1]):02}" if found else ""


def _every(text: str, unit: str) -> tuple[str, Problem]:
    even = EVEN_HOURS if unit == "hours" else EVEN_MINUTES
    whole = "a day" if unit == "hours" else "an hour"
    if not (text.isascii() and text.isdecimal() and len(text) < 6) or int(text) < 1:
        return "", (f"Type a number of {unit}.", "")
    number = int(text)
    if unit == "minutes" and number % 60 == 0 and number // 60 in EVEN_HOURS:
        number, unit, even = number // 60, "hours", EVEN_HOURS
    if number not in even:
        near = sorted(sorted(even, key=lambda n: abs(n - number))[:3])
        names = f"{', '.join(str(n) for n in near[:-1])} or {near[-1]}"
        return "", (f"{number} {unit} do not divide {whole} evenly.", f"Choose {names}.")
    if unit == "hours":
        return (f"0 */{number} * * *" if number > 1 else "0 * * * *"), None
    return (f"*/{number} * * * *" if number > 1 else "* * * * *"), None


def _at(text: str) -> tuple[str, Problem]:
    found = TIME.match(text)
    if found is None:
        return "", (
            f"{text or 'Nothing'} is not a time of day.",
            "Write it as 02:30, 00:00 to 23:59.",
        )
    return f"{int(found[2])} {int(found[1])} * * *", None


def cron_trouble(cron: str) -> Problem:
    """Return (cause, remedy) of what is wrong with five fields, naming the field; None = nothing."""
    fields = cron.split()
    if len(fields) != len(_RANGES):
        return (
            f"Five fields are needed, there are {len(fields)}.",
            "Write minute, hour, day, month, weekday, as in */15 * * * *.",
        )
    for value, (name, low, high) in zip(fields, _RANGES, strict=True):
        for number in re.findall(r"(?<![A-Za-z])\d+", value):
            step = f"/{number}" in value
            top = high if not step else high - low + 1
            if not (low if not step else 1) <= int(number) <= top:
                remedy = f"Write a number from {low} to {high}."
                if name == "Minutes" and step:
                    remedy = f"For every {number} minutes, choose a time in whole hours above."
                return f"{name} go from {low} to {high}. You entered {value}.", remedy
    problem = cron_problem(cron)
    return (problem, "") if problem else None


def words(cron: str) -> str:
    """Return a schedule in words: "Every 15 minutes", "Every day at 02:00", "By hand only"."""
    if not cron:
        return "By hand only"
    if cron == "* * * * *":
        return "Every minute"
    if found := re.fullmatch(r"\*/(\d+) \* \* \* \*", cron):
        return f"Every {found[1]} minutes" if found[1] != "1" else "Every minute"
    if found := re.fullmatch(r"(\d+) \* \* \* \*", cron):
        past = f", {found[1]} minutes past" if found[1] != "0" else ""
        return f"Every hour{past}"
    if found := re.fullmatch(r"0 \*/(\d+) \* \* \*", cron):
        return f"Every {found[1]} hours"
    if at := _daily(cron):
        return f"Every day at {at}"
    if (found := re.fullmatch(r"(\d+ \d+ \* \*) (\S+)", cron)) and found[2] in _DAYS:
        return f"{_DAYS[found[2]]} at {_daily(found[1] + ' *')}"
    try:
        return str(CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)).explain())
    except CronSimError:
        return cron
