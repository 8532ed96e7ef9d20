"""What is wrong here and how to mend it: the words of ``hub doctor``."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hub.config import ConfigProblem, Environment
from hub.registry import Registry
from hub.seams import SystemClock
from hub.settings.keys import ensure_keys
from hub.store import schema
from hub.store.database import Database, DatabaseProblem, has_wal_race, sqlite_module
from hub.vault import KeyProblem, Redactor

LITTLE_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. ``status``: ok, watch, to mend."""

    check: str
    status: str
    detail: str
    remedy: str = ""


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Run every check; a failing one never keeps the others from being told."""
    try:
        environment = Environment.load(environ)
    except ConfigProblem as problem:
        return [Finding("Environment", "to mend", str(problem), "Correct the variable.")]
    findings = [Finding("Environment", "ok", f"Home is {environment.home}.")]
    checks: list[Callable[[Environment], Iterator[Finding]]] = [_disk, _sqlite, _database, _plugins]
    for check in checks:
        try:
            findings += list(check(environment))
        except Exception as error:
            name = check.__name__.strip("_").capitalize()
            findings.append(Finding(name, "to mend", f"The check failed: {error}", "See the log."))
    return findings


def _disk(environment: Environment) -> Iterator[Finding]:
    folder = environment.home if environment.home.exists() else environment.home.parent
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < LITTLE_MB:
        yield Finding(
            "Disk", "to mend", f"{free} MB are free.", "Free some space before it is full."
        )
    else:
        yield Finding("Disk", "ok", f"{free:,} MB are free.")
    if environment.key_file.exists():
        mode = environment.key_file.stat().st_mode & 0o777
        if mode & 0o077:
            yield Finding(
                "Key file",
                "to mend",
                f"Others may read it (mode {mode:o}).",
                f"Run: chmod 600 {environment.key_file}",
            )


def _sqlite(environment: Environment) -> Iterator[Finding]:
    if not environment.database_url.startswith("sqlite"):
        return
    version = sqlite_module().sqlite_version
    parts = tuple(int(part) for part in version.split("."))
    if has_wal_race(parts):
        yield Finding(
            "SQLite",
            "watch",
            f"Version {version} can lose a write when a checkpoint meets it.",
            "Install pysqlite3, or a Python with SQLite 3.51.3 or newer.",
        )
    else:
        yield Finding("SQLite", "ok", f"Version {version}.")


def _database(environment: Environment) -> Iterator[Finding]:
    if not environment.home.exists() and environment.database_url.startswith("sqlite"):
        yield Finding("Database", "ok", "There is none yet; the first start makes it.")
        return
    try:
        database = Database(environment.database_url, SystemClock())
    except DatabaseProblem as problem:
        yield Finding("Database", "to mend", str(problem), "Choose another place.")
        return
    try:
        if schema.current(database) is None:
            yield Finding("Database", "ok", "It is empty; the first start makes its tables.")
            return
        problems = schema.check(database)
        for problem_text in problems:
            yield Finding(
                "Database", "to mend", problem_text, "Restore a backup or run the command."
            )
        if not problems:
            yield Finding("Database", "ok", f"Whole, revision {schema.head()}.")
        yield from _keys(environment, database)
    finally:
        database.close()


def _keys(environment: Environment, database: Database) -> Iterator[Finding]:
    try:
        ensure_keys(database, environment, Redactor())
    except (ConfigProblem, KeyProblem) as problem:
        yield Finding("Keys", "to mend", str(problem), "Set the right key, or run hub keys reset.")
    else:
        yield Finding("Keys", "ok", "The key opens what is sealed.")


def _plugins(_environment: Environment) -> Iterator[Finding]:
    for found in Registry().found.values():
        if found.plugin is None:
            yield Finding(
                f"Plugin {found.name}", "to mend", f"Quarantined: {found.reason}", "Reinstall it."
            )
        else:
            yield Finding(f"Plugin {found.name}", "ok", f"Version {found.version}.")
    yield Finding("Process", "ok", f"Running as process {os.getpid()}.")
