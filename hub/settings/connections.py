"""Saving connections: one service for page, command line and file."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from hub.registry import Plugin
from hub.sdk import ConfigError, Kind, ParameterSpec
from hub.settings import audit, connection_values, journal, references, rules
from hub.settings.context import KEY, KEY_HELP, Context
from hub.settings.errors import FieldErrors
from hub.settings.sentences import entered
from hub.settings.validate import Validated, validate
from hub.store.tables import Connection, ConnectionParameter, Connector, VendorSession
from hub.vault import SealBroken


@dataclass(frozen=True, slots=True)
class ConnectionInput:
    """What somebody wants a connection to be. ``parameters`` is raw input.

    An empty secret keeps the saved one; names in ``cleared`` lose it. ``exact``: parameters left
    out go back to their defaults (secrets stay); ``files``: ``file:`` references are allowed;
    ``clear_secrets``: a secret may stand in clear. None keeps what is saved.
    """

    key: str
    plugin: str
    parameters: Mapping[str, Any] | None = field(default=None, repr=False)
    name: str | None = None
    own_network: bool | None = None
    cleared: Collection[str] = ()
    exact: bool = False
    files: bool = False
    clear_secrets: bool = True


def by_key(session: Session, key: str) -> Connection | None:
    """Return a connection by its key."""
    return session.scalar(select(Connection).where(Connection.key == key))


def using(session: Session, connection_id: int) -> list[Connector]:
    """Return the connectors that use a connection."""
    query = select(Connector).where(
        or_(Connector.erp_id == connection_id, Connector.store_id == connection_id)
    )
    return list(session.scalars(query.order_by(Connector.id)))


def check(context: Context, session: Session, given: ConnectionInput) -> Validated:
    """Validate without saving: values that were given, and errors by parameter name."""
    found = by_key(session, given.key)
    plugin = context.plugin(given.plugin)
    errors: dict[str, str] = {}
    if not KEY.match(given.key):
        errors["key"] = f"The connection's ID {KEY_HELP}. {entered(given.key)}"
    if plugin is None:
        errors["plugin"] = _no_plugin(context, given.plugin)
        return Validated({}, errors)
    if found is not None and found.plugin != given.plugin:
        errors["plugin"] = (
            f"Connection {given.key} is of the plugin {found.plugin}, which is fixed. "
            f"Make a new connection for {given.plugin}."
        )
    stored = connection_values.rows(session, found.id) if found else {}
    specs = context.connection_specs(given.plugin)
    kept = _kept(specs, stored, given)
    if given.parameters is None:
        checked = validate(specs, {}, kept=kept)
    else:
        raw = _without_kept(specs, given)
        checked = validate(
            specs,
            raw,
            kept=kept,
            allow_references=True,
            allow_files=given.files,
            clear_secrets=given.clear_secrets,
        )
    return Validated(checked.values, errors | checked.errors)


def _no_plugin(context: Context, key: str) -> str:
    found = context.registry.found.get(key)
    if found is not None:
        return context.registry.why_not(key)
    return f"There is no plugin {key!r}. Installed are: {', '.join(context.registry.plugins)}."


def _kept(
    specs: list[ParameterSpec], stored: Mapping[str, Any], given: ConnectionInput
) -> set[str]:
    secret = {spec.name for spec in specs if spec.secret}
    left_out = set() if given.parameters is None else set(given.parameters) - secret
    keep = set(stored) - set(given.cleared) - left_out
    return keep & secret if given.exact else keep


def _without_kept(specs: list[ParameterSpec], given: ConnectionInput) -> dict[str, Any]:
    secret = {spec.name for spec in specs if spec.secret}
    return {
        name: value
        for name, value in (given.parameters or {}).items()
        if not (name in secret and (value in (None, "") or name in given.cleared))
    }


def unsaved(context: Context, session: Session, given: ConnectionInput) -> dict[str, Any]:
    """Return resolved values as if ``given`` were saved: for a test on unsaved values.

    Raises ``FieldErrors`` by parameter name.
    """
    checked = check(context, session, given)
    if checked.errors:
        raise FieldErrors(checked.errors)
    found = by_key(session, given.key)
    try:
        saved = connection_values.stored_values(context, session, found) if found else {}
        keep = {n: v for n, v in saved.items() if n not in given.cleared}
        specs = context.connection_specs(given.plugin)
        return connection_values.resolve_values(context, specs, keep | checked.values)
    except ConfigError as error:
        raise FieldErrors({error.parameter or "": str(error)}) from None


def sign_in_moves(context: Context, session: Session, given: ConnectionInput) -> int | None:
    """Return the id of the saved connection whose sign-in values ``given`` would change."""
    found = by_key(session, given.key)
    if found is None:
        return None
    stored = connection_values.rows(session, found.id)
    values = check(context, session, given).values
    for name in connection_values.sign_in_names(context.connection_specs(found.plugin)):
        row = stored.get(name)
        if row is not None and name in given.cleared:
            return found.id
        if name in values and not _same(context, found, row, name, values[name]):
            return found.id
    return None


def save(
    context: Context, session: Session, given: ConnectionInput, who: str
) -> tuple[Connection, bool]:
    """Create or change a connection in the caller's transaction; True = something changed.

    Raises ``FieldErrors`` by parameter name, with nothing saved. A change of sign-in values makes
    the connection *untested* and forgets the vendor session, which belonged to the old account.
    """
    checked = check(context, session, given)
    if checked.errors:
        raise FieldErrors(checked.errors)
    plugin = context.plugin(given.plugin)
    connection = by_key(session, given.key) or _new(context, session, given)
    connectors = using(session, connection.id)
    state = rules.snapshot(context, session, connectors)
    before = connection_values.flat(context, session, connection)
    touched = _write(context, session, connection, given, checked.values)
    for row in connection_values.rows(session, connection.id).values():
        if row.name in touched:
            row.set_by = who
    if given.name is not None:
        connection.name = given.name.strip()[:200]
    if given.own_network is not None:
        connection.own_network = given.own_network
    session.flush()
    after = connection_values.flat(context, session, connection)
    old, new = audit.differences(before, after)
    new |= {name: "replaced" for name in touched if before.get(name) == after.get(name)}
    fresh = connection.version == 0
    if not (new or old or fresh):
        return connection, False
    _moved(context, session, connection, plugin, set(old) | set(new))
    rules.follow_up(context, session, connectors, state)
    action = "connection created" if fresh else "connection changed"
    audit.record(session, who, action, f"connection {given.key}", old, new, at=context.now())
    names = journal.labels(context.connection_specs(connection.plugin))
    for connector in connectors:
        if rules.keeps_info(session, connector.id):
            journal.note(
                session,
                connector.id,
                f"Connection {given.key} changed",
                who=who,
                at=context.now(),
                description=journal.lines(old, new, names),
            )
    return connection, True


def _new(context: Context, session: Session, given: ConnectionInput) -> Connection:
    now = context.now()
    connection = Connection(
        key=given.key, plugin=given.plugin, version=0, created_at=now, updated_at=now
    )
    session.add(connection)
    session.flush()
    return connection


def _moved(
    context: Context,
    session: Session,
    connection: Connection,
    plugin: Plugin | None,
    changed: set[str],
) -> None:
    connection.version += 1
    connection.updated_at = context.now()
    connection.settings_version = plugin.info.version if plugin else ""
    specs = context.connection_specs(connection.plugin)
    if changed & set(connection_values.sign_in_names(specs)):
        connection.state, connection.state_detail = "untested", ""
        connection.refused_digest = None
        session.execute(delete(VendorSession).where(VendorSession.connection_id == connection.id))


def _write(
    context: Context,
    session: Session,
    connection: Connection,
    given: ConnectionInput,
    values: Mapping[str, Any],
) -> set[str]:
    """Store the values; return the names whose stored value moved."""
    specs = {spec.name: spec for spec in context.connection_specs(connection.plugin)}
    stored = connection_values.rows(session, connection.id)
    gone = {name for name in stored if values.get(name, ...) is None or name in given.cleared}
    if given.exact and given.parameters is not None:
        gone |= {n for n in stored if n not in values and n in specs and not specs[n].secret}
    touched = set(gone)
    for name in gone:
        session.delete(stored[name])
    session.flush()
    for name, value in values.items():
        if value is None or name in gone:
            continue
        old = None if name in gone else stored.get(name)
        if not _same(context, connection, old, name, value):
            touched.add(name)
            row = old or ConnectionParameter(connection_id=connection.id, name=name)
            _fill(context, row, specs[name], value)
            row.set_at = context.now()
            session.add(row)
    return touched


def _fill(context: Context, row: ConnectionParameter, spec: ParameterSpec, value: Any) -> None:
    if spec.kind is Kind.SECRET and not references.is_reference(value):
        where = connection_values.place(row.connection_id, row.name)
        row.value, row.sealed = None, context.vault.seal(where, str(value))
    else:
        row.value, row.sealed = json.dumps(value, ensure_ascii=False, sort_keys=True), None


def _same(
    context: Context,
    connection: Connection,
    row: ConnectionParameter | None,
    name: str,
    value: Any,
) -> bool:
    if row is None:
        return False
    if row.value is not None:
        return bool(connection_values.load(row.value) == value)
    try:
        where = connection_values.place(connection.id, name)
        return context.vault.open(where, row.sealed or b"") == str(value)
    except SealBroken:  # it no longer opens: replace it
        return False


def remove(
    context: Context, session: Session, connection: Connection, typed: str, who: str
) -> None:
    """Delete a connection that no connector uses; ``typed`` must be its key."""
    users = ", ".join(connector.key for connector in using(session, connection.id))
    if users:
        raise FieldErrors(
            {"": f"Connection {connection.key} is used by {users}. Delete that first."}
        )
    if typed.strip() != connection.key:
        raise FieldErrors({"typed": f"Type {connection.key} to delete this connection."})
    audit.record(
        session,
        who,
        "connection deleted",
        f"connection {connection.key}",
        connection_values.flat(context, session, connection),
        at=context.now(),
    )
    session.delete(connection)
