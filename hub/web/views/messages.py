"""Messages: parked ones by reason, every list with filters, one message, and what may be done."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports import messages as reports
from hub.reports import traffic
from hub.reports.bounded import CAP
from hub.store.tables import Connector, Flow, Message
from hub.web import audit, context, fmt, nav, operate, sessions
from hub.web.db import db
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role
from hub.web.views import message_parts

bp = Blueprint("messages", __name__, url_prefix="/messages")
TABS = (
    ("", "All"), ("waiting", "Waiting"), ("unknown", "Unknown"), ("blocked", "Blocked"),
    ("parked", "Parked"), ("filtered", "Filtered"), ("done", "Done"), ("cancelled", "Cancelled"),
)  # fmt: skip
AGES = (("1h", "Older than 1 hour"), ("1d", "Older than 1 day"), ("7d", "Older than 7 days"))
HOURS = {"1h": 1, "1d": 24, "7d": 168}
CHUNK = 500
FILTERS = ("tab", "connector", "flow", "q", "age", "reason", "run", "sort")


def parked_count() -> int:
    """Return how many messages are parked, for the navigation."""
    return traffic.parked_total(db.session())


nav.register("messages", "Messages", "inbox", count=parked_count)


def filter_of(given: dict[str, str]) -> reports.Filter:
    """Return the filter that stands in the address, or in the hidden fields of a bulk form."""
    age = HOURS.get(given.get("age", ""))
    run = given.get("run", "")
    sort = given.get("sort", "")
    return reports.Filter(
        tab=given.get("tab", "parked" if "tab" not in given and not given.get("q") else ""),
        connector=given.get("connector", "")[:60],
        flow=given.get("flow", "")[:40],
        text=given.get("q", "").strip()[:100],
        older_than=context.now() - timedelta(hours=age) if age else None,
        reason=given.get("reason", "")[:200],
        run=operate.number(run) or None,
        newest_first={"age": True, "-age": False}.get(sort),
    )


@bp.get("/")
@role("viewer")
def index() -> ResponseReturnValue:
    """List messages; the top bar's search lands here with all statuses."""
    session = db.session()
    given = {name: request.args.get(name, "") for name in FILTERS if name in request.args}
    wanted = filter_of(given)
    after, before = (request.args.get(name, "") for name in ("after", "before"))
    found_filter = reports.with_records(session, wanted)
    listed = reports.page(session, found_filter, after=operate.number(after), before=operate.number(before))
    total = reports.count(session, found_filter)
    connectors = list(session.scalars(select(Connector).order_by(Connector.key)))
    keys = sorted(set(session.scalars(select(Flow.key))))
    return render_template(
        "pages/messages.html",
        # Who looks for a record is not asked about all the others, and does not wait for them.
        groups=[] if found_filter.found else message_parts.groups(session),
        parked=parked_count(),
        most_groups=reports.MOST_GROUPS,
        tabs=_tabs(session, wanted),
        wanted=wanted,
        given={**given, "tab": wanted.tab},
        listed=listed,
        total=total,
        rows=message_parts.rows(session, listed.rows),
        connectors=[(c.key, operate.name_of(c)) for c in connectors],
        syncs=[(key, operate.label_of(key)) for key in keys],
        ages=AGES,
        less=_costliest(session, given, found_filter) if not listed.rows else None,
        limits=operate.search_limits(found_filter.found, wanted.text, listed="messages"),
        cap=CAP,
        records_url=operate.link("records.index", q=wanted.text) if wanted.text else "",
    )


def _tabs(session: Session, wanted: reports.Filter) -> list[dict[str, object]]:
    counts = reports.tab_counts(session, wanted)
    return [
        {
            "label": label, "count": counts[key], "current": key == wanted.tab,
            "url": operate.same_page(
                tab=key or None, after=None, before=None, reason=None, run=None, sort=None,
            ) if key else url_for("messages.index", **_kept(tab="")),
            "tone": "bad" if key == "parked" and counts[key] else "",
        }
        for key, label in TABS
    ]  # fmt: skip


def _kept(**changes: str) -> dict[str, Any]:
    kept: dict[str, Any] = {
        n: request.args[n] for n in ("connector", "flow", "q", "age") if request.args.get(n)
    }
    return {**kept, **changes}


def _costliest(
    session: Session, given: dict[str, str], looked_up: reports.Filter
) -> dict[str, object] | None:
    """Return the filter without which most messages match, and how many."""
    names = {
        "q": f"“{given.get('q', '')}”", "age": dict(AGES).get(given.get("age", ""), ""),
        "connector": given.get("connector", ""), "flow": operate.label_of(given.get("flow", "")),
        "reason": "this reason", "run": "this run",
    }  # fmt: skip
    best: dict[str, object] | None = None
    most = 0
    for name, words in names.items():
        if not given.get(name):
            continue
        without = filter_of({**given, name: ""})
        if name != "q":
            without = replace(without, found=looked_up.found)
        if name != "age":
            without = replace(without, up_to=looked_up.up_to)
        number = reports.count(session, without)
        if number > most:
            most = number
            best = {"words": words, "count": number, "url": operate.same_page(**{name: None})}
    return best


@bp.get("/<int:message_id>")
@role("viewer")
def page(message_id: int) -> ResponseReturnValue:
    """Show one message with everything that happened to it."""
    session = db.session()
    message = session.get(Message, message_id)
    if message is None:
        abort(404, "There is no such message any more. Finished ones are kept as long as the log.")
    return render_template("pages/message.html", **message_parts.detail(session, message))


@bp.post("/act")
@role("operator")
def act() -> ResponseReturnValue:
    """Retry or skip the ticked messages, or all that match the filter."""
    what = request.form.get("do", "retry")
    target = operate.back(url_for("messages.index"))
    if request.form.get("all"):
        given = {n: request.form.get(f"f_{n}", "") for n in FILTERS if f"f_{n}" in request.form}
        ids = reports.matching_ids(db.session(), filter_of(given))
    else:
        ids = [n for i in request.form.getlist("id") if (n := operate.number(i))]
    db.session.rollback()
    if not ids:
        flash("Nothing was ticked, so nothing was done. Tick the messages first.", "info")
        return redirect(target, 303)
    done = _do(what, ids)
    _say(what, done, len(ids), f"message {ids[0]}" if len(ids) == 1 else f"{len(ids)} messages")
    return redirect(target, 303)


def _do(what: str, ids: list[int]) -> int:
    runtime, done = the_runtime(), 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        done += runtime.skip(part, operate.who()) if what == "skip" else runtime.retry(part)
    return done


def _say(what: str, done: int, asked: int, target: str) -> None:
    with frame_runtime().write() as session:
        action = "messages skipped" if what == "skip" else "messages retried"
        audit.record(session, sessions.here().user, action, target, None, {"messages": done})
    words = fmt.plural(done, "message")
    left = asked - done
    if what == "skip":
        text = f"{words} skipped. The next change of the record makes a new message."
    else:
        text = f"{words} will be tried again with fresh data from the ERP."
    if left:
        text += f" {left:,} had ended or are being sent now and stay as they are."
    if asked >= CAP:
        text += f" {CAP:,} are done at a time; repeat it for the rest."
    flash(text, "ok" if done else "info")


@bp.post("/retry-like")
@role("operator")
def retry_like() -> ResponseReturnValue:
    """Retry every parked message of a sync with the same reason."""
    flow_id, reason = operate.number(request.form.get("flow_id", "")), request.form.get("reason", "")
    done = the_runtime().retry_like(flow_id, reason)
    _say("retry", done, done, f"reason: {reason}"[:200])
    return redirect(operate.back(url_for("messages.index")), 303)
