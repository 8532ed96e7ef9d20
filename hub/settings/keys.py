"""The sealing key and its proof: made with a new database, refused with a wrong one, reset by will."""

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from hub.config import ConfigProblem, Environment
from hub.settings import audit
from hub.settings.presence import SERVING, describe, lives
from hub.store import snapshot
from hub.store.base import to_ms
from hub.store.database import Database
from hub.store.tables import Connection, ConnectionParameter, KeyCanary, Lease, VendorSession
from hub.vault import (
    KeyFile,
    KeyProblem,
    Redactor,
    SealBroken,
    Vault,
    new_key,
    write_keys,
)

_PROOF = "integration-hub"
_CANARY = ("key_canary", "1", "sealed")
_PEPPER = ("key_canary", "1", "pepper")
_REMEDY = (
    "Set the key that this database was written with; if it is lost, run `hub keys reset`, which "
    "makes a new key and asks for the connections' secrets again."
)


def ensure_keys(database: Database, environment: Environment, redactor: Redactor) -> Vault:
    """Return the vault of this database; make key file and canary only for a new one (S5).

    Raises ``ConfigProblem`` (exit 2) when the key is missing, short, a sample or a wrong one.
    """
    redactor.learn(str(database.url.password or ""))
    with database.write() as session:
        canary = session.get(KeyCanary, 1)
        if canary is not None:
            return _open(canary, load_vault(environment, redactor))
        if session.scalar(select(ConnectionParameter.name).where(_is_sealed()).limit(1)):
            raise ConfigProblem(
                f"The database holds sealed values but no proof of their key. {_REMEDY}"
            )
        if not environment.secret_keys and not _file_keys(KeyFile(environment.key_file)):
            write_keys(environment.key_file, [new_key()])
        return _write_canary(session, database, load_vault(environment, redactor))


def reset_keys(
    database: Database, environment: Environment, redactor: Redactor, who: str = "command line"
) -> Vault:
    """Start again with a new key: sealed values and vendor sessions go, all else stays (S7).

    With ``HUB_SECRET_KEYS`` set, its keys become the new ones; else a new key file is written and
    the old one is kept beside it as ``secret.keys.old``. Connections become *needs sign-in*.
    Raises ``ConfigProblem`` or ``DatabaseProblem`` while others work on the database: what they
    would go on to seal, or to send, would belong to the old key. Nothing was changed then.
    """
    _refuse_others(database)
    if not environment.secret_keys:
        if environment.key_file.exists():
            # The old key opens older backups, so it is never written over.
            old = snapshot.free_name(environment.key_file.with_suffix(".keys.old"))
            environment.key_file.replace(old)
        write_keys(environment.key_file, [new_key()])
    return forget_sealed(database, load_vault(environment, redactor), who)


def _refuse_others(database: Database) -> None:
    snapshot.refuse_missing(database)
    now_ms = database.now_ms()
    with database.read() as session:
        at_work = Lease.name.like(f"{SERVING}%") | Lease.name.like("flow:%")
        leases = session.scalars(select(Lease).where(at_work)).all()
    for row in leases:
        if lives(row.owner, to_ms(row.until), now_ms):
            raise ConfigProblem(
                f"A hub works on this database ({describe(row.owner)}) with the key that is to "
                "go. Stop it, then run `hub keys reset` again. Nothing was changed."
            )
    if database.is_sqlite:
        database.close()
        snapshot.sole_user(database)


def forget_sealed(database: Database, vault: Vault, who: str) -> Vault:
    """Drop every sealed value and begin anew under the keys of ``vault``."""
    with database.write() as session:
        session.execute(delete(ConnectionParameter).where(_is_sealed()))
        session.execute(delete(VendorSession))
        session.execute(
            update(Connection).values(
                state="needs_sign_in",
                state_detail="The sealing key was reset. Enter the secrets again.",
                state_at=database.clock.now(),
                refused_digest=None,
                version=Connection.version + 1,
            )
        )
        session.execute(delete(KeyCanary))
        session.flush()
        session.expire_all()
        audit.record(session, who, "keys reset", "sealing key", at=database.clock.now())
        return _write_canary(session, database, vault)


def _is_sealed() -> ColumnElement[bool]:
    return ConnectionParameter.sealed.is_not(None)


def open_vault(database: Database, environment: Environment, redactor: Redactor) -> Vault | None:
    """Return the vault of this database without making anything; None when it has no proof yet.

    Raises ``ConfigProblem`` as ``ensure_keys`` does.
    """
    with database.read() as session:
        canary = session.get(KeyCanary, 1)
    return None if canary is None else _open(canary, load_vault(environment, redactor))


def _file_keys(file: KeyFile) -> list[str]:
    try:
        return file.read()
    except KeyProblem as problem:
        raise ConfigProblem(f"The sealing key cannot be used: {problem}. {_REMEDY}") from None


def load_vault(environment: Environment, redactor: Redactor) -> Vault:
    """Return a vault over the keys of this environment, whatever the database was written with.

    With a key file it notices when the file changes. Raises ``ConfigProblem``.
    """
    file = KeyFile(environment.key_file)
    keys: Sequence[str] = environment.secret_keys or _file_keys(file)
    place = "HUB_SECRET_KEYS" if environment.secret_keys else str(environment.key_file)
    if not keys:
        raise ConfigProblem(f"The sealing key is missing: there is no file {place}. {_REMEDY}")
    try:
        return Vault(keys, redactor, newer=None if environment.secret_keys else file.newer)
    except KeyProblem as problem:
        raise ConfigProblem(
            f"The sealing key in {place} cannot be used: {problem}. {_REMEDY}"
        ) from None


def _open(canary: KeyCanary, vault: Vault) -> Vault:
    try:
        if vault.open(_CANARY, canary.sealed, learn=False) != _PROOF:
            raise SealBroken("canary")
        return vault.with_pepper(bytes.fromhex(vault.open(_PEPPER, canary.pepper)))
    except SealBroken:
        raise ConfigProblem(
            f"The sealing key is not the one this database was written with. {_REMEDY}"
        ) from None


def _write_canary(session: Session, database: Database, vault: Vault) -> Vault:
    pepper = secrets.token_bytes(32)
    session.add(
        KeyCanary(
            id=1,
            sealed=vault.seal(_CANARY, _PROOF, learn=False),
            pepper=vault.seal(_PEPPER, pepper.hex()),
            created_at=database.clock.now(),
        )
    )
    session.flush()
    return vault.with_pepper(pepper)
