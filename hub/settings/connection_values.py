"""Reading a connection's values: masked for pages, resolved for the one who signs in."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.sdk import ConfigError, Kind, ParameterSpec
from hub.settings import references
from hub.settings.context import Context
from hub.settings.errors import NotFound
from hub.settings.specs import defaults
from hub.settings.validate import url_problem
from hub.store.tables import Connection, ConnectionParameter
from hub.vault import SealBroken

SET = "set"


@dataclass(frozen=True, slots=True)
class Shown:
    """A parameter as pages and exports may show it: ``value`` is never a secret in clear."""

    value: Any
    is_set: bool
    reference: str = ""
    set_at: datetime | None = None
    set_by: str = ""


def place(connection_id: int, name: str) -> tuple[str, ...]:
    """Return the place that a sealed parameter is bound to (S2)."""
    return ("connection_parameter", str(connection_id), name)


def get_connection(session: Session, connection_id: int) -> Connection:
    """Return the row. Raises ``NotFound``."""
    found = session.get(Connection, connection_id)
    if found is None:
        raise NotFound(f"There is no connection with the number {connection_id}.")
    return found


def rows(session: Session, connection_id: int) -> dict[str, ConnectionParameter]:
    """Return the stored parameters by name."""
    query = select(ConnectionParameter).where(ConnectionParameter.connection_id == connection_id)
    return {row.name: row for row in session.scalars(query)}


def shown(context: Context, session: Session, connection: Connection) -> dict[str, Shown]:
    """Return every parameter of the connection, masked."""
    stored = rows(session, connection.id)
    found: dict[str, Shown] = {}
    for spec in context.connection_specs(connection.plugin):
        row = stored.get(spec.name)
        if row is None:
            found[spec.name] = Shown(None if spec.secret else spec.default, is_set=False)
            continue
        value = None if row.value is None else load(row.value)
        reference = str(value) if references.is_reference(value) else ""
        shown_value = None if spec.secret and not reference else value
        found[spec.name] = Shown(shown_value, True, reference, row.set_at, row.set_by)
    return found


def flat(context: Context, session: Session, connection: Connection) -> dict[str, Any]:
    """Return what the audit and the comparison of two savers see: secrets only as ``set``."""
    items = shown(context, session, connection).items()
    values = {name: (i.value if i.value is not None else SET) for name, i in items if i.is_set}
    return {"name": connection.name, "own_network": connection.own_network, **values}


def load(text: str) -> Any:
    """Read a stored clear value."""
    return json.loads(text)


def resolve_values(
    context: Context, specs: Iterable[ParameterSpec], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Fill in defaults and follow references; learn every secret.

    Raises ``ConfigError`` at the parameter whose reference leads nowhere.
    """
    specs = list(specs)
    found = defaults(specs) | {n: v for n, v in values.items() if v is not None}
    for spec in specs:
        value = found.get(spec.name)
        if references.is_reference(value):
            found[spec.name] = _follow(context, spec, str(value))
        if spec.secret and found.get(spec.name):
            context.vault.redactor.learn(str(found[spec.name]))
    return found


def _follow(context: Context, spec: ParameterSpec, reference: str) -> str:
    value = references.resolve(reference, spec.label, spec.name, context.environ)
    problem = ""
    if spec.secret:
        problem = references.too_short(value, spec.label)
    elif spec.kind is Kind.URL and (wrong := url_problem(value)):
        problem = f"{spec.label} {wrong}"
    if problem:
        raise ConfigError(f"{problem} It comes from {reference}.", parameter=spec.name)
    return value.rstrip("/") if spec.kind is Kind.URL else value


def stored_values(context: Context, session: Session, connection: Connection) -> dict[str, Any]:
    """Return the saved values, unsealed, references as they are.

    Raises ``ConfigError`` at a value that does not open.
    """
    labels = {spec.name: spec.label for spec in context.connection_specs(connection.plugin)}
    found: dict[str, Any] = {}
    for name, row in rows(session, connection.id).items():
        if name not in labels:
            continue
        if row.value is not None:
            found[name] = load(row.value)
            continue
        try:
            found[name] = context.vault.open(place(connection.id, name), row.sealed or b"")
        except SealBroken:
            raise ConfigError(
                f"{labels[name]} of connection {connection.key} does not open with today's "
                "sealing key. Enter it again.",
                parameter=name,
            ) from None
    return found


def resolved(context: Context, session: Session, connection: Connection) -> dict[str, Any]:
    """Return what the plugin gets: every parameter, with secrets in clear. Raises ``ConfigError``."""
    specs = context.connection_specs(connection.plugin)
    return resolve_values(context, specs, stored_values(context, session, connection))


def sign_in_names(specs: Iterable[ParameterSpec]) -> list[str]:
    """Return the parameters whose change lets a refused sign-in be tried again."""
    return sorted(s.name for s in specs if s.sign_in or s.secret or s.kind is Kind.URL)
