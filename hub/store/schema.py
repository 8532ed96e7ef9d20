"""Migrations: bring a database to today's revision, or say what is wrong with it."""

from functools import cache
from typing import Any

from sqlalchemy import inspect

from hub.store.database import Database, DatabaseProblem


def _config(connection: Any) -> Any:
    from alembic.config import Config  # noqa: PLC0415 - 150 ms that a running hub never needs

    config = Config()
    config.set_main_option("script_location", "hub:store/migrations")
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """Return the revision this code was written for."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    revision = ScriptDirectory.from_config(_config(None)).get_current_head()
    return revision or ""


def current(database: Database) -> str | None:
    """Return the database's revision; None for an empty database."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
        return str(row[0]) if row else None


def known() -> set[str]:
    """Return every revision that this code can migrate from, its own included."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    directory = ScriptDirectory.from_config(_config(None))
    return {script.revision for script in directory.walk_revisions()}


def upgrade(database: Database) -> str:
    """Migrate to the head and return it.

    Raises ``DatabaseProblem`` when the database is newer than this code, or when a foreign key is
    broken afterwards. On SQLite foreign keys are off meanwhile: a batch change of a parent table
    would otherwise delete its children (recipe 3).
    """
    from alembic import command  # noqa: PLC0415

    found = current(database)
    if found is not None and found not in known():
        raise DatabaseProblem(
            f"The database is at revision {found}, which this version of the hub does not know. "
            "Install the newer version again; nothing was changed."
        )
    with database.engine.connect() as connection:
        raw: Any = connection.connection
        if database.is_sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        with connection.execution_options(sqlite_begin="IMMEDIATE").begin():
            command.upgrade(_config(connection), "head")
            if (
                database.is_sqlite
                and connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            ):
                raise DatabaseProblem(
                    "A foreign key is broken after the migration; nothing was kept."
                )
        if database.is_sqlite:
            raw.execute("PRAGMA foreign_keys=ON")
    return head()


def check(database: Database) -> list[str]:
    """Return what is wrong with the database, as sentences; empty = nothing."""
    problems: list[str] = []
    found, wanted = current(database), head()
    if found != wanted:
        problems.append(
            f"The database is at revision {found or 'none'}, this version needs {wanted}: "
            "run `hub db upgrade`."
        )
    if database.is_sqlite:
        with database.engine.connect() as connection:
            result = connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars().all()
            problems += [f"SQLite reports damage: {line}" for line in result if line != "ok"]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken:
                problems.append(f"A row of table {broken[0]} refers to a row that does not exist.")
    return problems
