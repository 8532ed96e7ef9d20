"""Initialization: every check of a connector with its remedy, then Activate."""

import threading
from datetime import timedelta
from itertools import groupby

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.settings.connector_state import by_key
from hub.store.tables import Connection, Connector, InitializationCheck
from hub.web import context, fmt
from hub.web.face import frame_runtime, the_runtime
from hub.web.security import role
from hub.web.views.configuration_saving import who

bp = Blueprint("initialization", __name__)
PATIENCE = 3.0
"""Seconds that a press waits for the checks; after that the page fills in by itself."""
CUT_OFF = timedelta(minutes=2)
"""Checks of which nothing was heard for so long were cut off, with the process that ran them."""
STATES = ("passed", "failed", "note", "waits", "not_tested")


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
    number = {s: sum(c.status == s for c in checks) for s in STATES}
    running = under_way(row.id, checks)
    return render_template(
        "pages/initialization.html", connector=row, groups=groups, checks=checks, number=number,
        running=running, facts=summary(row, number, len(checks), running=running), sides=("erp", "store"), names=parameter_fields(row),
    )  # fmt: skip


def _threads() -> dict[int, threading.Thread]:
    found: dict[int, threading.Thread] = current_app.extensions.setdefault("hub_checking", {})
    return found


def under_way(connector_id: int, checks: list[InitializationCheck]) -> bool:
    """True while the checks run, in this process or in another one."""
    here = _threads().get(connector_id)
    if here is not None and here.is_alive():
        return True
    heard = max((c.at for c in checks), default=None)
    left = any(c.status == "not_tested" for c in checks)
    return here is None and left and heard is not None and context.now() - heard < CUT_OFF


def run_checks(connector_id: int) -> bool:
    """Run every check beside the pages; True when they ended while the press was waiting."""
    threads, runtime = _threads(), the_runtime()
    thread = threads.get(connector_id)
    if thread is None or not thread.is_alive():
        thread = threading.Thread(target=runtime.initialize, args=(connector_id,), daemon=True)
        threads[connector_id] = thread
        thread.start()
    thread.join(PATIENCE)
    return not thread.is_alive()


def summary(row: Connector, number: dict[str, int], total: int, *, running: bool = False) -> str:
    """Return the sentence under the title."""
    name = row.name or row.key
    if not total and not running:
        return f"{name} was not checked yet. The checks only read; nothing is written."
    parts = [fmt.plural(number["passed"], "check") + " passed"]
    if number["waits"]:
        parts.append(f"{number['waits']} wait for another")
    if number["not_tested"]:
        parts.append(f"{number['not_tested']} not tested yet")
    if number["note"]:
        parts.append(fmt.plural(number["note"], "note"))
    if running:
        return f"{name} is being checked. {', '.join(parts)}."
    if number["failed"]:
        return f"{name} cannot be activated yet. {', '.join(parts)}, {number['failed']} failed."
    if number["not_tested"]:
        return f"{name} is not checked to the end. {', '.join(parts)}."
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
    ended = run_checks(row.id)
    failed = [c for c in _found(key)[1] if c.status == "failed"]
    if not ended:
        flash("The checks take a while. The list fills in as they end.", "info")
    elif failed:
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
