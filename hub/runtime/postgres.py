"""A PostgreSQL database to a dump and back, by the client programs of the server."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL

from hub.store.base import to_ms
from hub.store.database import Database, DatabaseProblem
from hub.store.tables import Base


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise DatabaseProblem(
            f"The program {name} is needed for a PostgreSQL database and is not installed here. "
            "Install the PostgreSQL client of the server's version, or use the server's own backup."
        )
    return found


def _run(command: list[str], url: URL) -> None:
    """The password travels in the environment. Who holds a lock for long ends the command."""
    environ = {
        **os.environ,
        "PGPASSWORD": url.password or os.environ.get("PGPASSWORD", ""),
        "PGCONNECT_TIMEOUT": "10",
        "PGOPTIONS": "-c lock_timeout=15s -c statement_timeout=0",
    }
    done = subprocess.run(  # noqa: S603 - no shell, arguments are ours
        command, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[0]
        raise DatabaseProblem(f"{Path(command[0]).name} did not succeed: {said}")


def _address(url: URL) -> str:
    """The whole address, with its TLS options, but without the password."""
    bare = url.set(drivername="postgresql", password=None)
    return f"--dbname={bare.render_as_string()}"


def dump(url: URL, target: Path) -> None:
    """Write a consistent custom-format dump. Raises ``DatabaseProblem``."""
    more = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
    _run([_tool("pg_dump"), _address(url), *more], url)


def load(live: Database, packed: Path, statements: Sequence[str], who: str) -> None:
    """Replace everything by the dump and run ``statements``, in one transaction.

    ``statements`` may name ``:now`` (ms) and ``:who``. Raises ``DatabaseProblem``; then all is as
    before.
    """
    first, script, last = (packed.with_name(f"{packed.name}.{n}.sql") for n in range(3))
    for file in (first, script, last):
        file.touch(mode=0o600)
    unpacking = [_tool("pg_restore"), "--no-owner", "--no-privileges"]
    _run([*unpacking, f"--file={script}", str(packed)], live.url)
    # The tables of today go, also those that the backup did not know.
    tables = ", ".join((*(f'"{table}"' for table in Base.metadata.tables), "alembic_version"))
    first.write_text(f"DROP TABLE IF EXISTS {tables} CASCADE;\n")
    now = str(to_ms(live.clock.now()))
    ready = [one.replace(":now", now).replace(":who", f"'{who}'") for one in statements]
    # The dump empties the search path.
    last.write_text(";\n".join(["SET search_path TO public", *ready, ""]))
    live.close()
    files = [f"--file={file}" for file in (first, script, last)]
    quiet = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    _run([_tool("psql"), _address(live.url), *quiet, *files], live.url)
