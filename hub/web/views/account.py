"""One's own account: password, time zone, and where one is signed in."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.sdk import Choice, Kind
from hub.settings.common_specs import values
from hub.settings.users import (
    UserProblem,
    change_own_password,
    end_other_sessions,
    set_time_zone,
)
from hub.store.tables import User, UserSession
from hub.web import auth, context, fmt, sessions, throttle
from hub.web.face import frame_runtime
from hub.web.forms import Field
from hub.web.security import role

bp = Blueprint("account", __name__, url_prefix="/account")
REGIONS = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
    "Pacific",
)  # fmt: skip
BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip

Errors = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """A browser in which the person is signed in."""

    browser: str
    address: str
    since: datetime
    seen: datetime
    here: bool


@bp.get("/")
@role("viewer")
def index() -> ResponseReturnValue:
    """Show the account of the signed-in person."""
    return _page({})


def _page(errors: Errors, zone: str | None = None, status: int = 200) -> ResponseReturnValue:
    user = _user()
    with frame_runtime().read() as db:
        rows = db.scalars(
            select(UserSession)
            .where(UserSession.user_id == user.id)
            .order_by(UserSession.seen_at.desc())
            .limit(50)
        )
        own = sessions.here().id_hash
        places = [
            Place(in_words(r.browser), r.address, r.created_at, r.seen_at, r.id_hash == own)
            for r in rows
        ]
        hub_zone = str(values(db)["time_zone"])
    field = Field(
        "time_zone", "Time zone", Kind.CHOICE, user.time_zone if zone is None else zone,
        "Times on the pages are shown in this zone. Schedules follow the hub's zone.",
        choices=[Choice(name, name.replace("_", " ")) for name in zones()],
        empty_choice=f"The hub's zone ({hub_zone})", error=errors.get("time_zone"),
    )  # fmt: skip
    return render_template(
        "pages/account.html", errors=errors, zone=field, places=places,
        now=context.show_time(context.now(), "day_time_s").removeprefix("today "),
    ), status  # fmt: skip


def _user() -> User:
    user = sessions.here().user
    if user is None:
        raise LookupError("nobody is signed in")
    return user


def zones() -> list[str]:
    """Return the time zones by region, UTC first."""
    named = sorted(name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    return ["UTC", *named]


def in_words(agent: str) -> str:
    """Return ``Firefox on Windows`` for what a browser says of itself."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser


@bp.post("/password")
@role("viewer")
def password() -> ResponseReturnValue:
    """Change one's own password; every other browser is signed out."""
    runtime, user = frame_runtime(), _user()
    now = runtime.clock.now()
    names = ["p:" + sessions.keyed_hash(runtime.pepper, "own password", user.email)]
    with runtime.write() as db:
        verdict = throttle.take(db, names, now)
    if not verdict.allowed and verdict.until is not None:
        wait = fmt.duration(max(1.0, (verdict.until - now).total_seconds()))
        problem = ("Too many passwords that did not match.", f"Try again in {wait}.")
        return _page({"current": problem}, status=429)
    form = request.form
    try:
        ended = change_own_password(
            runtime.write, runtime.clock, user, form.get("current", ""), form.get("password", "")
        )
    except UserProblem as wrong:
        if wrong.field != "current":
            _forget(names, now)
        return _page({wrong.field: _split(wrong)}, status=422)
    _forget(names, now)
    sessions.begin(user, address=request.remote_addr or "", browser=str(request.user_agent))
    others = fmt.plural(ended - 1, "other browser")
    flash(f"Password changed. {others} signed out." if ended > 1 else "Password changed.", "ok")
    answer = redirect(url_for("account.index"), 303)
    known = auth.remembered(request, user.email)
    sessions.set_cookie(request, answer, auth.KNOWN_BROWSER, known, auth.KNOWN_FOR)
    return answer


def _forget(names: list[str], now: datetime) -> None:
    with frame_runtime().write() as db:
        throttle.forget(db, names, now)


def _split(problem: UserProblem) -> tuple[str, str]:
    cause, dot, remedy = str(problem).partition(". ")
    return cause + dot.strip(), remedy


@bp.post("/time-zone")
@role("viewer")
def time_zone() -> ResponseReturnValue:
    """Keep the zone in which the person reads times."""
    runtime = frame_runtime()
    given = request.form.get("time_zone", "")
    try:
        moved = set_time_zone(runtime.write, runtime.clock, _user(), given)
    except UserProblem as wrong:
        return _page({"time_zone": _split(wrong)}, zone=given[:60], status=422)
    flash("Time zone saved." if moved else "Nothing had changed, so nothing was saved.", "ok")
    return redirect(url_for("account.index"), 303)


@bp.post("/sign-out-others")
@role("viewer")
def sign_out_others() -> ResponseReturnValue:
    """End the person's sessions in every other browser."""
    runtime = frame_runtime()
    ended = end_other_sessions(runtime.write, runtime.clock, _user(), sessions.here().id_hash)
    flash(f"{fmt.plural(ended, 'other browser')} signed out.", "ok")
    return redirect(url_for("account.index"), 303)
