"""What templates can use beside the macros."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, current_app, g, get_flashed_messages, request, url_for

import hub
from hub.store.tables import CommonConfiguration
from hub.web import fmt, nav, once, security, sessions
from hub.web.assets import icon_url, static_url
from hub.web.badges import badge_of
from hub.web.face import frame_runtime, the_runtime

THEMES = ("light", "dark")
YEARS = range(1970, 2200)


@dataclass(frozen=True, slots=True)
class Alive:
    """The words at the foot of the navigation."""

    ok: bool
    text: str


def install(app: Flask) -> None:
    """Register globals, filters and the context processor."""
    app.jinja_env.globals.update(
        icon_url=icon_url, static_url=static_url, badge_of=badge_of, show_time=show_time,
        utc_title=fmt.utc_title, flashed=flashed, once_token=once.new_token,
        nav_groups=nav.groups, nav_tabs=nav.tabs, nav_here=nav.here, nav_count=nav.count_of,
        hub_alive=alive, hub_version=hub.__version__, search_url=search_url, here_url=here_url,
        in_clear=in_clear, may=security.may, fmt=fmt,
    )  # fmt: skip
    app.jinja_env.filters.update(number=fmt.number, duration=fmt.duration)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(lambda: {"user": sessions.here().user, "theme": theme()})


def theme() -> str:
    """Return the chosen theme, or nothing: then the computer decides."""
    chosen = request.cookies.get("hub_theme", "")
    return chosen if chosen in THEMES else ""


def zone() -> tzinfo:
    """Return the zone of the signed-in person, else the hub's, else UTC."""
    if "zone" not in g:
        user = sessions.here().user
        name = user.time_zone if user else ""
        if not name:
            with frame_runtime().read() as db:
                row = db.get(CommonConfiguration, "time_zone")
            name = str(row.value) if row and row.value else "UTC"
        try:
            g.zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            g.zone = ZoneInfo("UTC")
    found: tzinfo = g.zone
    return found


def day_begins(text: str, *, after: bool = False) -> datetime | None:
    """Return when the day ``2026-11-18`` begins in the person's zone, or the next one.

    None for a text that is no day, or a day that no record of a hub can have.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if len(text) != len("2026-11-18") or day.year not in YEARS:
        return None
    begin = datetime.combine(day + timedelta(days=1) if after else day, time(), zone())
    return begin.astimezone(UTC)


def now() -> datetime:
    """Return the hub's time, one for the whole page."""
    if "now" not in g:
        g.now = frame_runtime().clock.now()
    moment: datetime = g.now
    return moment


def show_time(moment: datetime, form: str = "shown") -> str:
    """Return a time in the person's zone. ``form``: shown, day_time, day_time_s, clock, day."""
    if form == "day_time":
        return fmt.day_time(moment, now(), zone())
    if form == "day_time_s":
        return fmt.day_time(moment, now(), zone(), seconds=True)
    if form == "clock":
        return f"{moment.astimezone(zone()):%H:%M:%S}"
    if form == "day":
        return fmt.day(moment, zone())
    return fmt.shown(moment, now(), zone())


def flashed() -> list[tuple[str, str]]:
    """Return the messages of the last action as (tone, text)."""
    messages: Any = get_flashed_messages(with_categories=True)
    return list(messages)


def alive() -> Alive:
    """Say whether clock and workers run; ``runtime.alive()`` gives (ok, text)."""
    report = getattr(the_runtime(), "alive", None)
    if report is None:
        return Alive(ok=True, text="Running")
    ok, text = report()
    return Alive(ok=bool(ok), text=str(text))


def search_url() -> str:
    """Return where the search of the top bar leads, or nothing while there is no such page."""
    known = "messages.index" in current_app.view_functions
    return url_for("messages.index") if known else ""


def here_url() -> str:
    """Return the address to come back to after a small POST."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def in_clear() -> bool:
    """True when passwords would travel unencrypted over a network."""
    return not the_runtime().listens_on_loopback and not sessions.is_secure(request)
