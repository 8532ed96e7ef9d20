"""``hub keys rotate``: a new sealing key for everything sealed, step by step, resumable (S3).

The key file goes from [old] to [new, old], then every value is sealed anew, 500 a commit, then the
file becomes [new]. Both keys open until then: killed anywhere, the next rotate goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from hub.config import ConfigProblem, Environment
from hub.seams import crashpoint
from hub.settings import audit, presence
from hub.settings.keys import load_vault, open_vault
from hub.settings.sealed import SLICE, Change, SealedColumn, sealed_columns
from hub.store.database import Database
from hub.store.owner import process_owner
from hub.vault import KeyFile, KeyProblem, Redactor, SealBroken, Vault, key_id, new_key, write_keys

Seen = dict[tuple[str, tuple[object, ...]], bytes]
"""What this rotation left sealed where: column and primary key → bytes."""


@dataclass(slots=True)
class Rotation:
    """What was done. ``step``: rotated, or with HUB_SECRET_KEYS ``set_new`` and ``remove_old``.

    ``broken``: places whose value opens with no key and was left as it is.
    """

    step: str = "rotated"
    values: int = 0
    resumed: bool = False
    key: str = ""
    retired: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    new_key: str = field(default="", repr=False)


def retired_file(environment: Environment) -> Path:
    """The file that keeps retired keys, for backups that were made under them."""
    return environment.home / "secret.keys.retired"


def rotate_keys(
    database: Database,
    environment: Environment,
    redactor: Redactor,
    who: str = "command line",
) -> Rotation:
    """Seal everything under a new first key and retire the others; goes on where one was killed.

    A rotation that was begun is completed with its key, not begun again. With ``HUB_SECRET_KEYS``
    the hub cannot write the keys: it says what to set, and seals anew once two are set.
    Raises ``ConfigProblem`` when the key is wrong, or when a hub serves that could not follow.
    """
    vault = open_vault(database, environment, redactor)
    if vault is None:
        raise ConfigProblem("The database holds nothing sealed yet. Start the hub once first.")
    _refuse_others(database, environment)
    if environment.secret_keys:
        return _from_environment(database, environment, vault, who)
    file = KeyFile(environment.key_file)
    found = file.read()
    if len(found) == 1:
        write_keys(environment.key_file, [new_key(), *found])
        crashpoint("keys.after_file")
    keys = file.read()
    result = Rotation(resumed=len(found) > 1, key=key_id(keys[0]))
    _seal_anew(database, load_vault(environment, redactor), result, who)
    _keep_retired(environment, keys[1:])
    write_keys(environment.key_file, keys[:1])
    crashpoint("keys.after_file")
    result.retired = [key_id(key) for key in keys[1:]]
    return result


def _refuse_others(database: Database, environment: Environment) -> None:
    with database.read() as session:
        owners = presence.serving_owners(session, database.now_ms())
    here = process_owner().partition(":")[0]
    for owner in owners:
        if environment.secret_keys:
            raise ConfigProblem(
                f"A hub serves this database ({presence.describe(owner)}) and cannot see a changed "
                "HUB_SECRET_KEYS. Stop it, run `hub keys rotate` again, then start it with the "
                "new value."
            )
        if owner.partition(":")[0] != here:
            raise ConfigProblem(
                f"A hub on another machine serves this database ({presence.describe(owner)}) with "
                "a key file of its own. Stop it, rotate here, copy the key file there, start it."
            )


def _from_environment(
    database: Database, environment: Environment, vault: Vault, who: str
) -> Rotation:
    keys = environment.secret_keys
    if len(set(keys)) == 1:
        made = new_key()
        vault.redactor.learn(made)
        return Rotation("set_new", key=key_id(made), new_key=made)
    result = Rotation("remove_old", key=key_id(keys[0]))
    _seal_anew(database, vault, result, who)
    result.retired = [key_id(key) for key in keys[1:]]
    return result


def _seal_anew(database: Database, vault: Vault, result: Rotation, who: str) -> None:
    seen: Seen = {}
    for column in sealed_columns():
        with database.read() as session:
            held = list(column.held(session.connection()).items())
        for start in range(0, len(held), SLICE):
            # Opened and sealed outside the transaction: who saves meanwhile waits for the writing alone.
            changes = _resealed(vault, column, held[start : start + SLICE], result, seen)
            # In turn with those who save (``write``): two orders of the same rows would deadlock.
            with database.write() as session:
                column.exchange(session.connection(), changes)
                crashpoint("keys.before_commit")
            crashpoint("keys.after_commit")
    _last_pass(database, vault, result, seen, who)


def _resealed(
    vault: Vault,
    column: SealedColumn,
    held: Sequence[tuple[tuple[object, ...], bytes]],
    result: Rotation,
    seen: Seen,
) -> list[Change]:
    """Return what is to be written; what opens with no key is named and left as it is."""
    changes: list[Change] = []
    for key, sealed in held:
        seen[column.place, key] = sealed
        try:
            fresh = vault.reseal(sealed)
        except SealBroken:
            place = f"{column.place} of {'/'.join(str(part) for part in key)}"
            if place not in result.broken:
                result.broken.append(place)
            continue
        if fresh is not None:
            seen[column.place, key] = fresh
            changes.append((key, sealed, fresh))
    result.values += len(changes)
    return changes


def _last_pass(database: Database, vault: Vault, result: Rotation, seen: Seen, who: str) -> None:
    """Under a lock that no writer passes: what was sealed meanwhile, and the audit row.

    What is as it was left is not opened again: savers would wait for ten thousand values. After this nobody seals under an old key: a saver that begins now finds the new key file.
    """
    with database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            names = ", ".join(sorted({column.table.name for column in sealed_columns()}))
            connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
        for column in sealed_columns():
            held = column.held(connection).items()
            fresh = [(k, sealed) for k, sealed in held if seen.get((column.place, k)) != sealed]
            column.exchange(connection, _resealed(vault, column, fresh, result, seen))
        audit.record(
            session, who, "keys rotated", "sealing key",
            {"keys": list(vault.key_ids[1:])},
            {"key": result.key, "values": result.values, "not readable": len(result.broken)},
            at=database.clock.now(),
        )  # fmt: skip
        crashpoint("keys.before_commit")
    crashpoint("keys.after_commit")


def spare_keys(environment: Environment) -> list[str]:
    """Return retired keys that lie beside the key file, newest first; unreadable files count not."""
    found: list[str] = []
    for path in (retired_file(environment), environment.key_file.with_suffix(".keys.old")):
        try:
            found += KeyFile(path).read()
        except KeyProblem:
            continue
    return list(dict.fromkeys(found))


def _keep_retired(environment: Environment, keys: Sequence[str]) -> None:
    path = retired_file(environment)
    try:
        before = KeyFile(path).read()
    except KeyProblem:
        before = []
    write_keys(path, list(dict.fromkeys([*keys, *before])))
