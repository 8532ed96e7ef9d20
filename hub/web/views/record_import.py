"""Import and export of records: a file is shown row by row before anything is changed."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.reports import imports as reports
from hub.reports import record_export
from hub.reports.sheet_files import CSV_TYPE, XLSX_TYPE, csv_parts, write_xlsx
from hub.runtime.importing import apply_import
from hub.settings import audit, imports
from hub.store.tables import Connector, RecordImport
from hub.web import fmt, operate
from hub.web.db import db
from hub.web.face import the_runtime
from hub.web.security import role, takes_file
from hub.web.views.records import chosen_connector, filter_of

bp = Blueprint("record_import", __name__, url_prefix="/records")
IN_MEMORY = 4 * 1024 * 1024
TABS = {
    "changes": ("Changes", "changed"), "enable": ("Enable", "enable"),
    "disable": ("Disable", "disable"), "link": ("Link", "link"), "unlink": ("Unlink", "unlink"),
    "unchanged": ("No change", "unchanged"),
}  # fmt: skip


@bp.get("/import")
@role("operator")
def form() -> ResponseReturnValue:
    """Ask for a file."""
    return _form({}, "")


def _form(errors: dict[str, str], only: str, status: int = 200) -> ResponseReturnValue:
    session = db.session()
    connectors = list(session.scalars(select(Connector).order_by(Connector.key)))
    page = render_template(
        "pages/records_import_file.html",
        connectors=[(c.key, operate.name_of(c)) for c in connectors],
        errors={name: (text, "") for name, text in errors.items()},
        only=only, pasted=request.form.get("pasted", "") if errors else "",
        newest=reports.newest(session), limits=imports.UPLOAD,
    )  # fmt: skip
    return page, status


@bp.post("/import")
@role("operator")
@takes_file(imports.UPLOAD.size)
def read() -> ResponseReturnValue:
    """Read the file and show what it would change; changes no record."""
    only, pasted = request.form.get("connector", "")[:60], request.form.get("pasted", "")
    file = request.files.get("file")
    name = (file.filename or "") if file is not None else ""
    data = pasted.encode()
    if file is not None and name:
        with closing(file):
            data = file.read()
    field = "file" if name else "pasted" if pasted.strip() else ""
    if not field:
        return _form({"file": "Choose a CSV or XLSX file, or paste rows below."}, only, 422)
    db.session.rollback()
    try:
        found = imports.read(
            the_runtime().context, data, name, operate.who(), imports.UPLOAD, only=only
        )
    except imports.FileRefused as error:
        return _form({field: str(error)}, only, 422)
    return redirect(url_for("record_import.page", import_id=found), 303)


def _import(import_id: int) -> RecordImport:
    found = db.session().get(RecordImport, import_id)
    if found is None:
        abort(404, "This import is not kept any more. Upload the file again.")
    return found


@bp.get("/import/<int:import_id>")
@role("operator")
def page(import_id: int) -> ResponseReturnValue:
    """Show what an import would change, or did."""
    session, found = db.session(), _import(import_id)
    kind = request.args.get("tab", "changes")
    kind = kind if kind in TABS else "changes"
    after, before = (operate.number(request.args.get(name, "")) for name in ("after", "before"))
    rows, more, less = reports.rows(session, import_id, kind, after=after, before=before)
    wrong = operate.number(request.args.get("errors_after", ""))
    errors, more_errors, less_errors = reports.rows(session, import_id, "errors", after=wrong)
    counts = found.result or found.counts
    return render_template(
        "pages/records_import.html",
        found=found, counts=counts, kind=kind, rows=rows, more=more, less=less, errors=errors,
        more_errors=more_errors, less_errors=less_errors, lines=_lines(rows),
        tabs=[
            {"label": label, "count": counts.get(name, 0), "current": kind == key,
             "url": url_for("record_import.page", import_id=import_id, tab=key)}
            for key, (label, name) in TABS.items()
        ],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one row that changes; only the first of a row names the record."""

    view: reports.RowView
    field: str
    now: str
    new: str
    first: bool


def _lines(rows: Sequence[reports.RowView]) -> list[Line]:
    found = []
    for view in rows:
        row, parts = view.row, list[tuple[str, str, str]]()
        if row.enable:
            words = ("no", "yes") if row.enable > 0 else ("yes", "no")
            parts.append(("Enabled", *words))
        if row.link:
            parts.append(("Reference ID", row.was_reference, row.want_reference or ""))
        if not parts:
            parts.append(("Nothing", "", ""))
        found += [Line(view, *part, first=n == 0) for n, part in enumerate(parts)]
    return found


@bp.post("/import/<int:import_id>/apply")
@role("operator")
def apply(import_id: int) -> ResponseReturnValue:
    """Apply what was shown, all of it or nothing."""
    _import(import_id)
    db.session.rollback()
    try:
        done = apply_import(the_runtime(), import_id, operate.who())
    except imports.AlreadyApplied:
        flash("This import was applied before. Nothing was done twice.", "info")
    else:
        flash(_said(done), "wait" if done["left_out"] else "ok")
    return redirect(url_for("record_import.page", import_id=import_id), 303)


def _said(done: dict[str, int]) -> str:
    text = f"{fmt.plural(done['changed'], 'record')} changed. "
    if done["left_out"]:
        text += (
            f"{fmt.plural(done['left_out'], 'row')} left out because something changed since the "
            "preview; the reasons are below. "
        )
    if done["cancelled"]:
        text += f"{fmt.plural(done['cancelled'], 'waiting message')} cancelled. "
    if done["queued"] or not done["to_send"]:
        return text + f"{fmt.plural(done['queued'], 'record')} will be read from the ERP and sent."
    return text + "What is to be sent is being queued now, or no sync of these records runs."


@bp.post("/import/<int:import_id>/discard")
@role("operator")
def discard(import_id: int) -> ResponseReturnValue:
    """Forget a file that was not applied."""
    imports.discard(the_runtime().context, import_id)
    flash("The file was discarded. Nothing was changed.", "info")
    return redirect(url_for("record_import.form"), 303)


@bp.get("/import/<int:import_id>/errors.<kind>")
@role("operator")
def errors(import_id: int, kind: str) -> ResponseReturnValue:
    """Give back the rows that were left out, with the reasons, as a file."""
    found = _import(import_id)
    rows = reports.error_rows(db.session(), found)
    return sheet(kind, f"import-{import_id}-errors", reports.error_head(found), rows)


@bp.get("/export.<kind>")
@role("viewer")
def export(kind: str) -> ResponseReturnValue:
    """Give the records that match the filter as a file that can be imported again."""
    session = db.session()
    connector = chosen_connector(session, request.args.get("connector", ""))
    if connector is None:
        abort(404, "There is no connector of this ID, so there are no records to export.")
    wanted = filter_of(request.args)
    _note_export(connector.key, wanted.entity)
    name = f"records-{connector.key}-{wanted.entity}"
    return sheet(kind, name, record_export.HEAD, record_export.matching(session, connector, wanted))


def _note_export(connector: str, entity: str) -> None:
    db.session.rollback()
    runtime = the_runtime()
    with runtime.write() as session:
        audit.record(
            session, operate.who(), "records exported", f"{connector} {entity}",
            at=runtime.clock.now(),
        )  # fmt: skip


def sheet(
    kind: str, name: str, head: Sequence[str], rows: Iterator[list[str]]
) -> ResponseReturnValue:
    """Return rows as a CSV or XLSX file to save, made row by row."""
    if kind not in ("csv", "xlsx"):
        abort(404, "Files are given as .csv or .xlsx.")
    # Made as a whole before it is sent: nobody's slow line keeps the database open.
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the response
    try:
        if kind == "csv":
            file.writelines(csv_parts(head, rows))
        else:
            write_xlsx(file, "Records", head, rows)
    except ValueError as error:
        file.close()
        abort(400, str(error))
    file.seek(0)
    types = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}
    return send_file(file, types[kind], as_attachment=True, download_name=f"{name}.{kind}")
