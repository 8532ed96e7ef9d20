"""The database: one engine, three ways in, and nothing SQLite-only outside this room."""

import importlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from hub.seams import Clock, SystemClock
from hub.store.owner import since_same_boot
from hub.store.server_clock import ServerClock
from hub.store.transaction import DriverTransaction, Transaction

FIXED_RACE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""SQLite releases that fixed the WAL race (lost writes when a checkpoint meets a write)."""

NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"}


SERVER_SETTINGS = {
    "statement_timeout": "60s",
    "lock_timeout": "15s",
    "idle_in_transaction_session_timeout": "60s",
}
"""What every connection to PostgreSQL is limited by (R22): nobody waits or holds for ever."""

ONE_WRITER = text("SELECT pg_advisory_xact_lock(7204817)")
AGAIN = {"40P01", "40001", "23505"}
"""Deadlock, serialization failure, and two who inserted the same row at once."""
AWAY = ("080", "57P")
"""Classes of SQLSTATE: connection exceptions, and a server that stops or starts."""
TRIES = 6

Result = TypeVar("Result")


class DatabaseProblem(Exception):
    """The database cannot be used; the text is one sentence for the operator."""


def sqlite_module() -> ModuleType:
    """Return the newest SQLite at hand: the pysqlite3 wheel where it exists, else the standard one."""
    try:
        module: ModuleType = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return module


def has_wal_race(version: tuple[int, ...]) -> bool:
    """True for a SQLite between 3.7.0 and 3.51.2 without the back-ported fix (R20)."""
    if version >= FIXED_RACE[0] or version < (3, 7, 0):
        return False
    return not any(version[:2] == fix[:2] and version >= fix for fix in FIXED_RACE)


class Database:
    """Engine and transactions, on SQLite or PostgreSQL.

    ``read`` sees; ``write``, ``core`` and ``begin`` write. On SQLite all writers are BEGIN IMMEDIATE, one at
    a time. On PostgreSQL ``write`` (settings, leases: read, decide, write) is one at a time too, by
    an advisory lock; ``begin`` (the hot statements, each guarded by its own WHERE) is not.
    ``clock`` is the one that everybody on this database shares (R3).
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = make_url(url)
        self.engine = self._engine()
        self.clock = clock
        if not self.is_sqlite and isinstance(clock, SystemClock):
            self.clock = ServerClock(clock, self._server_time)
        self._immediate = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._reader = sessionmaker(self.engine, expire_on_commit=False)
        self._writer = sessionmaker(self._immediate, expire_on_commit=False)
        self._kept: list[DriverTransaction] = []

    @property
    def is_sqlite(self) -> bool:
        """True when everything is embedded on this machine."""
        return self.url.get_backend_name() == "sqlite"

    def _engine(self) -> Engine:
        if not self.is_sqlite:
            return _postgresql(self.url)
        if self.url.database and self.url.database != ":memory:":
            refuse_network_file_system(Path(self.url.database))
        engine = create_engine(self.url, module=sqlite_module(), pool_size=20, max_overflow=20)
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
        return engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing is committed."""
        with self._reader() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one writing transaction, committed on exit, rolled back on an exception."""
        with self._writer() as session, session.begin():
            if not self.is_sqlite:
                session.execute(ONE_WRITER)
            yield session

    @contextmanager
    def core(self) -> Iterator[Connection]:
        """A Core connection in one writing transaction, where statements are composed."""
        with self._immediate.begin() as connection:
            yield connection

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Transaction]:
        """One writing transaction for the hot statements.

        Not ``durable``: atomic, but a power cut may undo it (SQLite then waits for no disk).
        """
        with self._light("IMMEDIATE", durable=durable) as transaction:
            yield transaction

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """The same for reading: one moment of the database, nobody is kept waiting."""
        with self._light("DEFERRED") as transaction:
            yield transaction

    @contextmanager
    def _light(self, kind: str, *, durable: bool = True) -> Iterator[Transaction]:
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        try:
            transaction = self._kept.pop()  # in one step: another thread may take the last one
        except IndexError:
            transaction = self._driver()
        try:
            transaction.begin(kind, durable=durable)
            yield transaction
            transaction.control("COMMIT")
        except BaseException:
            transaction.driver.close()  # which rolls back
            raise
        self._kept.append(transaction)

    def _driver(self) -> DriverTransaction:
        pooled = self.engine.raw_connection()
        driver: Any = pooled.driver_connection
        pooled.detach()
        return DriverTransaction(driver, self.engine.dialect)

    def run(self, work: Callable[[Transaction], Result]) -> Result:
        """Do ``work`` in one writing transaction, again when PostgreSQL chose it as the victim.

        Two workers that lock the same rows in another order deadlock; the server ends one of them
        (F45). ``work`` must change nothing but the database.
        """
        for attempt in range(1, TRIES):
            try:
                with self.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in AGAIN:
                    raise
                self.clock.sleep(0.01 * attempt)
        with self.begin() as connection:
            return work(connection)

    def has_all_of(self, owner: str) -> bool:
        """True when nothing that ``owner`` committed can be lost, durable or not (see ``begin``)."""
        return not self.is_sqlite or since_same_boot(owner)

    def now_ms(self) -> int:
        """Milliseconds since 1970 on the one clock that leases are compared by (R3)."""
        return int(self.clock.now().timestamp() * 1000)

    def _server_time(self) -> float:
        with self.engine.connect() as connection:
            return float(
                connection.exec_driver_sql(
                    "SELECT extract(epoch FROM clock_timestamp())::float8"
                ).scalar_one()
            )

    def close(self) -> None:
        """Give back every connection."""
        while self._kept:
            self._kept.pop().driver.close()
        self.engine.dispose()


def is_away(error: BaseException) -> bool:
    """True when the server could not be reached or ended the connection; it may come back (F44)."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", "none of SQLite")
    lost = isinstance(error, OperationalError) and (state is None or state[:3] in AWAY)
    return error.connection_invalidated or lost


def _postgresql(url: URL) -> Engine:
    """Return an engine over psycopg 3; a lost connection is noticed before it is used."""
    try:
        return create_engine(
            url,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            connect_args={
                "connect_timeout": 10,
                "application_name": "integration-hub",
                "options": " ".join(
                    f"-c {name}={value}" for name, value in SERVER_SETTINGS.items()
                ),
                # A pooler between hands statements to other connections than prepared them.
                "prepare_threshold": None,
            },
        )
    except ModuleNotFoundError:
        raise DatabaseProblem(
            "HUB_DATABASE_URL names a PostgreSQL, but its driver is not installed. "
            "Run: pip install 'integration-hub[postgres]'"
        ) from None


def _on_connect(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions of its own: _on_begin says which kind (recipe 1).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=5000",
        "foreign_keys=ON",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def refuse_network_file_system(path: Path) -> None:
    """Raise ``DatabaseProblem`` when the file would lie on a network file system (locks lie there)."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return
    folder = str(path.resolve().parent)
    best, kind = "", ""
    for line in mounts.read_text(errors="replace").splitlines():
        parts = line.split()
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, parts[2]
    if kind in NETWORK_FILE_SYSTEMS:
        raise DatabaseProblem(
            f"{path} lies on a network file system ({kind}), where SQLite's locks do not hold. "
            "Choose a local folder with HUB_HOME, or a PostgreSQL with HUB_DATABASE_URL."
        )
