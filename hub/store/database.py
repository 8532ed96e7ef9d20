"""The database: one engine, three ways in, and nothing SQLite-only outside this room."""

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from hub.seams import Clock

FIXED_RACE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""SQLite releases that fixed the WAL race (lost writes when a checkpoint meets a write)."""

NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"}


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
    """Engine and transactions. ``read`` is deferred; ``write`` and ``begin`` are BEGIN IMMEDIATE."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.clock = clock
        self.url = make_url(url)
        self.engine = self._engine()
        self._immediate = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._reader = sessionmaker(self.engine, expire_on_commit=False)
        self._writer = sessionmaker(self._immediate, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """True when everything is embedded on this machine."""
        return self.url.get_backend_name() == "sqlite"

    def _engine(self) -> Engine:
        if not self.is_sqlite:
            return create_engine(self.url, pool_pre_ping=True)
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
            yield session

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A Core connection in one writing transaction, for the hot statements."""
        with self._immediate.begin() as connection:
            yield connection

    def now_ms(self) -> int:
        """Milliseconds since 1970 on the one clock that leases are compared by (R3)."""
        return int(self.clock.now().timestamp() * 1000)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


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
