"""One writing transaction for the hot statements; on SQLite they go to the driver itself.

A statement costs the driver 2–10 µs and SQLAlchemy's Core 40: over a record's way that is a third
of all the hub's work. On PostgreSQL, where the round trip costs more, Core stays.
"""

from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Dialect, TextClause
from sqlalchemy.exc import DBAPIError

Bound = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Transaction(Protocol):
    """What outbox and engine need: SQLAlchemy's own connection has it, and so has the driver's."""

    @property
    def dialect(self) -> Dialect:
        """Which database this is."""

    def execute(self, statement: TextClause, parameters: Any = None, /) -> Any:
        """Run one statement with ``:name`` binds, or many times for a list of binds."""


@cache
def _row_type(names: tuple[str, ...]) -> Any:
    build: Any = namedtuple  # the names come with the statement
    return build("Row", names, rename=True)._make


class Rows:
    """The result of a statement, read to its end: a COMMIT before that would fail."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, cursor: Any) -> None:
        self.rowcount: int = cursor.rowcount
        self._rows: list[Any] = []
        if cursor.description is not None:
            make = _row_type(tuple(column[0] for column in cursor.description))
            self._rows = [make(row) for row in cursor.fetchall()]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Every row."""
        return self._rows

    def first(self) -> Any:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def scalar(self) -> Any:
        """The first column of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first column of the only row."""
        (row,) = self._rows
        return row[0]

    def scalars(self) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self._rows]


class DriverTransaction:
    """A kept connection of the SQLite driver, and the transaction that runs on it.

    One for the durable and the others: what one connection wrote, another reads anew from the file.
    """

    __slots__ = ("_durable", "dialect", "driver")

    def __init__(self, driver: Any, dialect: Dialect) -> None:
        self.driver = driver
        self.dialect = dialect
        self._durable = True

    def begin(self, kind: str, *, durable: bool) -> None:
        """Begin; a commit that is not ``durable`` waits for no disk."""
        if durable is not self._durable:
            self.control(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        self.control(f"BEGIN {kind}")

    def execute(self, statement: TextClause, parameters: Bound = None, /) -> Rows:
        """Run one statement, or many times for a list of binds.

        Raises SQLAlchemy's ``DBAPIError``, as Core would.
        """
        try:
            if parameters is None or isinstance(parameters, dict):
                return Rows(self.driver.execute(statement.text, parameters or {}))
            return Rows(self.driver.executemany(statement.text, parameters))
        except Exception as error:
            raise self.wrapped(statement.text, error) from error

    def control(self, word: str) -> None:
        """Run a word that binds nothing: BEGIN, COMMIT, PRAGMA."""
        try:
            self.driver.execute(word)
        except Exception as error:
            raise self.wrapped(word, error) from error

    def wrapped(self, sql: str, error: Exception) -> Exception:
        """Return the error as Core names it; the values bound are not in its text."""
        module = self.dialect.loaded_dbapi
        if not isinstance(error, module.Error):
            return error
        made = DBAPIError.instance(sql, None, error, module.Error, hide_parameters=True)
        return made if isinstance(made, Exception) else error
