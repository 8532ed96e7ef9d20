"""Reading a file into the database: rows wait there with what they would change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from hub.reports.record_search import kinds
from hub.sdk.canonical import CUSTOMER
from hub.settings.context import Context
from hub.settings.imports.columns import CONNECTOR, ENTITY, KEY, Given
from hub.settings.imports.limits import Limits
from hub.settings.imports.nearest import meant_by, no_record
from hub.settings.imports.problems import FileRefused
from hub.settings.imports.source import open_file
from hub.store.tables import (
    Binding,
    Connector,
    Enablement,
    RecordImport,
    RecordImportRow,
    RecordRow,
)

CHUNK = 500
"""Rows of one transaction, so that nobody else waits long."""
MOST_MEANT = 200
"""Unknown keys of one file for which a key that may be meant is looked for."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub knows of the record of one row, for one connector."""

    id: int
    enabled: bool
    reference: str


class Stager:
    """Compares the rows of one file with what the hub knows, chunk by chunk."""

    def __init__(self, session: Session, only: str) -> None:
        self.connectors = {c.key: c for c in session.scalars(select(Connector))}
        if only and only not in self.connectors:
            raise FileRefused(
                f"There is no connector {only}. There are: {self._names() or 'none yet'}."
            )
        self.only = only
        self.unknown = 0
        if not only and len(self.connectors) == 1:
            self.only = next(iter(self.connectors))
        self.entities = {entity for _, entity in kinds(session)} | {CUSTOMER}

    def _names(self) -> str:
        return ", ".join(sorted(self.connectors))

    def compare(self, session: Session, rows: list[Given]) -> list[dict[str, Any]]:
        """Return the rows as they are stored."""
        groups: dict[tuple[int, str], list[tuple[Given, Connector]]] = {}
        owners: dict[int, Connector] = {}
        for row in rows:
            connector = self._connector_of(row)
            if connector is not None and not row.error:
                owners[row.number] = connector
                groups.setdefault((connector.id, row.entity), []).append((row, connector))
        known: dict[int, Known] = {}
        for members in groups.values():
            self._look_up(session, members, known)
        return [self._values(row, owners.get(row.number), known.get(row.number)) for row in rows]

    def _connector_of(self, row: Given) -> Connector | None:
        key = row.connector or self.only
        if not key:
            row.refuse(
                CONNECTOR, "", "The connector is empty. Enter one of: " + self._names() + "."
            )
        elif key not in self.connectors:
            row.refuse(CONNECTOR, key, f"There is no connector {key}. Known: {self._names()}.")
        elif self.only and key != self.only:
            row.refuse(CONNECTOR, key, (
                f"The row is for {key}, this import is for {self.only} only. "
                "Remove the row, or import without choosing a connector."
            ))  # fmt: skip
        elif row.entity and row.entity not in self.entities and not row.error:
            known = ", ".join(sorted(self.entities))
            row.refuse(ENTITY, row.entity, f"There is no entity {row.entity}. Known: {known}.")
        return self.connectors.get(key)

    def _look_up(
        self, session: Session, members: list[tuple[Given, Connector]], known: dict[int, Known]
    ) -> None:
        connector, entity = members[0][1], members[0][0].entity
        keys = {text for row, _ in members for text in (row.key, row.key.strip())}
        query = (
            select(RecordRow.key, RecordRow.id, Enablement.enabled, Binding.external_id)
            .outerjoin(
                Enablement,
                (Enablement.record_id == RecordRow.id)
                & (Enablement.connector_id == connector.id),
            )
            .outerjoin(
                Binding,
                (Binding.record_id == RecordRow.id)
                & (Binding.connection_id == connector.store_id) & (Binding.entity == entity),
            )
            .where(
                RecordRow.connection_id == connector.erp_id, RecordRow.entity == entity,
                RecordRow.key.in_(keys),
            )
        )  # fmt: skip
        found = {
            key: Known(ident, enabled is not False, reference or "")
            for key, ident, enabled, reference in session.execute(query)
        }
        for row, _ in members:
            key = row.key if row.key in found else row.key.strip()
            if key in found:
                row.key, known[row.number] = key, found[key]
            else:
                self.unknown += 1
                meant = (
                    meant_by(session, connector, entity, key) if self.unknown < MOST_MEANT else ""
                )
                row.refuse(KEY, row.key, no_record(entity, key, meant))

    def _values(
        self, row: Given, connector: Connector | None, known: Known | None
    ) -> dict[str, Any]:
        wanted, enable, link = row.reference, 0, ""
        if known is not None and not row.error:
            if wanted and wanted != known.reference:
                wanted = wanted.strip()
            if row.enabled is not None and row.enabled != known.enabled:
                enable = 1 if row.enabled else -1
            if wanted is not None and wanted != known.reference:
                link = "link" if wanted else "unlink"
        return {
            "number": row.number, "cells": row.cells, "entity": row.entity[:40],
            "key": row.key[:200], "connector_id": connector.id if connector else None,
            "store_id": connector.store_id if connector else None,
            "record_id": known.id if known else None, "want_enabled": row.enabled,
            "want_reference": wanted, "was_reference": known.reference if known else "",
            "enable": enable, "link": link, "field": row.field, "value": row.value,
            "error": row.error,
        }  # fmt: skip


def stage(
    context: Context, data: bytes, file_name: str, who: str, limits: Limits, *, only: str = ""
) -> int:
    """Read a file and compare it row by row; returns the id of the import. Changes no record.

    ``only`` is the key of the one connector that the file is for. Raises ``FileRefused``.
    """
    with context.database.read() as session:
        stager = Stager(session, only)
    source = open_file(data, limits, connector=not stager.only)
    import_id = _begin(context, file_name, who, source.read_as, source.columns)
    try:
        rows = _store(context, import_id, stager, source.rows)
        if not rows:
            raise FileRefused("The file holds a header and no row. Add rows below it.")
    except BaseException:
        discard(context, import_id)
        raise
    return import_id


def _begin(context: Context, file_name: str, who: str, read_as: str, columns: Any) -> int:
    now = context.now()
    with context.database.write() as session:
        row = RecordImport(
            file_name=plain_name(file_name), read_as=read_as[:200], columns=columns.head,
            unused=columns.unused, who=who, created_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def plain_name(name: str) -> str:
    """Return a file's name for people: its last part, printable, at most 100 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[-100:] or "pasted rows"


def _store(context: Context, import_id: int, stager: Stager, rows: Iterable[Given]) -> int:
    stored = 0
    for chunk in _chunks(rows):
        with context.database.read() as session:
            values = stager.compare(session, chunk)
        with context.database.write() as session:
            session.execute(
                insert(RecordImportRow), [{"import_id": import_id, **row} for row in values]
            )
        stored += len(values)
    return stored


def _chunks(rows: Iterable[Given]) -> Iterator[list[Given]]:
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def discard(context: Context, import_id: int) -> None:
    """Forget an import that was not applied; what was applied stays known."""
    with context.database.write() as session:
        found = session.get(RecordImport, import_id)
        if found is None or found.status in ("sending", "applied"):
            return
    _forget(context, import_id)


def _forget(context: Context, import_id: int) -> None:
    while True:
        with context.database.write() as session:
            last = session.scalar(
                select(func.max(RecordImportRow.number)).where(
                    RecordImportRow.import_id == import_id
                )
            )
            if last is None:
                session.execute(delete(RecordImport).where(RecordImport.id == import_id))
                return
            slice_of = (
                select(RecordImportRow.number)
                .where(RecordImportRow.import_id == import_id)
                .order_by(RecordImportRow.number)
                .limit(20 * CHUNK)
            )
            session.execute(
                delete(RecordImportRow)
                .where(
                    RecordImportRow.import_id == import_id, RecordImportRow.number.in_(slice_of)
                )
                .execution_options(synchronize_session=False)
            )  # fmt: skip
