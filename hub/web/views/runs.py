"""One run: progress, counts that add up, time per page, and stopping it."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from hub.reports import flows as flow_reports
from hub.reports import messages as message_reports
from hub.reports import runs as reports
from hub.reports.connectors import connections
from hub.store.tables import Run
from hub.web import audit, charts, context, fmt, operate, sessions
from hub.web.db import db
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role
from hub.web.views import dashboard_parts, sync_parts

bp = Blueprint("runs", __name__, url_prefix="/runs")


def _load(run_id: int) -> tuple[Run, operate.SyncRow]:
    session = db.session()
    run = session.get(Run, run_id)
    if run is None:
        abort(404, "There is no such run any more. Runs are kept as long as the log.")
    facts = flow_reports.facts(session, flow_id=run.flow_id)
    return run, operate.sync_row(session, facts[0], context.now())


@bp.get("/<int:run_id>")
@role("viewer")
def page(run_id: int) -> ResponseReturnValue:
    """Show a run, live while it lasts."""
    run, row = _load(run_id)
    session = db.session()
    pages = reports.page_rows(run.pages or [])
    earlier = reports.earlier(session, run)
    needs = []
    if reports.figures(run.counts or {}).parked:
        groups = message_reports.parked_groups(session, [run.flow_id], run.id)
        needs = [dashboard_parts.need_of(group, row) for group in groups[:5]]
    key, text = sync_parts.run_badge(run)
    took = run.finished_at - run.started_at if run.finished_at and run.started_at else None
    sides = {c.id: c for c in connections(session)}
    connector = row.facts.connector
    return render_template(
        "pages/run.html",
        run=run,
        row=row,
        badge=key,
        badge_text=text,
        live=run.status in ("running", "waiting"),
        progress=sync_parts.progress(session, row, run),
        pages=pages,
        chart=_chart(pages),
        sending=reports.sending(session, run),
        needs=needs,
        earlier=earlier[:4],
        usual=reports.usual(earlier),
        took=fmt.duration(took.total_seconds()) if took is not None else "",
        mode=sync_parts.MODES.get(run.mode, run.mode),
        why=sync_parts.why(run),
        quotas=[
            ("ERP", "calls_source", dashboard_parts.quota_of(sides[connector.erp_id])),
            ("Store", "calls_target", dashboard_parts.quota_of(sides[connector.store_id])),
        ],
        counts=run.counts or {},
        figures=reports.figures,
    )


def _chart(pages: list[reports.PageRow]) -> charts.Chart | None:
    if not pages:
        return None
    shown = pages[-60:]
    slowest = max(shown, key=lambda row: row.seconds)
    scale, unit = (1000, "ms") if slowest.seconds < 1 else (1, "s")
    values = [round(row.seconds * scale, 2) for row in shown]
    series = [charts.Series("read", "Read from ERP", values, fmt.duration(sum(values) / scale))]
    finding = f"Slowest was page {slowest.number}: {fmt.duration(slowest.seconds)}."
    labels = [str(row.number) for row in shown]
    return charts.bar_chart("Time per page", finding, labels, series, unit)


@bp.get("/<int:run_id>/cancel")
@role("operator")
def ask_cancel(run_id: int) -> ResponseReturnValue:
    """Say what cancelling does, before it is done."""
    run, row = _load(run_id)
    return render_template(
        "pages/run_cancel.html", run=run, row=row,
        progress=sync_parts.progress(db.session(), row, run),
    )  # fmt: skip


@bp.post("/<int:run_id>/cancel")
@role("operator")
def cancel(run_id: int) -> ResponseReturnValue:
    """Ask the run to stop: what was sent stays sent, the rest waits."""
    run, row = _load(run_id)
    ended = run.status not in ("running", "waiting")
    db.session.rollback()
    if ended:
        flash("The run had ended already. Nothing was cancelled.", "info")
    else:
        the_runtime().cancel_run(run_id)
        with frame_runtime().write() as session:
            target = f"run {run_id}: {row.facts.flow.key} of {row.facts.connector.key}"
            audit.record(session, sessions.here().user, "run cancelled", target)
        flash("The run stops after the call that is under way. What was sent stays sent.", "ok")
    return redirect(url_for("runs.page", run_id=run_id), 303)
