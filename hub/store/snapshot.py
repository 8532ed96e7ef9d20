"""A whole SQLite database as one file: copying it while it is used, and looking for damage."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DatabaseError, OperationalError

from hub.store.database import Database, DatabaseProblem

MAGIC = b"SQLite format 3\0"
QUICK_BYTES = 64_000_000
"""Up to this size every start reads the whole file; above it ``hub doctor`` and backups do."""

SHRINK_TRIES = 5

DAMAGED = (
    "The database {path} is damaged ({what}). Nothing was sent. Stop the hub and restore the "
    "newest backup with `hub restore FILE`; the damaged file is kept beside it."
)
NOT_OPENED = (
    "The database {path} cannot be opened ({why}). See that the disk is not full and that the hub "
    "may write there, then start again."
)


def file_of(database: Database) -> Path | None:
    """Return the file of a SQLite database; None for a server or memory."""
    name = database.url.database
    return Path(name) if database.is_sqlite and name and name != ":memory:" else None


def refuse_missing(database: Database) -> None:
    """Raise ``DatabaseProblem`` where a command needs a database and there is none yet."""
    path = file_of(database)
    if path is not None and not path.exists():
        raise DatabaseProblem(f"There is no database at {path}. Check HUB_HOME.")


def copy_to(database: Database, target: Path) -> None:
    """Write a consistent copy to ``target`` while others read and write (VACUUM INTO), on disk."""
    raw = database.engine.raw_connection()
    try:
        # Not inside a transaction, so not through the engine's own BEGIN.
        raw.cursor().execute("VACUUM INTO ?", (str(target),))
    finally:
        raw.close()
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def refuse_damage(database: Database, *, whole: bool = False) -> None:
    """Raise ``DatabaseProblem`` when the file is cut, is no database, or (small or ``whole``) torn.

    SQLite keeps no checksum of a page: this finds broken structure and rows that differ from
    their indexes; payloads carry a hash of their own, sealed values and audit rows theirs.
    """
    path = file_of(database)
    if path is None or not path.exists() or path.stat().st_size == 0:
        return
    what = _cut(path)
    if not what:
        try:
            what = _torn(database, whole=whole or path.stat().st_size <= QUICK_BYTES)
        except OperationalError as error:
            # The system refused, not the content: a restore would be the wrong advice.
            why = str(error.orig or error).splitlines()[0]
            raise DatabaseProblem(NOT_OPENED.format(path=path, why=why)) from None
        except DatabaseError as error:
            what = str(error.orig or error).splitlines()[0]
        except UnicodeDecodeError:
            # The driver cannot read what SQLite says about a torn description of a table.
            what = "malformed database schema"
    if what:
        raise DatabaseProblem(DAMAGED.format(path=path, what=what))


def _cut(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(MAGIC):
        return "file is not a database"
    page = int.from_bytes(head[16:18], "big")
    size = 65_536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big")
    wal = path.with_name(f"{path.name}-wal")
    # Pages that stand only in the write-ahead log make the file shorter than its header says.
    if not wal.exists() and path.stat().st_size < pages * size:
        return f"it was cut at {path.stat().st_size:,} of {pages * size:,} bytes"
    return ""


def _torn(database: Database, *, whole: bool) -> str:
    with database.engine.connect() as connection:
        if not whole:
            connection.exec_driver_sql("PRAGMA schema_version")
            return ""
        lines = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalars().all()
    return "" if list(lines) == ["ok"] else str(lines[0]).splitlines()[0]


def shrink_log(database: Database) -> bool:
    """Write the log into the file and cut it to nothing (R21); False when others read all the time.

    SQLite re-uses its write-ahead log but never makes it shorter by itself: after one large
    transaction or a long reader it would keep that size for ever.
    """
    if file_of(database) is None:
        return True
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        # Writers wait as long as this does, so it asks shortly and lets them in between.
        cursor.execute("PRAGMA busy_timeout=100")
        for _ in range(SHRINK_TRIES):
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return True
            database.clock.sleep(0.5)
        return False
    finally:
        raw.invalidate()  # its waiting time is not that of other connections
        raw.close()


def sole_user(database: Database) -> None:
    """Fold the write-ahead log into the file and leave WAL; needs the file for itself alone.

    Raises ``DatabaseProblem`` while another process has the database open.
    """
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA busy_timeout=1000")
        mode: Any = cursor.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except Exception as error:
        if "locked" not in str(error):
            raise
        mode = "wal"
    finally:
        with suppress(Exception):
            raw.close()
        database.close()
    if mode != "delete":
        raise DatabaseProblem(
            "Another process has the database open. End every hub command first; nothing was "
            "changed."
        )


def free_name(wanted: Path) -> Path:
    """Return ``wanted``, or with ``-2``, ``-3`` … behind it where such a file exists already."""
    count, found = 1, wanted
    while found.exists():
        count += 1
        found = wanted.with_name(f"{wanted.name}-{count}")
    return found
