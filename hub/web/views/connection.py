"""One connection: can calls pass, quota and session, sign-in, parameters, changes."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from hub.reports import connectors as reports
from hub.sdk import ConfigError
from hub.settings import FieldErrors, connections
from hub.settings.connection_values import shown
from hub.store.tables import AuditEvent, Connection, Flow, Message
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role
from hub.web.views.configuration_saving import settings, who

bp = Blueprint("connection", __name__)
SHOWN_EVENTS = 10
WAYS = {"read": "Reading", "write": "Writing"}


def _found(key: str) -> Connection:
    with frame_runtime().read() as session:
        row = connections.by_key(session, key)
    if row is None:
        abort(404, f"There is no connection {key}. It may have been deleted.")
    return row


@bp.get("/connections/<key>")
@role("viewer")
def page(key: str) -> str:
    """Show how calls of a connection fare."""
    runtime, row = the_runtime(), _found(key)
    plugin = runtime.registry.get(row.plugin)
    try:
        values: dict[str, Any] = runtime.settings.resolved(row.id)
        trouble = ""
    except ConfigError as error:
        values, trouble = {}, str(error)
    status = runtime.gate.status(row.id, plugin, values)
    with frame_runtime().read() as session:
        used = connections.using(session, row.id)
        waiting = _waiting(session, [c.id for c in used])
        masked = shown(runtime.context, session, row)
        query = select(AuditEvent).where(AuditEvent.target == f"connection {key}")
        events = list(session.scalars(query.order_by(AuditEvent.id.desc()).limit(SHOWN_EVENTS)))
    every = runtime.context.connection_specs(row.plugin)
    chosen = {spec.name: spec.default for spec in every} | values
    specs = [spec for spec in every if spec.counts(chosen)]
    closed = [c for c in status.circuits if c.state != "closed"]
    return render_template(
        "pages/connection.html", row=row, plugin=plugin, used=used, status=status, closed=closed,
        waiting=waiting, plain=[s for s in specs if not s.advanced],
        advanced=[s for s in specs if s.advanced], shown=masked, events=events, ways=WAYS,
        trouble=trouble, side=_side(used, row),
    )  # fmt: skip


def _side(used: list[Any], row: Connection) -> str:
    return "erp" if used and used[0].erp_id == row.id else "store"


def _waiting(session: Any, connector_ids: list[int]) -> int:
    query = (
        select(func.count(Message.id))
        .join(Flow, Flow.id == Message.flow_id)
        .where(Flow.connector_id.in_(connector_ids), Message.status.in_(reports.NOT_ENDED))
    )
    return session.scalar(query) or 0


@bp.post("/connections/<key>/try-now")
@role("operator")
def try_now(key: str) -> ResponseReturnValue:
    """Let the next call try at once."""
    the_runtime().gate.try_now(_found(key).id)
    the_runtime().ring_all()
    flash("The next call tries now. If it passes, the others follow.", "ok")
    return redirect(url_for("connection.page", key=key), 303)


@bp.post("/connections/<key>/test")
@role("operator")
def test(key: str) -> ResponseReturnValue:
    """Test the saved values; a success lets refused sign-ins be used again."""
    result = the_runtime().test_saved(_found(key).id)
    tail = f" Answered in {result.latency_ms} ms." if result.ok and result.latency_ms else ""
    flash(f"{result.detail}{tail}", "ok" if result.ok else "bad")
    if result.ok:
        the_runtime().ring_all()
    return redirect(url_for("connection.page", key=key), 303)


@bp.get("/connections/<key>/delete")
@role("admin")
def delete(key: str) -> str:
    """Say who uses it, and ask for its ID."""
    return _delete_page(key, "", None)


@bp.post("/connections/<key>/delete")
@role("admin")
def delete_post(key: str) -> ResponseReturnValue:
    """Delete an unused connection when its ID was typed."""
    row, typed = _found(key), request.form.get("typed", "")
    try:
        settings().delete_connection(row.id, typed, who())
    except FieldErrors as wrong:
        return _delete_page(key, typed, next(iter(wrong.errors.values()))), 422
    flash(f"Connection {key} is deleted.", "ok")
    return redirect(url_for("connectors.index"), 303)


def _delete_page(key: str, typed: str, problem: str | None) -> str:
    row = _found(key)
    with frame_runtime().read() as session:
        used = connections.using(session, row.id)
    return render_template(
        "pages/connection_delete.html", row=row, used=used, typed=typed, problem=problem
    )
