"""What is wrong here and how to mend it: the words of ``hub doctor``."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import DatabaseError

from hub.config import ConfigProblem, Environment
from hub.registry import Registry
from hub.runtime import doctor_work
from hub.runtime.finding import Finding
from hub.seams import Clock, SystemClock
from hub.settings import audit
from hub.settings.keys import open_vault
from hub.settings.sealed import broken_values
from hub.store import schema, snapshot
from hub.store.database import Database, DatabaseProblem, has_wal_race, sqlite_module
from hub.vault import KeyProblem, Redactor, Vault

LITTLE_MB = 500
RESTORE = "Stop the hub and restore the newest backup: hub restore FILE"


@dataclass(frozen=True, slots=True)
class _Patient:
    environment: Environment
    database: Database
    clock: Clock


def examine(environ: Mapping[str, str], clock: Clock | None = None) -> list[Finding]:
    """Run every check; a failing one never keeps the others from being told."""
    try:
        environment = Environment.load(environ)
    except ConfigProblem as problem:
        return [Finding("Environment", "to mend", str(problem), "Correct the variable.")]
    findings = [Finding("Environment", "ok", f"Home is {environment.home}.")]
    for check in (_disk, _key_file, _sqlite, _plugins):
        findings += _safely(check.__name__, lambda c=check: c(environment))  # type: ignore[misc]
    findings += _safely("database", lambda: _database(environment, clock or SystemClock()))
    return findings


def _safely(name: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    found: list[Finding] = []
    title = name.strip("_").replace("_", " ").capitalize()
    try:
        for finding in check():
            found.append(finding)  # noqa: PERF402 - what was found before a failure stays
    except DatabaseError as error:
        what = str(error.orig or error).splitlines()[0]
        found.append(Finding(title, "to mend", f"The database cannot be read: {what}.", RESTORE))
    except Exception as error:
        found.append(Finding(title, "to mend", f"The check failed: {error}", "See the log."))
    return found


def _disk(environment: Environment) -> Iterator[Finding]:
    folder = environment.home if environment.home.exists() else environment.home.parent
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < LITTLE_MB:
        yield Finding(
            "Disk", "to mend", f"{free} MB are free.", "Free some space before it is full."
        )
    else:
        yield Finding("Disk", "ok", f"{free:,} MB are free.")
    if environment.home.exists() and not os.access(environment.home, os.W_OK):
        yield Finding(
            "Disk", "to mend", f"{environment.home} cannot be written.", "Correct its permissions."
        )


def _key_file(environment: Environment) -> Iterator[Finding]:
    if environment.secret_keys:
        yield Finding("Key file", "ok", "Not used: HUB_SECRET_KEYS is set.")
        return
    if not environment.key_file.exists():
        return
    mode = environment.key_file.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
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


def _plugins(_environment: Environment) -> Iterator[Finding]:
    """Bundled ones; what else is installed is told with what the database says of it."""
    for found in Registry().found.values():
        if not found.bundled:
            continue
        if found.plugin is None:
            yield Finding(
                f"Plugin {found.name}", "to mend", f"Quarantined: {found.reason}.", "Reinstall it."
            )
        else:
            yield Finding(f"Plugin {found.name}", "ok", f"Version {found.version}.")


def _database(environment: Environment, clock: Clock) -> Iterator[Finding]:
    try:
        database = Database(environment.database_url, clock)
    except DatabaseProblem as problem:
        yield Finding("Database", "to mend", str(problem), "Choose another place.")
        return
    try:
        path = snapshot.file_of(database)
        if path is not None and not path.exists():
            yield Finding("Database", "ok", "There is none yet; the first start makes it.")
            return
        yield from _whole(_Patient(environment, database, clock))
    finally:
        database.close()


def _whole(patient: _Patient) -> Iterator[Finding]:
    database = patient.database
    try:
        snapshot.refuse_damage(database, whole=True)
    except DatabaseProblem as problem:
        yield Finding("Database", "to mend", str(problem), RESTORE)
        return
    if schema.current(database) is None:
        yield Finding("Database", "ok", "It is empty; the first start makes its tables.")
        return
    problems = schema.check(database)
    for problem_text in problems:
        remedy = "Run: hub db upgrade" if "hub db upgrade" in problem_text else RESTORE
        yield Finding("Database", "to mend", problem_text, remedy)
    if not problems:
        yield Finding("Database", "ok", f"Whole, revision {schema.head()}.")
    elif schema.current(database) != schema.head():
        return  # the other checks read tables that may not be there yet
    for name, check in (("keys", _keys), ("audit trail", _audit)):
        yield from _safely(name, lambda c=check: c(patient))  # type: ignore[misc]
    for more in doctor_work.CHECKS:
        yield from _safely(more.__name__, lambda c=more: c(database, patient.clock))  # type: ignore[misc]


def _keys(patient: _Patient) -> Iterator[Finding]:
    try:
        vault: Vault | None = open_vault(patient.database, patient.environment, Redactor())
    except (ConfigProblem, KeyProblem) as problem:
        yield Finding("Keys", "to mend", str(problem), "Set the right key, or run hub keys reset.")
        return
    if vault is None:
        yield Finding("Keys", "ok", "Nothing is sealed yet.")
        return
    broken = broken_values(patient.database, vault)
    for place in broken:
        yield Finding(
            "Keys",
            "to mend",
            f"The sealed {place} does not open here: altered, moved from another place, or under "
            "another key.",
            "Enter that secret again on its connection's page.",
        )
    if not broken:
        yield Finding("Keys", "ok", "The key opens everything that is sealed.")
    if len(vault.key_ids) > 1:
        yield Finding(
            "Keys", "watch", f"{len(vault.key_ids)} keys are in use.", "Run: hub keys rotate"
        )


def _audit(patient: _Patient) -> Iterator[Finding]:
    with patient.database.read() as session:
        wrong = audit.verify(session)
    if wrong is None:
        yield Finding("Audit trail", "ok", "All rows are as they were written.")
    else:
        yield Finding(
            "Audit trail",
            "to mend",
            f"Row {wrong} is not as it was written.",
            "Run: hub audit verify, and compare with a backup from before.",
        )


__all__ = ["Finding", "examine"]
