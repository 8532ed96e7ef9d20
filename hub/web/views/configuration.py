"""Connector Configuration: one page for a new and for a saved connector."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.sdk import HubError
from hub.settings import Conflict, FieldErrors, NotFound
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import repeatable, role
from hub.web.views import configuration_conflict as conflicts
from hub.web.views import configuration_drafts as drafts
from hub.web.views import configuration_lookups as lookups
from hub.web.views import configuration_page as pages
from hub.web.views import configuration_saving as saving
from hub.web.views.configuration_general import SIDE_LABELS
from hub.web.views.configuration_input import SIDES, Given, parse
from hub.web.views.configuration_page import Result
from hub.web.views.configuration_state import Saved, load
from hub.web.views.configuration_warehouses import WAREHOUSES

bp = Blueprint("configuration", __name__)
UNREACHED = "Check the address, and that the system runs and can be reached from here."


def _htmx() -> bool:
    return bool(request.headers.get("HX-Request"))


def _posted() -> tuple[str | None, Given, Saved]:
    """Read the posted form and what is saved; 404 when the connector is gone."""
    context = the_runtime().context
    given = parse(request.form, context)
    key = request.form.get("saved", "") or None
    given.key = key or given.key
    try:
        with frame_runtime().read() as session:
            saved = load(context, session, key, given)
    except NotFound as gone:
        abort(404, str(gone))
    conflicts.follow_connection(given, saved)
    saving.settle(given, saved)
    return key, given, saved


def _again(
    key: str | None,
    given: Given,
    errors: dict[str, str] | None = None,
    result: Result | None = None,
) -> str:
    """Draw the page with everything that was typed; secrets wait sealed in the session."""
    given.form = given.form or drafts.new_form()
    drafts.keep(given.form, given.typed)
    return pages.render(pages.build(key, given, errors, result))


@bp.get("/new-connector", endpoint="new")
@role("admin")
def new() -> str:
    """Show General alone; the rest follows from the plugins."""
    given = Given(key=request.args.get("key", "")[:60])
    return pages.render(pages.build(None, given))


@bp.get("/connectors/<key>")
@role("viewer")
def page(key: str) -> str:
    """Show a saved connector."""
    try:
        return pages.render(pages.build(key))
    except NotFound as gone:
        abort(404, str(gone))


@bp.post("/new-connector", endpoint="create")
@bp.post("/connectors/<key>", endpoint="save")
@role("admin")
def save(key: str = "") -> ResponseReturnValue:
    """Save everything or nothing; 422 shows the same page with each error at its field."""
    _, given, saved = _posted()
    if not saved.fresh and key != given.key:
        abort(400, "This form belongs to another connector. Reload the page.")
    picks = conflicts.choices(request.form)
    if picks is not None:
        still_open = conflicts.resolve(given, saved, picks)
        if still_open:
            return conflicts.draw(given, saved, None, still_open), 422
    wanted, errors = saving.check(given, saved)
    if errors:
        return _again(None if saved.fresh else key, given, errors), 422
    if picks is None and conflicts.overtaken(given, saved):
        return conflicts.draw(given, saved, None), 422
    try:
        ident = saving.settings().save_connector(
            wanted, saving.who(), expected=saved.version, base=given.base
        )
    except FieldErrors as wrong:
        return _again(None if saved.fresh else key, given, wrong.errors), 422
    except Conflict as both:
        return conflicts.draw(given, saved, both), 422
    drafts.keep(given.form, {})
    saving.release(given.key)
    wish = saving.wish(given)
    if not saving.switch(ident, wish):
        return redirect(url_for("initialization.page", key=given.key), 303)
    flash(_saved_words(given, saved, wish), "ok")
    return redirect(url_for("configuration.page", key=given.key), 303)


def _saved_words(given: Given, saved: Saved, wish: bool | None) -> str:
    if saved.fresh:
        return f"{given.key} is saved. Initialize checks everything it needs; then turn it on."
    if wish is not None:
        return f"Saved. {given.key} is {'on' if wish else 'off'}."
    return "Saved."


@bp.post("/configuration/form")
@role("admin")
@repeatable
def form() -> str:
    """Draw the page again for other plugins or another connection; nothing is saved."""
    key, given, _ = _posted()
    return _again(key, given)


@bp.post("/configuration/test")
@role("admin")
@repeatable
def test() -> ResponseReturnValue:
    """Test both connections with the values of the form; nothing is saved."""
    key, given, saved = _posted()
    result, errors = Result(), {}
    for side in SIDES:
        plugin = saved.plugins[side]
        label = plugin.info.label if plugin else SIDE_LABELS[side]
        tried = saving.test_side(given, side)
        text = _fine(tried.detail, tried.latency_ms)
        path = "" if tried.ok else saving.guilty(given, saved, side, tried)
        if path:
            errors[path] = tried.detail if tried.parameter else f"{tried.detail} {UNREACHED}"
            text = tried.detail.partition(". ")[0].rstrip(".") + "."
        result.lines.append((label, tried.ok, text))
    if result.ok:
        lookups.read_all(saved, given)
    if not _htmx():
        return _again(key, given, errors, result), 200 if result.ok else 422
    drawn = pages.build(key, given, errors, result)
    return render_template("pages/configuration_result.html", page=drawn), 200 if result.ok else 422


def _fine(detail: str, milliseconds: int) -> str:
    return f"{detail} Answered in {milliseconds} ms." if milliseconds else detail


@bp.post("/configuration/lookups")
@role("viewer")
@repeatable
def read_lookups() -> ResponseReturnValue:
    """Read the lists that are not fresh. It may take as long as the ERP does; the page goes on."""
    _, given, saved = _posted()
    if not saved.fresh:
        lookups.read_all(saved, given)
    return render_template("pages/configuration_rows.html", ask=True, page=None)


@bp.post("/configuration/rows")
@role("viewer")
@repeatable
def rows() -> str:
    """Draw the fields with lists again, with the ticks as they stand now."""
    key, given, _ = _posted()
    return render_template("pages/configuration_rows.html", ask=False, page=pages.build(key, given))


@bp.post("/configuration/read-again")
@role("admin")
@repeatable
def read_again() -> ResponseReturnValue:
    """Read one list now, whatever its age."""
    key, given, saved = _posted()
    path = request.args.get("field", "")
    drawn = pages.build(key, given)
    place = pages.lookup_of(drawn, path)
    if place is None:
        abort(404)
    try:
        lookups.read(saved, given, *place, fresh=True)
        if path == WAREHOUSES:
            lookups.read(saved, given, "erp", lookups.STOCK, fresh=True)
            lookups.read(saved, given, "store", lookups.LOCATIONS, fresh=True)
    except HubError as error:
        abort(503, str(error))
    if not _htmx():
        return _again(key, given)
    drawn = pages.build(key, given)
    if path == WAREHOUSES:
        return render_template("pages/configuration_rows.html", ask=False, page=drawn)
    return render_template("pages/configuration_row.html", f=pages.field_at(drawn, path))


@bp.post("/configuration/live")
@role("viewer")
@repeatable
def live() -> str:
    """Draw what follows from other fields: Endpoint URL, features, retry times, consequences."""
    key, given, _ = _posted()
    return render_template("pages/configuration_live.html", page=pages.build(key, given))
