"""Imports for pages and command line: previews, and the rows that were left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.store.tables import Connector, RecordImport, RecordImportRow, RecordRow

PAGE = 25
BATCH = 1_000
CHANGES = ("changes", "enable", "disable", "link", "unlink", "unchanged")


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of an import with the names of its record and connector."""

    row: RecordImportRow
    title: str
    connector: str


def _where(kind: str) -> Any:
    row = RecordImportRow
    plain = {
        "errors": row.error != "",
        "enable": row.enable > 0,
        "disable": row.enable < 0,
        "link": row.link == "link",
        "unlink": row.link == "unlink",
        "unchanged": (row.error == "") & (row.enable == 0) & (row.link == ""),
    }
    return plain.get(kind, (row.enable != 0) | (row.link != ""))


def rows(
    session: Session, import_id: int, kind: str, *, after: int = 0, before: int = 0,
    size: int = PAGE,
) -> tuple[list[RowView], bool, bool]:  # fmt: skip
    """Return one page of the rows of a kind by their number, whether there is more, and before.

    ``kind``: errors, or one of ``CHANGES``.
    """
    query = (
        select(RecordImportRow, RecordRow.title, Connector.name, Connector.key)
        .outerjoin(RecordRow, RecordRow.id == RecordImportRow.record_id)
        .outerjoin(Connector, Connector.id == RecordImportRow.connector_id)
        .where(RecordImportRow.import_id == import_id, _where(kind))
    )
    number = RecordImportRow.number
    if before:
        query = query.where(number < before).order_by(number.desc())
    else:
        query = query.where(number > after).order_by(number)
    found = session.execute(query.limit(size + 1)).all()
    extra, found = len(found) > size, found[:size]
    views = [RowView(row, title or "", name or key or "") for row, title, name, key in found]
    if before:
        return views[::-1], True, extra
    return views, extra, bool(after)


def error_head(found: RecordImport) -> list[str]:
    """Return the header of the error file: the file's own columns and why each row is in it."""
    return [*_own(found), "error"]


def _own(found: RecordImport) -> list[str]:
    return [name for name in found.columns if name.lower() != "error"]


def error_rows(session: Session, found: RecordImport) -> Iterator[list[str]]:
    """Yield the rows that were left out as the file had them, and the reason of each.

    Corrected, the file can be imported again as it is: the column of reasons is read over.
    """
    keep = [place for place, name in enumerate(found.columns) if name.lower() != "error"]
    after = 0
    while True:
        query = (
            select(
                RecordImportRow.number, RecordImportRow.cells, RecordImportRow.field,
                RecordImportRow.error,
            )
            .where(
                RecordImportRow.import_id == found.id, RecordImportRow.number > after,
                RecordImportRow.error != "",
            )
            .order_by(RecordImportRow.number)
            .limit(BATCH)
        )  # fmt: skip
        page = session.execute(query).all()
        for _, cells, field, error in page:
            own = [cells[place] if place < len(cells) else "" for place in keep]
            beyond = cells[len(found.columns) :]
            yield [*own, f"{field}: {error}" if field else error, *beyond]
        if len(page) < BATCH:
            return
        after = page[-1][0]


def newest(session: Session, limit: int = 10) -> Sequence[RecordImport]:
    """Return the newest imports."""
    return list(session.scalars(select(RecordImport).order_by(RecordImport.id.desc()).limit(limit)))


def of_record(
    session: Session, record_id: int, limit: int = 50
) -> list[tuple[RecordImport, RecordImportRow, str]]:
    """Return what the newest applied imports changed of one record: import, row, connector ID."""
    newest_applied = (
        select(RecordImport.id)
        .where(RecordImport.applied_at.is_not(None))
        .order_by(RecordImport.id.desc())
        .limit(limit)
    )
    query = (
        select(RecordImport, RecordImportRow, Connector.key)
        .join(RecordImportRow, RecordImportRow.import_id == RecordImport.id)
        .join(Connector, Connector.id == RecordImportRow.connector_id)
        .where(
            RecordImportRow.import_id.in_(newest_applied),
            RecordImportRow.record_id == record_id, _where("changes"),
        )
    )  # fmt: skip
    return [(found, row, key) for found, row, key in session.execute(query)]
