"""Initial matching: links the hub proposes, with confidence and reason, for a person to accept."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.reports import proposals as reports
from hub.reports.bounded import CAP
from hub.settings.links import Linked
from hub.store.base import to_ms
from hub.store.tables import Connector, MatchRun
from hub.web import fmt, operate
from hub.web.db import db
from hub.web.face import the_runtime
from hub.web.security import role
from hub.web.views.records import chosen_connector, connectors_of

bp = Blueprint("matching", __name__, url_prefix="/records/matching")
ENTITIES = ("customer", "location", "contact", "stock")
LABELS = {"certain": "Certain", "high": "High", "possible": "Possible", "twice": "Not clear"}
ABOUT = {
    "certain": "The store’s record carries the ERP key. The next sync links these by itself.",
    "high": "Exactly one record on each side has the same e-mail, SKU or name.",
    "possible": "The names are similar. Look at each before it is linked.",
    "twice": "Several records fit, so the hub does not choose. Open one to link it by its ID.",
}


def _asked(session: Session) -> tuple[Connector, str]:
    connector = chosen_connector(session, request.values.get("connector", "")[:60])
    if connector is None:
        abort(404, "There is no connector of this ID.")
    entity = request.values.get("entity", "")
    return connector, entity if entity in ENTITIES else ENTITIES[0]


def _level(counts: dict[str, int]) -> str:
    """Return the level asked for, else the surest that has anything."""
    asked = request.args.get("level", "")
    if asked in LABELS:
        return asked
    return next((level for level in LABELS if counts.get(level)), "certain")


@bp.get("")
@role("operator")
def page() -> ResponseReturnValue:
    """Show what the last comparison proposes, and how far one is that runs."""
    session = db.session()
    connector, entity = _asked(session)
    run = session.get(MatchRun, (connector.id, entity))
    counts = reports.counts(session, connector, entity)
    level = _level(counts)
    rows, more, less = reports.page(
        session, connector, entity, level,
        after=request.args.get("after", "")[:200], before=request.args.get("before", "")[:200],
    )  # fmt: skip
    cut_off = run is not None and the_runtime().matching.is_cut_off(run)
    reading = run is not None and run.status == "reading" and not cut_off
    return render_template(
        "pages/matching.html",
        connector=connector, entity=entity, called=operate.name_of(connector), run=run,
        noun=operate.entity_of(entity, many=True).lower(), one=operate.entity_of(entity).lower(),
        connectors=[(c.key, operate.name_of(c)) for c in connectors_of(session)],
        entities=[(e, operate.entity_of(e, many=True)) for e in ENTITIES],
        reading=reading, cut_off=cut_off,
        listed=reports.listed(session, connector, entity) if reading else 0,
        unlinked=reports.unlinked(session, connector, entity), cap=CAP,
        counts=counts, level=level, about=ABOUT[level], label=LABELS[level],
        rows=rows, more=more, less=less, seen=_version(run),
        tabs=[
            {"label": label, "count": counts[name], "current": name == level,
             "url": operate.same_page(level=name, after=None, before=None)}
            for name, label in LABELS.items()
        ],
    )  # fmt: skip


def _version(run: MatchRun | None) -> str:
    """Name the comparison that a page shows: another one may propose something else."""
    return str(to_ms(run.started_at)) if run is not None else ""


@bp.post("/compare")
@role("operator")
def compare() -> ResponseReturnValue:
    """Read the store's side in the background and compare."""
    connector, entity = _asked(db.session())
    key, ident = connector.key, connector.id
    db.session.rollback()
    if not the_runtime().matching.begin(ident, entity, operate.who()):
        flash("They are being compared already. The result appears here.", "info")
    return redirect(url_for("matching.page", connector=key, entity=entity), 303)


@bp.post("/accept")
@role("operator")
def accept() -> ResponseReturnValue:
    """Link the ticked proposals, or all of one level."""
    session = db.session()
    connector, entity = _asked(session)
    run = session.get(MatchRun, (connector.id, entity))
    level = request.form.get("level", "")
    whole = bool(request.form.get("all"))
    ids = [n for i in request.form.getlist("id") if (n := operate.number(i))]
    back = url_for(
        "matching.page", connector=connector.key, entity=entity,
        level=level if level in LABELS else None,
    )  # fmt: skip
    if request.form.get("seen", "") != _version(run) or (run and run.status == "reading"):
        flash("They were compared again meanwhile. Look at the list again; nothing was linked.",
              "wait")  # fmt: skip
        return redirect(back, 303)
    if not whole and not ids:
        flash("Nothing was ticked, so nothing was linked. Tick the records first.", "info")
        return redirect(back, 303)
    ident = connector.id
    db.session.rollback()
    done = the_runtime().matching.accept(
        ident, entity, [] if whole else ids, level, operate.who()
    )  # fmt: skip
    flash(_said(done), "wait" if done.refused else "ok")
    return redirect(back, 303)


def _said(done: Linked) -> str:
    text = f"{fmt.plural(len(done.records), 'record')} linked. "
    text += f"{fmt.plural(done.queued, 'record')} will be read from the ERP and sent."
    if done.refused:
        first = next(iter(done.refused.values()))
        text += f" {fmt.plural(len(done.refused), 'record')} not linked: {first}"
    return text
