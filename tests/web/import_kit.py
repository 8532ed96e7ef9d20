"""Files of records, and what a hub says to them."""

import csv
import io
import zipfile

import xlsxwriter
from operate_kit import NOW, Binding

from hub.reports import imports as reports
from hub.runtime.importing import apply_import
from hub.settings import imports
from hub.store.base import Base
from hub.store.tables import Enablement, Message, RecordImport

HEAD = ["connector", "entity", "entity_key", "name", "enabled", "reference_id"]


def csv_of(*rows, head=HEAD, encoding="utf-8", separator=","):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator).writerows([head, *rows])
    return buffer.getvalue().encode(encoding)


def xlsx_of(*rows, head=HEAD, sheets=("Records",)):
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for name in sheets[:-1]:
        book.add_worksheet(name).write(0, 0, "Nothing for the hub")
    sheet = book.add_worksheet(sheets[-1])
    for number, row in enumerate([head, *rows]):
        for place, cell in enumerate(row):
            (sheet.write_string if isinstance(cell, str) else sheet.write)(number, place, cell)
    book.close()
    return buffer.getvalue()


def zip_of(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def read(hub, data, *, only="", limits=imports.UPLOAD):
    return imports.read(hub.runtime.context, data, "list.csv", "me@x", limits, only=only)


def counts(hub, ident):
    with hub.runtime.read() as session:
        return dict(session.get_one(RecordImport, ident).counts)


def errors(hub, ident):
    """Row number → (field, sentence)."""
    with hub.runtime.read() as session:
        rows, _, _ = reports.rows(session, ident, "errors", size=1_000)
        return {v.row.number: (v.row.field, v.row.error) for v in rows}


def apply(hub, ident):
    return apply_import(hub.runtime, ident, "me@x")


def bind(hub, store, record, reference, entity="customer"):
    return hub.add(
        Binding(
            record_id=record,
            connection_id=store,
            entity=entity,
            external_id=reference,
            how="stamp",
            bound_at=NOW,
        )
    )


def links(hub):
    """Record id → reference id."""
    with hub.runtime.read() as session:
        return {b.record_id: b.external_id for b in session.query(Binding)}


def disabled(hub):
    with hub.runtime.read() as session:
        return {e.record_id for e in session.query(Enablement) if not e.enabled}


def waiting(hub):
    with hub.runtime.read() as session:
        return sorted(m.key for m in session.query(Message).filter_by(status="pending"))


KEPT = ("user", "user_session", "key_canary")


def emptied(hub):
    """Take every row away but the person's: quicker than a new hub for each test."""
    hub.flows.clear()
    with hub.runtime.database.core() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in KEPT:
                connection.execute(table.delete())
    return hub
