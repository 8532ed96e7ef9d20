"""Records: what the hub knows of the ERP, for which connectors it is enabled, how it is linked."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports import records as reports
from hub.reports.record_search import kinds
from hub.settings import enablement
from hub.store.tables import Connector, RecordRow
from hub.web import fmt, nav, operate
from hub.web.db import db
from hub.web.face import the_runtime
from hub.web.security import repeatable, role
from hub.web.views import record_parts

bp = Blueprint("records", __name__, url_prefix="/records")
nav.register("records", "Records", "database")
FILTERS = ("entity", "connector", "q", "record_class", "enabled", "linked", "parent")


def filter_of(given: Mapping[str, str]) -> reports.RecordFilter:
    """Return the filter that stands in the address, or in the hidden fields of a bulk form."""
    return reports.RecordFilter(
        entity=given.get("entity", "")[:40] or "customer",
        text=given.get("q", "").strip()[:100],
        record_class=given.get("record_class", "")[:60],
        enabled=given.get("enabled", ""),
        linked=given.get("linked", ""),
        parent=given.get("parent", "")[:200],
    )


def connectors_of(session: Session) -> list[Connector]:
    """Return every connector by its ID."""
    return list(session.scalars(select(Connector).order_by(Connector.key)))


def chosen_connector(session: Session, key: str) -> Connector | None:
    """Return the named connector; when none is named, the first whose ERP has records."""
    return _chosen(connectors_of(session), key)


def _chosen(connectors: list[Connector], key: str) -> Connector | None:
    """Return the named connector, else the first whose ERP has records."""
    named = next((c for c in connectors if c.key == key), None)
    if named is not None or not connectors:
        return named
    known = {connection_id for connection_id, _ in kinds(db.session())}
    return next((c for c in connectors if c.erp_id in known), connectors[0])


@bp.get("/")
@role("viewer")
def index() -> ResponseReturnValue:
    """List the records of one entity as one connector sees them."""
    session = db.session()
    connectors = connectors_of(session)
    connector = _chosen(connectors, request.args.get("connector", ""))
    if connector is None:
        return render_template("pages/records_empty.html")
    wanted = reports.looked_up(session, connector, filter_of(request.args))
    views, more, less = reports.page(
        session, connector, wanted,
        after=request.args.get("after", ""), before=request.args.get("before", ""),
    )  # fmt: skip
    entities = record_parts.entities(session, connector)
    counts = reports.entity_counts(session, connector, entities)
    return render_template(
        "pages/records.html",
        connector=connector,
        connectors=[(c.key, operate.name_of(c)) for c in connectors],
        wanted=wanted,
        limits=operate.search_limits(wanted.found, wanted.text),
        rows=[record_parts.line(view) for view in views],
        more=more,
        less=less,
        total=reports.count(session, connector, wanted),
        class_choices=[(c, c) for c in reports.classes(session, connector, wanted.entity)],
        tabs=[
            {
                "label": operate.entity_of(entity, many=True),
                "count": counts[entity],
                "current": entity == wanted.entity,
                "url": url_for("records.index", entity=entity, connector=connector.key),
            }
            for entity in entities
        ],
        kept=[(name, request.args[name]) for name in FILTERS if request.args.get(name)],
        known=counts.get(wanted.entity, 0),
        export_url=_export_url(connector, wanted.entity),
    )


def _export_url(connector: Connector, entity: str) -> Callable[[str], str]:
    """Return the address of a file of everything that the list shows, by its kind."""
    kept: dict[str, Any] = {n: v for n in FILTERS if (v := request.args.get(n))}
    kept |= {"connector": connector.key, "entity": entity}
    return lambda kind: url_for("record_import.export", kind=kind, **kept)


@bp.post("/consequence")
@role("operator")
@repeatable
def consequence() -> ResponseReturnValue:
    """Say in numbers what enabling or disabling would do; saves nothing."""
    session = db.session()
    connector = _chosen(connectors_of(session), request.form.get("connector", ""))
    ids = _ids(session, connector)
    if connector is None or not ids:
        flash("Nothing was ticked, so nothing was done. Tick the records first.", "info")
        return redirect(operate.back(url_for("records.index")), 303)
    enabled = request.form.get("do") != "disable"
    whole = bool(request.form.get("all"))
    return render_template(
        "pages/records_change.html",
        connector=connector,
        enabled=enabled,
        found=enablement.consequence(the_runtime().context, connector.id, ids, enabled=enabled),
        ids=[] if whole else ids,
        kept=[(f"f_{n}", request.form[f"f_{n}"]) for n in FILTERS if request.form.get(f"f_{n}")],
        noun=operate.entity_of(request.form.get("f_entity", "") or "customer", many=True).lower(),
        next=operate.back(url_for("records.index")),
    )


def _ids(session: Session, connector: Connector | None) -> list[int]:
    if connector is None:
        return []
    if request.form.get("all"):
        given = {n: request.form.get(f"f_{n}", "") for n in FILTERS}
        return reports.ids_of(session, connector, filter_of(given))
    return [n for i in request.form.getlist("id") if (n := operate.number(i))]


@bp.post("/change")
@role("operator")
def change() -> ResponseReturnValue:
    """Enable or disable records for one connector."""
    session = db.session()
    connector = _chosen(connectors_of(session), request.form.get("connector", ""))
    ids = _ids(session, connector)
    if connector is None or not ids:
        abort(400, "No record was named. Nothing was changed.")
    enabled = request.form.get("do") != "disable"
    db.session.rollback()
    runtime = the_runtime()
    done = enablement.set_enabled(
        runtime.context, connector.id, ids, operate.who(), enabled=enabled
    )
    runtime.ring_all()
    flash(record_parts.said(done, operate.name_of(connector), enabled=enabled), "ok")
    return redirect(operate.back(url_for("records.index")), 303)


@bp.get("/<int:record_id>")
@role("viewer")
def page(record_id: int) -> ResponseReturnValue:
    """Show one record over all connectors."""
    session = db.session()
    record = session.get(RecordRow, record_id)
    if record is None:
        abort(404, "The hub does not know this record.")
    return render_template(
        "pages/record.html",
        **record_parts.detail(session, record, request.args.get("connector", "")),
    )


@bp.post("/<int:record_id>/fetch")
@role("operator")
def fetch(record_id: int) -> ResponseReturnValue:
    """Read one record afresh and send it, for every connector that has it enabled."""
    runtime, queued, off = the_runtime(), 0, 0
    with runtime.write() as session:
        record = session.get(RecordRow, record_id)
        if record is None:
            abort(404, "The hub does not know this record.")
        query = select(Connector).where(Connector.erp_id == record.connection_id)
        for connector in session.scalars(query):
            if not reports.views(session, connector, record.entity, [record])[0].enabled:
                off += 1
                continue
            flows = enablement.flows_by_entity(runtime.context, session, connector)
            queued += enablement.queue(runtime.context, session, connector, [record], flows)
    runtime.ring_all()
    if queued:
        where = fmt.plural(queued, "connector")
        flash(f"The record is read from the ERP and sent by {where} in a moment.", "ok")
    else:
        reason = "it is disabled in every connector" if off else "no connector runs its sync"
        flash(f"Nothing was queued: {reason}.", "info")
    return redirect(url_for("records.page", record_id=record_id), 303)
