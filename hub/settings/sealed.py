"""Every sealed value of a database, whatever table it stands in: bytes are sealed bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, bindparam, select, update

from hub.store.database import Database
from hub.store.tables import Base
from hub.vault import Vault

SLICE = 500
Change = tuple[tuple[Any, ...], bytes, bytes]
"""Primary key of a row, the sealed bytes that it holds, and those that replace them."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values. A new column of bytes is found by itself."""

    table: Table
    column: Column[Any]

    @property
    def place(self) -> str:
        """The column as people read it."""
        return f"{self.table.name}.{self.column.name}"

    def start(self, key: Sequence[Any]) -> tuple[str, ...]:
        """Return how the place that a row's value carries begins (S2)."""
        return (self.table.name, *(str(part) for part in key))

    def keys(self, connection: Connection) -> list[tuple[Any, ...]]:
        """Return the primary keys of the rows that hold a value."""
        primary = list(self.table.primary_key)
        query = select(*primary).where(self.column.is_not(None)).order_by(*primary)
        return [tuple(row) for row in connection.execute(query)]

    def held(self, connection: Connection) -> dict[tuple[Any, ...], bytes]:
        """Return every value by its row's primary key, in one statement."""
        primary = list(self.table.primary_key)
        query = select(*primary, self.column).where(self.column.is_not(None)).order_by(*primary)
        return {tuple(row[:-1]): bytes(row[-1]) for row in connection.execute(query)}

    def value(self, connection: Connection, key: Sequence[Any], *, lock: bool = False) -> Any:
        """Return a row's sealed bytes; None when the row is gone or empty."""
        query = select(self.column).where(*self._is(key))
        return connection.execute(query.with_for_update() if lock else query).scalar()

    def exchange(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Write new sealed bytes where the old ones still stand."""
        primary = list(self.table.primary_key)
        if not changes:
            return
        names = [f"k{number}" for number in range(len(primary))]
        where = [c == bindparam(name) for c, name in zip(primary, names, strict=True)]
        statement = update(self.table).where(*where, self.column == bindparam("old"))
        connection.execute(
            statement.values({self.column.name: bindparam("new")}),
            [
                {**dict(zip(names, key, strict=True)), "old": old, "new": new}
                for key, old, new in changes
            ],
        )

    def values(self, connection: Connection) -> Iterator[tuple[str, bytes]]:
        """Yield every value with its place."""
        primary = list(self.table.primary_key)
        query = select(*primary, self.column).where(self.column.is_not(None))
        for row in connection.execute(query):
            key = "/".join(str(part) for part in row[:-1])
            yield f"{self.place} of {key}", bytes(row[-1])

    def _is(self, key: Sequence[Any]) -> list[Any]:
        return [c == v for c, v in zip(self.table.primary_key, key, strict=True)]


def sealed_columns() -> list[SealedColumn]:
    """Return the sealed columns of all tables."""
    return [
        SealedColumn(table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    ]


def broken_values(database: Database, vault: Vault) -> list[str]:
    """Return the places whose value does not open there: altered, moved, or under another key."""
    found: list[str] = []
    with database.read() as session:
        connection = session.connection()
        for column in sealed_columns():
            for key in column.keys(connection):
                sealed = column.value(connection, key)
                if sealed is not None and not vault.belongs(column.start(key), sealed):
                    parts = "/".join(str(part) for part in key)
                    found.append(f"{column.place} of {parts}")
    return found
