"""Common configuration: hub-wide switches and defaults, above all connectors."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.sdk import Direction
from hub.settings import audit, rules
from hub.settings.common_specs import COMMON_SPECS, is_on, values
from hub.settings.context import Context
from hub.settings.errors import Clash, Conflict, FieldErrors
from hub.settings.specs import defaults, specs_of
from hub.settings.validate import validate
from hub.store.tables import CommonConfiguration, Connector

DEFAULT_SECTIONS = ("messages", "logging")
"""Sections whose defaults for new connectors are kept here, as ``default_messages`` …"""


def connector_defaults(session: Session) -> dict[str, dict[str, Any]]:
    """Return what new connectors start with, by section: messages, logging."""
    found: dict[str, dict[str, Any]] = {}
    for name in DEFAULT_SECTIONS:
        row = session.get(CommonConfiguration, f"default_{name}")
        found[name] = defaults(specs_of(name)) | dict((row.value if row else None) or {})
    return found


def version(session: Session) -> int:
    """Return a number that moves with every save."""
    return sum(session.scalars(select(CommonConfiguration.version)))


def action_labels(context: Context) -> dict[str, str]:
    """Return the master list of action types: flow key → label."""
    found: dict[str, str] = {}
    for plugin in context.registry.plugins.values():
        for action in plugin.actions.values():
            if action.direction is Direction.EXTRACT:
                found.setdefault(action.key, action.label)
    return found


def _checked(context: Context, raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    plain = {name: value for name, value in raw.items() if name != "defaults"}
    checked = validate(COMMON_SPECS, plain)
    saved, errors = dict(checked.values), dict(checked.errors)
    labels = action_labels(context)
    chosen = saved.get("action_types")
    unknown = [k for k in chosen if k not in labels] if isinstance(chosen, list) else []
    if unknown:
        errors["action_types"] = (
            f"There is no action type {unknown[0]}. Known are: {', '.join(labels)}."
        )
    given = raw.get("defaults") or {}
    for name in DEFAULT_SECTIONS:
        part = given.get(name) if isinstance(given, Mapping) else None
        if part is not None:
            inner = validate(specs_of(name), part if isinstance(part, Mapping) else {})
            errors |= {f"defaults.{name}.{n}": text for n, text in inner.errors.items()}
            saved[f"default_{name}"] = inner.values
    return saved, errors


def save(
    context: Context,
    session: Session,
    raw: Mapping[str, Any],
    who: str,
    *,
    expected: int | None = None,
) -> bool:
    """Validate and store; True when something changed.

    ``raw`` holds the names of ``COMMON_SPECS`` and ``defaults`` (messages, logging). Names left
    out stay as they are. Raises ``FieldErrors``, or ``Conflict`` when ``expected`` is not today's
    version.
    """
    saved, errors = _checked(context, raw)
    if errors:
        raise FieldErrors(errors)
    rows = {row.name: row for row in session.scalars(select(CommonConfiguration))}
    old = values(session) | {n: r.value for n, r in rows.items() if n.startswith("default_")}
    before, after = audit.differences({n: old.get(n) for n in saved}, saved)
    after = {n: v for n, v in after.items() if v is not None or n in rows}
    if expected is not None and expected != version(session) and after:
        clashes = [Clash(n, None, old.get(n), v) for n, v in after.items()]
        raise Conflict(version(session), "", clashes, {})
    if not after:
        return False
    connectors = list(session.scalars(select(Connector)))
    state = rules.snapshot(context, session, connectors)
    for name, value in after.items():
        row = rows.get(name)
        if row is None:
            session.add(CommonConfiguration(name=name, value=value, version=1))
        else:
            row.value, row.version = value, row.version + 1
    rules.follow_up(context, session, connectors, state)
    audit.record(session, who, "common configuration saved", "hub", before, after, at=context.now())
    return True


__all__ = ["action_labels", "connector_defaults", "is_on", "save", "values", "version"]
