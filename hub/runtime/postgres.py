"""A PostgreSQL database to a dump and back, by the client programs of the server."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL

from hub.store.base import to_ms
from hub.store.database import Database, DatabaseProblem


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise DatabaseProblem(
            f"The program {name} is needed for a PostgreSQL database and is not installed here. "
            "Install the PostgreSQL client of the server's version, or use the server's own backup."
        )
    return found


def _run(command: list[str], url: URL) -> None:
    environ = {**os.environ, "PGPASSWORD": url.password or "", "PGCONNECT_TIMEOUT": "10"}
    done = subprocess.run(  # noqa: S603 - no shell, arguments are ours
        command, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[0]
        raise DatabaseProblem(f"{Path(command[0]).name} did not succeed: {said}")


def _options(url: URL) -> list[str]:
    """The password is not among them: it travels in the environment."""
    given = {"host": url.host or url.query.get("host"), "port": url.port or url.query.get("port"),
             "username": url.username, "dbname": url.database}  # fmt: skip
    return [f"--{name}={value}" for name, value in given.items() if value]


def dump(url: URL, target: Path) -> None:
    """Write a consistent custom-format dump. Raises ``DatabaseProblem``."""
    more = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
    _run([_tool("pg_dump"), *_options(url), *more], url)


def load(live: Database, packed: Path, statements: Sequence[str], who: str) -> None:
    """Replace everything by the dump and run ``statements``, in one transaction.

    ``statements`` may name ``:now`` (ms) and ``:who``. Raises ``DatabaseProblem``; then all is as
    before.
    """
    script = packed.with_name(f"{packed.name}.sql")
    unpacking = [_tool("pg_restore"), "--clean", "--if-exists", "--no-owner", "--no-privileges"]
    _run([*unpacking, f"--file={script}", str(packed)], live.url)
    script.chmod(0o600)
    now = str(to_ms(live.clock.now()))
    with script.open("a") as file:
        # The dump empties the search path.
        file.write("\nSET search_path TO public;\n")
        for statement in statements:
            file.write(statement.replace(":now", now).replace(":who", f"'{who}'") + ";\n")
    live.close()
    quiet = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    _run([_tool("psql"), *_options(live.url), *quiet, f"--file={script}"], live.url)
