"""Initialization: every check of a connector with its remedy, then Activate."""

from itertools import groupby

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.settings.connector_state import by_key
from hub.store.tables import Connection, Connector, InitializationCheck
from hub.web import fmt
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role
from hub.web.views.configuration_saving import who

bp = Blueprint("initialization", __name__)


def _found(key: str) -> tuple[Connector, list[InitializationCheck]]:
    with frame_runtime().read() as session:
        row = by_key(session, key)
        if row is None:
            abort(404, f"There is no connector {key}. It may have been deleted.")
        query = select(InitializationCheck).where(InitializationCheck.connector_id == row.id)
        return row, list(session.scalars(query.order_by(InitializationCheck.position)))


@bp.get("/connectors/<key>/initialization")
@role("viewer")
def page(key: str) -> str:
    """Show the last result, groups with a failure first."""
    row, checks = _found(key)
    groups = [(name, list(rows)) for name, rows in groupby(checks, key=lambda c: c.grouping)]
    groups.sort(key=lambda g: all(c.status != "failed" for c in g[1]))
    number = {s: sum(c.status == s for c in checks) for s in ("passed", "failed", "note", "waits")}
    return render_template(
        "pages/initialization.html", connector=row, groups=groups, checks=checks, number=number,
        facts=summary(row, number, len(checks)), sides=("erp", "store"), names=parameter_fields(row),
    )  # fmt: skip


def summary(row: Connector, number: dict[str, int], total: int) -> str:
    """Return the sentence under the title."""
    name = row.name or row.key
    if not total:
        return f"{name} was not checked yet. The checks only read; nothing is written."
    parts = [fmt.plural(number["passed"], "check") + " passed"]
    if number["waits"]:
        parts.append(f"{number['waits']} wait for another")
    if number["note"]:
        parts.append(fmt.plural(number["note"], "note"))
    if number["failed"]:
        return f"{name} cannot be activated yet. {', '.join(parts)}, {number['failed']} failed."
    return f"{name} {'is on' if row.active else 'can be activated'}. {', '.join(parts)}."


def parameter_fields(row: Connector) -> dict[str, str]:
    """Return plugin label → prefix of its fields on the configuration page."""
    registry = the_runtime().registry
    found: dict[str, str] = {}
    with frame_runtime().read() as session:
        for side in ("erp", "store"):
            key = session.get_one(Connection, getattr(row, f"{side}_id")).plugin
            plugin = registry.get(key)
            found[plugin.info.label if plugin else key] = side
    return found


@bp.post("/connectors/<key>/initialize")
@role("admin")
def check(key: str) -> ResponseReturnValue:
    """Run every check."""
    row, _ = _found(key)
    failed = [c for c in the_runtime().initialize(row.id) if c.check.status == "failed"]
    if failed:
        flash(f"{fmt.plural(len(failed), 'check')} failed; each says below what to do.", "bad")
    else:
        flash("Every check passed.", "ok")
    return redirect(url_for("initialization.page", key=key), 303)


@bp.post("/connectors/<key>/check-again")
@role("admin")
def check_again(key: str) -> ResponseReturnValue:
    """Run one check again, and what waited for it."""
    row, checks = _found(key)
    group, activity = request.form.get("group", ""), request.form.get("activity", "")
    known = {(c.grouping, c.activity) for c in checks}
    target = redirect(url_for("initialization.page", key=key), 303)
    if (group, activity) not in known:
        flash("There is no such check any more. Run all checks again.", "info")
        return target
    done = the_runtime().check_again(row.id, group, activity)
    name = f"{activity} of {group}"
    if done is None:
        flash(f"{name} is not needed any more. The list shows what was found.", "info")
    elif done.check.status == "failed":
        flash(f"{name} failed again. {done.check.detail}", "bad")
    else:
        flash(f"{name}: {done.check.detail or 'passed'}", "ok")
    return target


@bp.post("/connectors/<key>/activate")
@role("admin")
def activate(key: str) -> ResponseReturnValue:
    """Check, then switch on."""
    row, _ = _found(key)
    problems = the_runtime().activate(row.id, who())
    if problems:
        flash(f"{key} stays off. {problems[0]}", "bad")
        return redirect(url_for("initialization.page", key=key), 303)
    the_runtime().ring_all()
    flash(f"{key} is on. Its syncs run by their schedules.", "ok")
    return redirect(url_for("configuration.page", key=key), 303)
