"""Syncs: what moves, when, how far it has read; run it, change when it runs."""

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.reports import flows as flow_reports
from hub.reports import runs as run_reports
from hub.settings import connectors
from hub.settings.connector_state import get_connector
from hub.settings.errors import FieldErrors, NotFound
from hub.settings.flow_schedule import save_schedule, set_flow_paused
from hub.store.tables import Connector, Flow
from hub.web import audit, context, nav, operate, sessions
from hub.web.db import db
from hub.web.face import frame_runtime, the_runtime
from hub.web.schedule_words import ScheduleForm
from hub.web.security import repeatable, role
from hub.web.views import sync_parts

bp = Blueprint("syncs", __name__, url_prefix="/syncs")
nav.register("syncs", "Syncs", "refresh-cw")
MODES = {"incremental": "run", "full": "full run", "range": "run of a date range"}


@bp.get("/")
@role("viewer")
def index() -> ResponseReturnValue:
    """List every sync of every connector, running ones on top."""
    session, now = db.session(), context.now()
    wanted = request.args.get("connector", "")[:60]
    rows = sync_parts.rows(session, wanted, now)
    every = list(session.scalars(select(Connector).order_by(Connector.key)))
    shown = [c for c in every if wanted in ("", c.key)]
    return render_template(
        "pages/syncs.html",
        rows=rows,
        groups=[(c, [r for r in rows if r.facts.connector.id == c.id]) for c in shown],
        missing={c.id: sync_parts.not_ticked(session, c) for c in shown},
        running=[sync_parts.progress(session, r) for r in rows if r.facts.running],
        connectors=every,
        wanted=wanted,
        figures=run_reports.figures,
    )


@bp.get("/<int:flow_id>")
@role("viewer")
def page(flow_id: int) -> ResponseReturnValue:
    """Show one sync: schedule, runs, how far it has read."""
    row = _row(flow_id)
    schedule = row.facts.schedule
    form = ScheduleForm.saved(schedule.cron, schedule.full_cron) if schedule else ScheduleForm()
    return _page(row, form, {})


def _row(flow_id: int) -> operate.SyncRow:
    session = db.session()
    found = flow_reports.facts(session, flow_id=flow_id)
    if not found:
        abort(404, "There is no such sync any more. Its connector may have been deleted.")
    return operate.sync_row(session, found[0], context.now())


def _page(
    row: operate.SyncRow, form: ScheduleForm, errors: dict[str, tuple[str, str]], status: int = 200
) -> ResponseReturnValue:
    session, now = db.session(), context.now()
    quiet = request.args.get("show") == "all"
    before = _moment(request.args.get("before", ""))
    return render_template(
        "pages/sync.html",
        row=row,
        form=form,
        errors=errors,
        when=sync_parts.when(session, row, form, errors, now),
        runs=run_reports.listed(session, row.id, quiet=quiet, before=before),
        quiet=quiet,
        month=run_reports.count_of_month(session, row.id, now),
        position=sync_parts.position(session, row, now),
        day=sync_parts.day(session, row, now),
        figures=run_reports.figures,
        run_badge=sync_parts.run_badge,
        zone=operate.hub_zone(session),
        first=before is None,
    ), status


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@bp.post("/<int:flow_id>/preview")
@role("viewer")
@repeatable
def preview(flow_id: int) -> ResponseReturnValue:
    """Show the words and next times of what stands in the form; saves nothing."""
    form = ScheduleForm.posted(request.form)
    _, _, errors = form.read()
    return _page(_row(flow_id), form, errors)


@bp.post("/<int:flow_id>/schedule")
@role("operator")
def schedule(flow_id: int) -> ResponseReturnValue:
    """Save when a sync runs."""
    form = ScheduleForm.posted(request.form)
    runtime = the_runtime()
    row = _row(flow_id)
    saved = row.facts.schedule
    cron, full, errors = form.read(saved.full_cron if saved else "")
    db.session.rollback()
    if not errors:
        try:
            with runtime.write() as session:
                flow = session.get_one(Flow, flow_id)
                changed = save_schedule(runtime.context, session, flow, cron, full, operate.who())
        except FieldErrors as problem:
            name = "cron" if "cron" in problem.errors else "full_at"
            errors = {name: (" ".join(problem.errors.values()), "")}
    if errors:
        return _page(_row(flow_id), form, errors, 422)
    words = "Schedule saved." if changed else "Nothing had changed, so nothing was saved."
    flash(words, "ok" if changed else "info")
    return redirect(url_for("syncs.page", flow_id=flow_id), 303)


@bp.get("/<int:flow_id>/range")
@role("operator")
def date_range(flow_id: int) -> ResponseReturnValue:
    """Ask which days to read again."""
    return _range(_row(flow_id), {})


def _range(row: operate.SyncRow, wrong: dict[str, tuple[str, str]]) -> str:
    return render_template(
        "pages/sync_range.html", row=row, given=request.form, errors=wrong,
        zone=str(context.zone()),
    )  # fmt: skip


@bp.post("/<int:flow_id>/run")
@role("operator")
def run(flow_id: int) -> ResponseReturnValue:
    """Queue a run by hand: incremental, full, or of a date range."""
    row = _row(flow_id)
    mode = request.form.get("mode", "incremental")
    since = until = None
    if mode == "range":
        since, until, wrong = _days()
        if wrong:
            return _range(row, wrong), 422
    why = row.off or ("" if row.facts.connector.active else "Its connector is not active.")
    if why or mode not in MODES:
        flash(f"{row.label} was not started. {why}".strip(), "bad")
        return redirect(operate.back(url_for("syncs.index")), 303)
    db.session.rollback()
    runtime = the_runtime()
    run_id = runtime.run_now(flow_id, operate.who(), mode, since, until)
    _audit(f"{MODES[mode]} started", f"run {run_id}: {row.facts.flow.key} of {row.connector}")
    if not runtime.alive()[0]:
        flash("The run waits: clock and workers do not run in this process.", "wait")
    return redirect(url_for("runs.page", run_id=run_id), 303)


def _days() -> tuple[datetime | None, datetime | None, dict[str, tuple[str, str]]]:
    """Return the range in UTC, whole days in the person's zone; the last day is included."""
    texts = {name: request.form.get(name, "").strip() for name in ("from", "to")}
    since = context.day_begins(texts["from"])
    until = context.day_begins(texts["to"], after=True)
    wrong = {
        name: (f"{texts[name][:20]} is not a date.", "Write it as 2026-11-18.")
        for name, found in (("from", since), ("to", until))
        if texts[name] and found is None
    }
    if not texts["from"]:
        wrong["from"] = ("The first day is missing.", "Choose it.")
    if since is not None and since > context.now():
        wrong["from"] = ("The first day lies in the future.", "Choose a day until today.")
    elif since is not None and until is not None and until <= since:
        wrong["to"] = ("The last day lies before the first.", "Swap them.")
    return since, until, wrong


def _audit(action: str, target: str) -> None:
    with frame_runtime().write() as session:
        audit.record(session, sessions.here().user, action, target[:200])


@bp.post("/connectors/<int:connector_id>/pause", defaults={"what": "pause"})
@bp.post("/connectors/<int:connector_id>/resume", defaults={"what": "resume"})
@role("operator")
def pause(connector_id: int, what: str) -> ResponseReturnValue:
    """Pause or resume a connector: it keeps collecting and sends when resumed."""
    runtime = the_runtime()
    with runtime.write() as session:
        try:
            connector = get_connector(session, connector_id)
        except NotFound as problem:
            abort(404, str(problem))
        paused = what == "pause"
        connectors.set_paused(runtime.context, session, connector, operate.who(), paused=paused)
        name = operate.name_of(connector)
    if what == "resume":
        runtime.ring_all()
    words = "is paused. Changes are still collected and sent when you resume."
    flash(f"{name} {words if what == 'pause' else 'sends again.'}", "ok")
    return redirect(operate.back(url_for("syncs.index")), 303)


@bp.post("/<int:flow_id>/pause", defaults={"what": "pause"})
@bp.post("/<int:flow_id>/resume", defaults={"what": "resume"})
@role("operator")
def pause_one(flow_id: int, what: str) -> ResponseReturnValue:
    """Pause or resume one sync; the connector's others go on."""
    row = _row(flow_id)
    db.session.rollback()
    runtime = the_runtime()
    with runtime.write() as session:
        flow = session.get_one(Flow, flow_id)
        paused = what == "pause"
        moved = set_flow_paused(runtime.context, session, flow, operate.who(), paused=paused)
    if what == "resume":
        runtime.ring_all()
    words = "is paused. Changes are still collected and sent when you resume."
    if row.facts.connector.paused and what == "resume":
        words = f"is resumed, but {row.connector} is paused as a whole."
    elif what == "resume":
        words = "sends again."
    flash(f"{row.label} {words}" if moved else f"{row.label} was {'paused' if paused else 'resumed'} already.", "ok")
    return redirect(operate.back(url_for("syncs.page", flow_id=flow_id)), 303)
