"""Linking one record by hand: find it in the store, link it, unlink it after a question."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.candidates import Candidate
from hub.reports import records as reports
from hub.sdk import HubError
from hub.settings import links
from hub.settings.errors import FieldErrors
from hub.store.tables import Connector, RecordRow
from hub.web import operate
from hub.web.db import db
from hub.web.face import the_runtime
from hub.web.security import repeatable, role

bp = Blueprint("record_links", __name__, url_prefix="/records")


def _subject(session: Session, record_id: int) -> tuple[RecordRow, Connector]:
    """Return the record and the connector that the address or the form names."""
    record = session.get(RecordRow, record_id)
    if record is None:
        abort(404, "The hub does not know this record.")
    key = request.values.get("connector", "")[:60]
    query = select(Connector).where(Connector.erp_id == record.connection_id)
    found = {connector.key: connector for connector in session.scalars(query)}
    if key not in found:
        abort(404, "No connector of this ID reads the record's ERP.")
    return record, found[key]


def _facts(session: Session, record: RecordRow, connector: Connector) -> dict[str, Any]:
    view = reports.views(session, connector, record.entity, [record])[0]
    return {
        "record": record, "connector": connector, "called": operate.name_of(connector),
        "entity": operate.entity_of(record.entity).lower(), "binding": view.binding,
        "children": links.linked_children(session, connector, record),
    }  # fmt: skip


def _page(
    record_id: int, error: str = "", *, found: list[Candidate] | None = None, failed: str = "",
    status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    session = db.session()
    record, connector = _subject(session, record_id)
    page = render_template(
        "pages/record_link.html", error=(error, "") if error else None, found=found,
        failed=failed, typed=request.form.get("reference_id", "")[:200],
        **_facts(session, record, connector),
    )  # fmt: skip
    return page, status


@bp.get("/<int:record_id>/link")
@role("operator")
def link_form(record_id: int) -> ResponseReturnValue:
    """Ask which record of the store it is."""
    return _page(record_id)


@bp.post("/<int:record_id>/link/search")
@role("operator")
@repeatable
def search(record_id: int) -> ResponseReturnValue:
    """Ask the store for records that may be this one; saves nothing."""
    _, connector = _subject(db.session(), record_id)
    db.session.rollback()
    try:
        found = the_runtime().matching.candidates(connector.id, record_id)
    except HubError as error:
        return _page(record_id, failed=str(error))
    return _page(record_id, found=found)


@bp.post("/<int:record_id>/link")
@role("operator")
def link(record_id: int) -> ResponseReturnValue:
    """Link the record to the chosen or typed ID."""
    _, connector = _subject(db.session(), record_id)
    db.session.rollback()
    runtime, form = the_runtime(), request.form
    reference = form.get("reference_id", "").strip() or form.get("candidate", "")
    try:
        links.link(
            runtime.context, connector.id, record_id, reference, operate.who(),
            expected=form.get("expected", ""),
        )  # fmt: skip
    except FieldErrors as errors:
        return _page(record_id, str(errors), status=422)
    runtime.ring_all()
    flash(f"Linked to {reference} in {operate.name_of(connector)}.", "ok")
    return redirect(url_for("records.page", record_id=record_id), 303)


@bp.get("/<int:record_id>/unlink")
@role("operator")
def unlink_form(record_id: int) -> ResponseReturnValue:
    """Ask before a link is removed, and say what follows."""
    session = db.session()
    return render_template(
        "pages/record_unlink.html", **_facts(session, *_subject(session, record_id))
    )


@bp.post("/<int:record_id>/unlink")
@role("operator")
def unlink(record_id: int) -> ResponseReturnValue:
    """Remove the link; nothing changes in the store."""
    _, connector = _subject(db.session(), record_id)
    db.session.rollback()
    expected = request.form.get("expected", "")
    try:
        links.unlink(
            the_runtime().context, connector.id, record_id, operate.who(), expected=expected
        )
    except FieldErrors as errors:
        flash(str(errors), "bad")
    else:
        flash(f"Unlinked from {expected} in {operate.name_of(connector)}.", "ok")
    return redirect(url_for("records.page", record_id=record_id), 303)
