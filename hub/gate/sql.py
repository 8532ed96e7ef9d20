"""Hot statements: one text for every database, run without compiling."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from hub.store.database import Database


@cache
def _for_postgresql(statement: str) -> str:
    locked = " FOR UPDATE" if statement.startswith("SELECT") else ""
    return statement.replace("%", "%%").replace("?", "%s") + locked


class Hot:
    """A running transaction for statements with ``?`` binds; a SELECT locks where that exists.

    On SQLite they go to the driver itself: a statement costs 2 µs instead of 40.
    """

    __slots__ = ("_core", "_driver")

    def __init__(self, core: Connection | None, driver: Any = None) -> None:
        self._core = core
        self._driver = driver
        if core is not None and core.dialect.name == "sqlite":
            self._driver = core.connection.driver_connection

    def first(self, statement: str, *values: Any) -> Sequence[Any] | None:
        """Return the only row of a SELECT by key, or None."""
        rows = self._execute(statement, values).fetchall()
        return rows[0] if rows else None

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement that returns nothing."""
        self._execute(statement, values)

    def _execute(self, statement: str, values: tuple[Any, ...]) -> Any:
        if self._driver is not None:
            return self._driver.execute(statement, values)
        if self._core is None:
            raise RuntimeError("no transaction")
        return self._core.exec_driver_sql(_for_postgresql(statement), values)


class Light:
    """Transactions for permits alone: atomic, but not fsynced one by one.

    A lost permit count after a power cut costs nothing: the vendor's headers correct it. With an
    intent or a lease in the same commit ``Database.begin`` is used instead.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._kept: list[Any] = []

    @contextmanager
    def begin(self) -> Iterator[Hot]:
        """A writing transaction, committed on exit, rolled back on an exception."""
        if not self._db.is_sqlite:
            with self._db.begin() as conn:
                yield Hot(conn)
            return
        driver = self._take()
        try:
            driver.execute("BEGIN IMMEDIATE")
        except Exception as error:
            driver.close()
            raise OperationalError("BEGIN IMMEDIATE", (), error) from error
        try:
            yield Hot(None, driver)
            driver.execute("COMMIT")
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            raise
        finally:
            with self._lock:
                self._kept.append(driver)

    def _take(self) -> Any:
        with self._lock:
            if self._kept:
                return self._kept.pop()
        pooled = self._db.engine.raw_connection()
        driver: Any = pooled.driver_connection
        pooled.detach()
        driver.execute("PRAGMA synchronous=NORMAL")
        return driver

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            kept, self._kept = self._kept, []
        for driver in kept:
            driver.close()
