"""``hub restore``: put a backup in place of the database, paused, so that nothing is doubled.

What the stores were sent since the backup is unknown to the restored database. Creates search
first (R10), stored payloads are read anew (R11), and hashes are forgotten: no old version is sent.
"""

import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from hub.config import ConfigProblem, Environment
from hub.outbox import sweep
from hub.runtime import postgres
from hub.runtime.archive import Manifest, open_archive, read_manifest, unpack
from hub.seams import Clock, crashpoint
from hub.settings import audit, presence
from hub.settings.keys import forget_sealed, load_vault, open_vault
from hub.settings.rotation import spare_keys
from hub.store import schema, snapshot
from hub.store.base import to_ms
from hub.store.database import Database, DatabaseProblem
from hub.vault import KeyFile, Redactor, key_id, sync_folder, write_keys

WHO = "restore"
HOLD_MS = 660_000
"""The longest hold of a system (Acumatica may run a queued request ten minutes later, R10.6)."""

STILL = (
    """UPDATE connector SET paused = true, paused_at = :now, paused_by = :who
       WHERE active AND NOT paused""",
    "UPDATE flow SET full_next = true",
    "UPDATE message SET payload = NULL WHERE status IN ('pending','blocked','parked')",
    # Found over there, it may have been changed since: what it holds is not what was sent then.
    "UPDATE message SET mapped = NULL, canonical_hash = NULL WHERE status = 'unknown'",
    "UPDATE flow_state SET content_hash = NULL, canonical_hash = NULL",
    "DELETE FROM lease",
    "DELETE FROM user_session",
)
"""Nothing is sent until a person resumes; then everything is read, and sent as it is by then."""


@dataclass(slots=True)
class Restored:
    """What was put in place. ``kept``: where the replaced database lies; ``paused``: connectors."""

    manifest: Manifest
    revision: str
    paused: list[str]
    kept: Path | None = None
    secrets_gone: bool = False


def restore_backup(
    environment: Environment, clock: Clock, source: Path, *, without_key: bool = False
) -> Restored:
    """Replace the database by a backup; the replaced one stays beside it.

    ``without_key``: the sealing key is lost, the secrets are entered again. Raises
    ``ConfigProblem`` (backup or key not usable) and ``DatabaseProblem`` (a hub is at work, a newer
    revision); nothing was changed then.
    """
    with open_archive(source) as archive:
        manifest = read_manifest(archive, source)
        live = Database(environment.database_url, clock)
        try:
            _refuse_foreign(manifest, live, source)
            refuse_at_work(live)
            _find_keys(environment, manifest, without_key=without_key)
            environment.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            return _replace(environment, live, archive, manifest, without_key=without_key)
        finally:
            live.close()


def _replace(
    environment: Environment,
    live: Database,
    archive: zipfile.ZipFile,
    manifest: Manifest,
    *,
    without_key: bool,
) -> Restored:
    path = snapshot.file_of(live)
    folder = path.parent if path is not None else environment.home
    draft = folder / f".restore-{os.getpid()}.draft"
    try:
        unpack(archive, manifest, draft)
        result = Restored(manifest, manifest.revision, [])
        if path is None:
            result.kept = _dump_beside(live, environment)
            postgres.load(live, draft, STILL, WHO)
            settle(live, environment, result, without_key=without_key)
            return result
        staged = Database(f"sqlite:///{draft}", live.clock)
        snapshot.refuse_damage(staged, whole=True)
        settle(staged, environment, result, without_key=without_key)
        snapshot.sole_user(staged)
        result.kept = _swap(live, path, draft)
        return result
    finally:
        for leftover in folder.glob(f"{draft.name}*"):
            leftover.unlink(missing_ok=True)


def _refuse_foreign(manifest: Manifest, live: Database, source: Path) -> None:
    here = live.url.get_backend_name()
    if manifest.database != here:
        raise ConfigProblem(
            f"{source} is a backup of a {manifest.database} database, but HUB_DATABASE_URL names a "
            f"{here} one. Set the right address; nothing was changed."
        )
    if manifest.revision not in schema.known():
        raise DatabaseProblem(
            f"{source} was made by version {manifest.hub_version} at revision {manifest.revision}, "
            "which this version of the hub does not know. Install that version or a newer one; "
            "nothing was changed."
        )


def refuse_at_work(live: Database) -> None:
    """Raise ``DatabaseProblem`` while a hub serves the database; a damaged one is served by none."""
    path = snapshot.file_of(live)
    if path is not None and not path.exists():
        return
    try:
        snapshot.refuse_damage(live)
        if schema.current(live) is None:
            return
        with live.read() as session:
            owners = presence.serving_owners(session, live.now_ms())
    except DatabaseProblem:
        return
    if owners:
        raise DatabaseProblem(
            f"A hub serves this database ({presence.describe(owners[0])}). Stop it first; nothing "
            "was changed."
        )


def _find_keys(environment: Environment, manifest: Manifest, *, without_key: bool) -> None:
    """Bring retired keys back that the backup needs. Raises ``ConfigProblem`` when one is missing."""
    if without_key:
        return
    if environment.secret_keys:
        keys, place = list(environment.secret_keys), "HUB_SECRET_KEYS"
    else:
        keys, place = KeyFile(environment.key_file).read(), str(environment.key_file)
    missing = [name for name in manifest.key_ids if name not in map(key_id, keys)]
    spare = {key_id(key): key for key in spare_keys(environment)}
    found = [spare[name] for name in missing if name in spare]
    if len(found) < len(missing):
        gone = ", ".join(name for name in missing if name not in spare)
        raise ConfigProblem(
            f"The backup was sealed with a key that is not in {place} (key {gone}). Add that key "
            "there as the last one; if it is lost, restore with --without-key and enter the "
            "secrets again. Nothing was changed."
        )
    if found and environment.secret_keys:
        raise ConfigProblem(
            f"The backup needs a retired key ({', '.join(missing)}). Append it to HUB_SECRET_KEYS "
            "from secret.keys.retired; nothing was changed."
        )
    if found:
        write_keys(environment.key_file, [*keys, *found])


def settle(
    database: Database, environment: Environment, result: Restored, *, without_key: bool
) -> None:
    """Migrate the restored database, prove its keys, and make it stand still.

    Raises ``DatabaseProblem`` or ``ConfigProblem``.
    """
    redactor = Redactor()
    result.revision = schema.upgrade(database)
    problems = schema.check(database)
    if problems:
        raise DatabaseProblem(f"The backup cannot be used. {problems[0]} Nothing was changed.")
    if without_key:
        forget_sealed(database, load_vault(environment, redactor), WHO)
        result.secrets_gone = True
    else:
        open_vault(database, environment, redactor)
    now = database.clock.now()
    with database.write() as session:
        connection = session.connection()
        # What was announced when the backup was made may have been sent since.
        sweep(connection, to_ms(now), lambda _: True, lambda _: HOLD_MS, lambda _: False)
        for statement in STILL:
            bound = {"now": to_ms(now), "who": WHO} if ":now" in statement else {}
            connection.execute(text(statement), bound)
        paused = "SELECT key FROM connector WHERE active AND paused ORDER BY key"
        result.paused = list(connection.execute(text(paused)).scalars())
        after = {"made_at": result.manifest.made_at, "sha256": result.manifest.sha256}
        audit.record(session, "command line", "backup restored", "database", after=after, at=now)


def _dump_beside(live: Database, environment: Environment) -> Path | None:
    if schema.current(live) is None:
        return None
    kept = snapshot.free_name(environment.home / f"hub.dump.before-restore-{_stamp(live)}")
    postgres.dump(live.url, kept)
    kept.chmod(0o600)
    return kept


def _stamp(live: Database) -> str:
    return live.clock.now().strftime("%Y%m%d-%H%M%S")


def _swap(live: Database, path: Path, draft: Path) -> Path | None:
    """Put the finished draft in place in one rename; return where the replaced file lies."""
    draft.chmod(0o600)
    kept: Path | None = None
    if path.exists():
        kept = snapshot.free_name(path.with_name(f"{path.name}.before-restore-{_stamp(live)}"))
        if not _fold(live):
            for ending in ("-wal", "-shm"):
                side = path.with_name(path.name + ending)
                if side.exists():
                    side.replace(kept.with_name(kept.name + ending))
        _twin(path, kept)
    crashpoint("restore.before_swap")
    draft.replace(path)
    sync_folder(path.parent)
    crashpoint("restore.after_swap")
    return kept


def _fold(live: Database) -> bool:
    """Make the old database one file; False when it is too damaged. Raises while it is in use."""
    try:
        snapshot.sole_user(live)
    except DatabaseProblem:
        raise
    except Exception:
        return False
    return True


def _twin(path: Path, kept: Path) -> None:
    """Keep the old file under a second name, so that the database is never missing in between."""
    try:
        kept.hardlink_to(path)
    except OSError:
        shutil.copy2(path, kept)
