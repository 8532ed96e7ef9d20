"""Plugins: what is installed, which of it may run, what is in quarantine and why."""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hub.registry import read_quality
from hub.reports import connectors as reports
from hub.sdk import ConfigError, Role
from hub.settings.approvals import Entry
from hub.store.tables import Connection, Connector, Flow, Message
from hub.web import fmt, nav
from hub.web.context import show_time
from hub.web.face import frame_runtime, the_runtime
from hub.web.operate import who
from hub.web.security import role

bp = Blueprint("plugins", __name__)
nav.register("plugins", "Plugins", "puzzle", group=nav.SET_UP)
ROLES = {Role.ERP: "ERP", Role.STORE: "Store", Role.BOTH: "ERP or store"}
WORDS = {
    "approved": "approved",
    "found": "found and not approved",
    "changed": "changed since the approval",
    "restart": "waiting for a new start",
    "revoked": "revoked",
    "missing": "not installed any more",
    "quarantined": "quarantined",
}
LOOKS = {
    "quarantined": ("shield-alert", "bad", "is quarantined"),
    "missing": ("unplug", "bad", "is not installed any more"),
    "changed": ("package-search", "wait", "has changed since it was approved"),
    "restart": ("rotate-cw", "wait", "needs a new start of the hub"),
    "found": ("package-search", "wait", "was found"),
    "revoked": ("ban", "wait", "is revoked, but connectors use it"),
}
"""What needs an administrator, worst first: icon, tone, and what happened."""

NOT_TICKED = "Tick the box when the SHA-256 is the one its author published. Nothing was approved."


class Use(NamedTuple):
    """Who uses a plugin, and how many of their messages have not ended."""

    connectors: list[str]
    waiting: int


@bp.get("/plugins")
@role("viewer")
def index() -> str:
    """List every plugin; what needs an administrator stands first."""
    the_runtime().approvals.follow()
    entries: list[Entry] = the_runtime().approvals.entries()
    with frame_runtime().read() as session:
        used = {entry.found.name: _use(session, entry.found.name) for entry in entries}
    counts: Counter[str] = Counter(entry.found.state for entry in entries)
    words = ", ".join(f"{counts[key]} {word}" for key, word in WORDS.items() if counts[key])
    needing = [e for e in entries if _needs_someone(e, used)]
    quality = {e.found.name: read_quality(e.found.module) for e in entries if e.found.plugin}
    needing.sort(key=lambda e: list(LOOKS).index(e.found.state))
    return render_template(
        "pages/plugins.html", entries=entries, needing=needing, used=used, roles=ROLES,
        looks=LOOKS, words=words, quality=quality, first=next((e for e in needing if _to_review(e)), None),
    )  # fmt: skip


def _needs_someone(entry: Entry, used: dict[str, Use]) -> bool:
    state = entry.found.state
    return state in LOOKS and (state != "revoked" or bool(used[entry.found.name].connectors))


def _to_review(entry: Entry) -> bool:
    """True for one that an administrator may approve, from its files alone."""
    return entry.found.state in ("found", "changed", "revoked")


def _use(session: Session, plugin: str) -> Use:
    query = (
        select(Connector)
        .join(
            Connection, or_(Connector.erp_id == Connection.id, Connector.store_id == Connection.id)
        )
        .where(Connection.plugin == plugin)
        .distinct()
    )
    rows = list(session.scalars(query.order_by(Connector.key)))
    waiting = (
        select(func.count(Message.id))
        .join(Flow, Flow.id == Message.flow_id)
        .where(
            Flow.connector_id.in_([row.id for row in rows]), Message.status.in_(reports.NOT_ENDED)
        )
    )
    count = session.scalar(waiting) if rows else 0
    return Use([row.name or row.key for row in rows], count or 0)


@bp.post("/plugins/look")
@role("admin")
def look() -> ResponseReturnValue:
    """Look whether something was installed since."""
    new = the_runtime().approvals.look()
    if new:
        flash(f"Found {', '.join(new)}. None of it runs until you approve it.", "ok")
    else:
        flash("Found nothing new. Did the command run where the hub runs?", "info")
    return redirect(url_for("plugins.index"), 303)


def _entry(name: str) -> Entry:
    the_runtime().approvals.follow()
    registry = the_runtime().registry
    entries: list[Entry] = the_runtime().approvals.entries()
    for entry in entries:
        if entry.found is registry.found.get(name):
            return entry
    abort(404, f"There is no plugin {name} here. It may have been uninstalled.")


@bp.get("/plugins/<name>/approve")
@role("admin")
def approve(name: str) -> ResponseReturnValue:
    """Show what is known of the package before any of its code runs."""
    entry = _entry(name)
    if not _to_review(entry):
        return redirect(url_for("plugins.index"), 303)
    return _approve_page(entry, "")


@bp.post("/plugins/<name>/approve")
@role("admin")
def approve_post(name: str) -> ResponseReturnValue:
    """Approve the files that were shown, or let a quarantined plugin try again."""
    entry = _entry(name)
    if _to_review(entry) and not request.form.get("known"):
        return _approve_page(entry, NOT_TICKED), 422
    try:
        found = the_runtime().approvals.approve(name, who(), sha256=request.form.get("sha256"))
    except ConfigError as error:
        flash(str(error), "bad")
        return redirect(url_for("plugins.index"), 303)
    the_runtime().ring_all()
    if found.plugin is not None:
        flash(f"{name} is approved and in use. Other processes follow within 15 seconds.", "ok")
    elif found.state == "quarantined":
        flash(f"{name} is approved, but it is in quarantine: {found.reason}.", "bad")
    else:
        flash(f"{name}: {found.reason}.", "wait")
    return redirect(url_for("plugins.index"), 303)


def _approve_page(entry: Entry, problem: str) -> str:
    package = entry.found.package
    facts: list[tuple[str, Any]] = []
    if package is not None:
        size = f"{fmt.plural(package.files, 'file')}, {max(1, package.size // 1000):,} kB"
        facts = [
            ("Distribution", f"{package.distribution} {package.version}"),
            ("Module", package.module),
            ("Says it is by", f"{package.author} (not verified)" if package.author else "Not said"),
            ("Licence", package.licence or "Not said"),
            ("Installed", _when(package.installed_at, size)),
            ("Also installs", ", ".join(package.requires) or "Nothing else"),
        ]
    return render_template(
        "pages/plugins_approve.html", entry=entry, facts=facts, problem=problem, package=package
    )


def _when(moment: datetime | None, size: str) -> str:
    return f"{show_time(moment, 'day_time')}, {size}" if moment else size


@bp.get("/plugins/<name>/revoke")
@role("admin")
def revoke(name: str) -> ResponseReturnValue:
    """Say what rests when the approval is taken back."""
    entry = _entry(name)
    if entry.row is None or entry.row.state != "approved" or entry.found.bundled:
        return redirect(url_for("plugins.index"), 303)
    with frame_runtime().read() as session:
        use = _use(session, name)
    return render_template("pages/plugins_revoke.html", entry=entry, use=use)


@bp.post("/plugins/<name>/revoke")
@role("admin")
def revoke_post(name: str) -> ResponseReturnValue:
    """Take the approval back."""
    try:
        the_runtime().approvals.revoke(name, who())
        flash(
            f"{name} is revoked. Its syncs pause; nothing is lost, their messages wait. Its code "
            "leaves memory at the next start of the hub.", "ok",
        )  # fmt: skip
    except ConfigError as error:
        flash(str(error), "bad")
    return redirect(url_for("plugins.index"), 303)
