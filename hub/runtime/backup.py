"""``hub backup``: the database and what is needed to trust it again, as one file, without keys."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub import __version__
from hub.config import ConfigProblem, Environment
from hub.runtime import postgres
from hub.runtime.archive import FORMAT, Manifest, checksum, pack
from hub.seams import Clock
from hub.settings.keys import load_vault
from hub.settings.sealed import sealed_columns
from hub.store import schema, snapshot
from hub.store.database import Database, DatabaseProblem
from hub.vault import KeyProblem, Redactor, sync_folder


def make_backup(environment: Environment, clock: Clock, target: Path) -> Manifest:
    """Write a backup of the database to ``target``, also while a hub works on it.

    The file is complete and private (0600), or not there. Raises ``ConfigProblem`` when ``target``
    exists or cannot be written, ``DatabaseProblem`` when the database is damaged or not there.
    """
    if target.exists():
        raise ConfigProblem(f"{target} exists already. Choose another name; nothing was written.")
    if not target.absolute().parent.is_dir():
        raise ConfigProblem(f"The folder {target.absolute().parent} does not exist. Make it first.")
    database = Database(environment.database_url, clock)
    try:
        snapshot.refuse_missing(database)
        snapshot.refuse_damage(database)
        revision = schema.current(database)
        if revision is None:
            raise DatabaseProblem("The database is empty: there is nothing to back up.")
        try:
            return _write(environment, database, revision, target.absolute())
        except OSError as error:
            raise ConfigProblem(f"{target} cannot be written: {error.strerror or error}.") from None
    finally:
        database.close()


def _write(environment: Environment, database: Database, revision: str, target: Path) -> Manifest:
    with _draft_folder(target.parent) as folder:
        name = "hub.db" if database.is_sqlite else "hub.dump"
        copy = folder / name
        if database.is_sqlite:
            snapshot.copy_to(database, copy)
            _prove(copy, database.clock)
        else:
            postgres.dump(database.url, copy)
        ids, unreadable = _keys_needed(environment, database, copy)
        manifest = Manifest(
            FORMAT,
            database.clock.now().isoformat(),
            __version__,
            database.url.get_backend_name(),
            revision,
            name,
            copy.stat().st_size,
            checksum(copy),
            ids,
            unreadable,
        )
        draft = folder / "backup"
        pack(draft, copy, manifest)
        draft.replace(target)
        sync_folder(target.parent)
    return manifest


@contextmanager
def _draft_folder(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".hub-backup-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prove(copy: Path, clock: Clock) -> None:
    found = Database(f"sqlite:///{copy}", clock)
    try:
        snapshot.refuse_damage(found, whole=True)
        snapshot.sole_user(found)
    finally:
        found.close()


def _keys_needed(environment: Environment, database: Database, copy: Path) -> tuple[list[str], int]:
    """Return the ids of the keys that open what is sealed, and how many values none opens."""
    source = Database(f"sqlite:///{copy}", database.clock) if database.is_sqlite else database
    try:
        vault = load_vault(environment, Redactor())
    except (ConfigProblem, KeyProblem):
        vault = None
    needed: dict[str, None] = {}
    unreadable = 0
    try:
        with source.read() as session:
            for column in sealed_columns():
                for _, sealed in column.values(session.connection()):
                    opener = vault.opener(sealed) if vault else None
                    if opener is None:
                        unreadable += 1
                    else:
                        needed[opener] = None
    finally:
        if source is not database:
            snapshot.sole_user(source)
    return list(needed), unreadable
