"""Connectors and their connections: the list, pause and resume, deactivate, delete."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.gate.facts import QuotaView
from hub.reports import connectors as reports
from hub.settings import FieldErrors
from hub.settings.connector_state import by_key
from hub.store.tables import Connection, Connector
from hub.web import auth, fmt, nav
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import repeatable, role
from hub.web.views import configuration_general, start
from hub.web.views.configuration_saving import settings, who

bp = Blueprint("connectors", __name__)
nav.register("connectors", "Connectors", "plug-zap")

STATES = (
    ("needs_sign_in", "Needs sign-in"),
    ("not_reachable", "Not reachable"),
    ("needs_attention", "Needs attention"),
    ("being_set_up", "Being set up"),
    ("running", "Running"),
    ("paused", "Paused"),
    ("off", "Off"),
)
PERSON = ("needs_sign_in", "not_reachable", "needs_attention")
NEWEST = 6


@dataclass(slots=True)
class ConnectionRow:
    """One connection of the lower table. ``share`` None = nothing known of its quota."""

    connection: Connection
    badge: str
    used_by: list[str]
    share: float | None
    words: str
    system: str


@bp.get("/connectors")
@role("viewer")
def index() -> str:
    """List connectors, those that need a person first, and the connections below."""
    with frame_runtime().read() as session:
        rows = reports.rows(session)
        connections = connection_rows(session)
    text = request.args.get("q", "").strip()
    state = request.args.get("state", "")
    plugin = request.args.get("plugin", "")
    shown = [row for row in rows if _matches(row, text.lower(), state, plugin)]
    runtime = the_runtime()
    return render_template(
        "pages/connectors.html", rows=shown, total=len(rows), connections=connections, q=text,
        state=state, plugin=plugin, states=STATES, facts=summary(rows), person=PERSON,
        plugins=[(k, p.info.label) for k, p in runtime.registry.plugins.items()],
        explore=start.can_explore(runtime), labels=labels(), every="all" in request.args,
        newest=NEWEST,
    )  # fmt: skip


def labels() -> dict[str, str]:
    """Return plugin labels by key, and flow labels by flow key."""
    found: dict[str, str] = {}
    for key, plugin in the_runtime().registry.plugins.items():
        found[key] = plugin.info.label
        found |= {action.key: action.label for action in plugin.actions.values()}
    return found


def _matches(row: reports.Row, text: str, state: str, plugin: str) -> bool:
    words = f"{row.connector.key} {row.connector.name} {row.erp.key} {row.store.key}".lower()
    fits = not plugin or plugin in (row.erp.plugin, row.store.plugin)
    return text in words and (not state or row.state == state) and fits


def summary(rows: Sequence[reports.Row]) -> str:
    """Return the sentence under the title."""
    said = []
    person = sum(row.state in PERSON for row in rows)
    if person:
        said.append(f"{person} of {len(rows)} {'needs' if person == 1 else 'need'} a person")
    for key, words in (("being_set_up", "being set up"), ("paused", "paused"), ("off", "off")):
        number = sum(row.state == key for row in rows)
        if number:
            said.append(f"{number} {'is' if number == 1 else 'are'} {words}")
    tail = f" {', '.join(said)}." if said else ""
    return f"A connector links one ERP connection with one store connection.{tail}"


def connection_rows(session: Session) -> list[ConnectionRow]:
    """Return every connection with its quota in words."""
    runtime = the_runtime()
    used = reports.used_by(session)
    found = []
    for row in reports.connections(session):
        plugin = runtime.registry.get(row.plugin)
        status = runtime.gate.status(row.id, plugin)
        share, words = quota_words(status.quotas)
        badge = (
            "waiting_for_quota" if waits(status.quotas) and row.state == "connected" else row.state
        )
        names = [c.name or c.key for c in used.get(row.id, [])]
        label = plugin.info.label if plugin else row.plugin
        found.append(ConnectionRow(row, badge, names, share, words, label))
    return found


def waits(quotas: Sequence[QuotaView]) -> bool:
    """True when a quota makes calls wait now."""
    return any(view.waits_until is not None for view in quotas)


def quota_words(quotas: Sequence[QuotaView]) -> tuple[float | None, str]:
    """Return share left and words of the quota with the least left."""
    if not quotas:
        return None, "Not known, no call yet"
    view = min(quotas, key=lambda q: (q.limit - q.used) / q.limit if q.limit else 0.0)
    left = max(0, view.limit - view.used)
    words = f"{left:,} of {view.limit:,} left, {view.label}"
    if view.waits_until is not None:
        seconds = (view.waits_until - frame_runtime().clock.now()).total_seconds()
        words = f"{left:,} of {view.limit:,}, full again in {fmt.duration(max(1, round(seconds)))}"
    return (left / view.limit if view.limit else 0.0), words


@bp.route("/look-up-connector", methods=["GET", "POST"])
@role("viewer")
@repeatable
def look_up() -> str:
    """List the connectors to choose from; the dialog of the same content needs script."""
    return render_template("pages/connectors_look_up.html", known=configuration_general.known())


def _found(key: str) -> Connector:
    with frame_runtime().read() as session:
        row = by_key(session, key)
    if row is None:
        abort(404, f"There is no connector {key}. It may have been deleted.")
    return row


def _back() -> ResponseReturnValue:
    wanted = auth.local_path(request.form.get("next"))
    return redirect(wanted if wanted != "/" else url_for("connectors.index"), 303)


@bp.post("/connectors/<key>/pause")
@role("operator")
def pause(key: str) -> ResponseReturnValue:
    """Keep collecting, send when resumed."""
    settings().set_paused(_found(key).id, who(), paused=True)
    flash(f"{key} is paused. It keeps collecting changes and sends them when you resume.", "ok")
    return _back()


@bp.post("/connectors/<key>/resume")
@role("operator")
def resume(key: str) -> ResponseReturnValue:
    """Send what was collected."""
    settings().set_paused(_found(key).id, who(), paused=False)
    the_runtime().ring_all()
    flash(f"{key} sends again.", "ok")
    return _back()


@bp.get("/connectors/<key>/deactivate")
@role("admin")
def deactivate(key: str) -> str:
    """Ask how: pause, or off."""
    row = _found(key)
    with frame_runtime().read() as session:
        goes = reports.what_goes(session, row.id)
    return render_template("pages/connectors_deactivate.html", connector=row, goes=goes)


@bp.post("/connectors/<key>/deactivate")
@role("admin")
def deactivate_post(key: str) -> ResponseReturnValue:
    """Pause or switch off."""
    row = _found(key)
    if request.form.get("how") == "off":
        settings().set_active(row.id, who(), active=False)
        flash(f"{key} is off. Its messages wait; nothing is read, sent or accepted.", "ok")
    else:
        settings().set_paused(row.id, who(), paused=True)
        flash(f"{key} is paused. It keeps collecting changes and sends them when you resume.", "ok")
    return _back()


@bp.get("/connectors/<key>/delete")
@role("admin")
def delete(key: str) -> str:
    """Say what goes and what stays, and ask for the ID."""
    return _delete_page(_found(key), "", None)


@bp.post("/connectors/<key>/delete")
@role("admin")
def delete_post(key: str) -> ResponseReturnValue:
    """Delete when the ID was typed."""
    row, typed = _found(key), request.form.get("typed", "")
    try:
        settings().delete_connector(row.id, typed, who())
    except FieldErrors as wrong:
        return _delete_page(row, typed, wrong.errors.get("typed")), 422
    flash(f"{key} is deleted. Its connections stay.", "ok")
    return redirect(url_for("connectors.index"), 303)


def _delete_page(row: Connector, typed: str, problem: str | None) -> str:
    with frame_runtime().read() as session:
        goes = reports.what_goes(session, row.id)
    return render_template(
        "pages/connectors_delete.html", connector=row, goes=goes, typed=typed, problem=problem
    )
