"""After the first sign-in: explore with simulators, or connect real systems."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.store.tables import Connector
from hub.web import audit, sessions
from hub.web.db import db
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role

bp = Blueprint("start", __name__)


def any_connector() -> bool:
    """True once there is something to operate."""
    return db.session.scalar(select(Connector.id).limit(1)) is not None


def first_page(target: str) -> str:
    """Return where a fresh sign-in leads: the choice of how to start while there is no connector."""
    user = sessions.here().user
    if target == "/" and user is not None and user.role == "admin" and not any_connector():
        return url_for("start.index")
    return target


def can_explore(runtime: Any) -> bool:
    """True when this hub can start the simulators itself."""
    return bool(getattr(runtime, "can_explore", False))


@bp.get("/start")
@role("admin")
def index() -> ResponseReturnValue:
    """Offer the two ways."""
    if any_connector():
        return redirect("/", 303)
    new = "configuration.new" in current_app.view_functions
    return render_template(
        "pages/start.html",
        explore=can_explore(the_runtime()),
        new_url=url_for("configuration.new") if new else "/",
    )


@bp.post("/start/explore")
@role("admin")
def explore() -> ResponseReturnValue:
    """Start the simulators inside this hub: ``runtime.explore()``."""
    runtime = the_runtime()
    if not can_explore(runtime):
        flash("This hub cannot start the simulators. Run hub demo instead.", "bad")
        return redirect(url_for("start.index"), 303)
    runtime.explore()
    with frame_runtime().write() as session:
        audit.record(session, sessions.here().user, "simulators.started")
    flash("The simulators run. The first messages appear in about 20 seconds.", "ok")
    return redirect("/", 303)
