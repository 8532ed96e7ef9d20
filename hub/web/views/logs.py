"""The connector log: eight columns, filters, and a tail that follows."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.reports import logs as reports
from hub.settings.common_specs import values
from hub.store.tables import Connector
from hub.web import context, nav, operate
from hub.web.db import db
from hub.web.face import the_runtime
from hub.web.security import role

bp = Blueprint("logs", __name__, url_prefix="/logs")
nav.register("logs", "Logs", "scroll-text")
LEVELS = (("info", "Info and above"), ("warning", "Warnings and errors"), ("error", "Errors only"))
FILTERS = ("level", "flow", "connector", "q", "from", "to")


@bp.get("/")
@role("viewer")
def index() -> ResponseReturnValue:
    """Show the log, newest first; the first page follows unless it was stopped."""
    session = db.session()
    given = {name: request.args.get(name, "").strip()[:100] for name in FILTERS}
    wanted = reports.LogFilter(
        given["level"], given["flow"], given["connector"], given["q"],
        context.day_begins(given["from"]), context.day_begins(given["to"], after=True),
    )  # fmt: skip
    before = request.args.get("before", "")
    page = reports.page(session, wanted, before=operate.number(before))
    connectors = list(session.scalars(select(Connector).order_by(Connector.key)))
    follow = request.args.get("follow") != "0" and not page.newer
    return render_template(
        "pages/logs.html",
        page=page,
        given=given,
        levels=LEVELS,
        syncs=list(operate.labels().items()),
        connectors=[(c.key, operate.name_of(c)) for c in connectors],
        label_of=operate.label_of,
        kept_days=values(session)["retention_days"],
        follow=follow,
        kept=_kept_levels(connectors, given["connector"]),
        any_entry=bool(page.rows) or reports.any_entry(session),
        filtered=any(given.values()),
        zone=context.zone(),
    )


def _kept_levels(connectors: list[Connector], chosen: str) -> str:
    """Return which levels are kept, in words, for the page without an entry."""
    settings = getattr(the_runtime(), "settings", None)
    shown = [c for c in connectors if chosen in ("", c.key)]
    if settings is None or not shown:
        return ""
    names: dict[str, None] = {}
    for connector in shown:
        kept = settings.logging(connector.id)
        names.update({n.capitalize(): None for n in reversed(reports.LEVELS) if kept.get(n)})
    return ", ".join(names)
