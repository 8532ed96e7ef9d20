"""The dashboard: what needs a person, then how everything fares."""

from flask import Blueprint, current_app, render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.reports import flows as flow_reports
from hub.store.tables import Connector, Message
from hub.web import context, nav, operate
from hub.web.db import db
from hub.web.security import role
from hub.web.views import dashboard_charts, dashboard_parts
from hub.web.views.start import can_explore

bp = Blueprint("dashboard", __name__)
nav.register("dashboard", "Dashboard", "layout-dashboard")


@bp.record_once
def templates(state: BlueprintSetupState) -> None:
    """Give every operating page its filter and functions."""
    state.app.jinja_env.filters["capped"] = operate.shown_count
    state.app.jinja_env.globals.update(
        link=operate.link, same_page=operate.same_page, now=context.now
    )


@bp.get("/")
@role("viewer")
def index() -> ResponseReturnValue:
    """Show the dashboard, of one connector or all."""
    session, now = db.session(), context.now()
    wanted = request.args.get("connector", "")[:60]
    connectors = list(session.scalars(select(Connector).order_by(Connector.key)))
    shown = [c for c in connectors if wanted in ("", c.key)]
    facts = [f for f in flow_reports.facts(session, wanted) if f.flow.enabled or f.backlog]
    rows = [operate.sync_row(session, found, now) for found in facts]
    flows = [found.flow.id for found in facts]
    monthly = request.args.get("period") == "30d"
    needs = dashboard_parts.needs(session, rows)
    return render_template(
        "pages/dashboard.html",
        today=operate.day_words(now),
        connectors=connectors,
        wanted=wanted,
        needs=needs,
        parked=sum(found.parked for found in facts),
        table=dashboard_parts.connector_rows(session, shown, rows),
        matrix=dashboard_parts.matrix(shown, rows),
        shown=shown,
        charts=dashboard_charts.charts(session, flows, now, monthly=monthly),
        monthly=monthly,
        any_message=session.scalar(select(Message.id).limit(1)) is not None,
        explore=can_explore(current_app.extensions["hub_runtime"]),
    )
