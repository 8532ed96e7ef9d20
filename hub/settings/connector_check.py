"""Validation of a whole connector: every error by path, nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from hub.registry import Plugin
from hub.sdk import Role
from hub.settings import common, connections, rules
from hub.settings.connections import ConnectionInput
from hub.settings.connector_state import BY_HAND, OFF, VALUE_TABLES, by_key, ticked
from hub.settings.context import KEY, KEY_HELP, Context
from hub.settings.features import HUB_OFF, pairs
from hub.settings.schedules import cron_problem
from hub.settings.sentences import entered, unknown
from hub.settings.specs import specs_of
from hub.settings.validate import validate
from hub.store.tables import Connector

DEFAULT = "default"
"""As a schedule: the action type's own default."""

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ConnectorInput:
    """What somebody wants a connector to be; raw input. None keeps what is saved.

    ``erp`` and ``store`` are a connection's key, or its input to be saved along. ``features`` maps
    each ticked flow key to a schedule: cron, ``none`` (by hand), ``default``, or None (as saved,
    else default); flows left out are switched off. ``values``: table → ERP value → store value.
    ``exact``: names left out of a given section go back to their defaults.
    """

    key: str
    name: str | None = None
    erp: str | ConnectionInput | None = None
    store: str | ConnectionInput | None = None
    preferences: Mapping[str, Any] | None = None
    messages: Mapping[str, Any] | None = None
    logging: Mapping[str, Any] | None = None
    values: Mapping[str, Any] | None = None
    features: Mapping[str, str | None] | None = None
    exact: bool = False


@dataclass(slots=True)
class Checked:
    """The validated parts of a connector, and what is wrong with it."""

    connector: Connector | None
    erp_plugin: Plugin | None = None
    store_plugin: Plugin | None = None
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    features: dict[str, str] | None = None
    errors: dict[str, str] = field(default_factory=dict)


def check(context: Context, session: Session, given: ConnectorInput) -> Checked:
    """Validate everything; errors by path (``key``, ``erp.base_url``, ``messages.retry_count`` …)."""
    found = Checked(by_key(session, given.key))
    if not KEY.match(given.key):
        found.errors["key"] = f"Connector ID {KEY_HELP}. {entered(given.key)}"
    if given.name is not None and len(given.name) > LONGEST_NAME:
        found.errors["name"] = f"Name must have at most {LONGEST_NAME} characters."
    found.erp_plugin = _side(context, session, given, found, "erp")
    found.store_plugin = _side(context, session, given, found, "store")
    extra = rules.plugin_preferences(found.erp_plugin, found.store_plugin)
    for name in ("preferences", "messages", "logging"):
        raw = getattr(given, name)
        if raw is not None:
            specs = [*specs_of(name), *(extra if name == "preferences" else ())]
            _section(found, name, validate(specs, raw))
    if given.values is not None:
        _values(found, given.values)
    _new_customers(context, session, found)
    if given.features is not None and found.erp_plugin and found.store_plugin:
        _features(session, found, given.features)
    return found


def _section(found: Checked, name: str, checked: Any) -> None:
    found.sections[name] = checked.values
    found.errors |= {f"{name}.{field}": text for field, text in checked.errors.items()}


def _side(
    context: Context, session: Session, given: ConnectorInput, found: Checked, side: str
) -> Plugin | None:
    wanted: str | ConnectionInput | None = getattr(given, side)
    saved = None
    if found.connector is not None:
        sides = rules.pair(context, session, found.connector)
        saved = sides.erp if side == "erp" else sides.store
    if isinstance(wanted, ConnectionInput):
        checked = connections.check(context, session, wanted)
        found.errors |= {f"{side}.{name}": text for name, text in checked.errors.items()}
        plugin_key = wanted.plugin
    else:
        row = connections.by_key(session, wanted) if wanted else saved
        if row is None:
            label = "ERP" if side == "erp" else "store"
            what = f"There is no connection {wanted}." if wanted else f"The {label} is missing."
            found.errors[side] = f"{what} Name a connection of this hub as {side}."
            return None
        plugin_key = row.plugin
    return _plugin(context, found, side, plugin_key, saved.plugin if saved else plugin_key)


def _plugin(context: Context, found: Checked, side: str, key: str, saved: str) -> Plugin | None:
    plugin = context.plugin(key, Role.ERP if side == "erp" else Role.STORE)
    if plugin is None and f"{side}.plugin" not in found.errors:
        other = context.plugin(key)
        away = context.registry.why_not(key)
        found.errors[side] = f"The plugin {key} cannot stand on this side." if other else away
    if key != saved and found.connector is not None and found.connector.initialized_at:
        found.errors[side] = (
            f"The plugin of {found.connector.key} is fixed since it was initialized. "
            "Make a new connector for another plugin."
        )
    return plugin


def _values(found: Checked, raw: Mapping[str, Any]) -> None:
    kept: dict[str, Any] = {}
    for table, rows in raw.items():
        path = f"values.{table}"
        if table not in VALUE_TABLES:
            found.errors[path] = unknown(str(table), VALUE_TABLES)
        elif not isinstance(rows, Mapping) or any(_bad_entry(k, v) for k, v in rows.items()):
            found.errors[path] = (
                f"The value mapping {table} must be a table of ERP value to store value."
            )
        else:
            kept[table] = {str(k).strip(): str(v).strip() for k, v in rows.items()} or None
    found.sections["values"] = kept


def _bad_entry(key: Any, value: Any) -> bool:
    plain = isinstance(value, (str, int)) and not isinstance(value, bool)
    return not str(key).strip() or not plain or not str(value).strip() or len(str(value)) > 200


def _new_customers(context: Context, session: Session, found: Checked) -> None:
    given = found.sections.get("preferences")
    if given is None:
        return
    saved: dict[str, Any] = {}
    if found.connector is not None:
        saved = rules.preferences(context, session, found.connector)
    values = {**saved, **given}
    if values.get("new_customers") == "create" and not values.get("new_customer_class"):
        found.errors["preferences.new_customer_class"] = (
            "Class of new customers is needed when customers are created. Choose a class."
        )


def _features(session: Session, found: Checked, raw: Mapping[str, str | None]) -> None:
    assert found.erp_plugin is not None and found.store_plugin is not None  # noqa: PT018, S101
    offered = {
        source.key: (source, target)
        for source, target in pairs(found.erp_plugin, found.store_plugin)
    }
    now = ticked(session, found.connector.id) if found.connector else {}
    chosen: dict[str, str] = {}
    for key, wanted in raw.items():
        path = f"features.{key}"
        if key not in offered:
            known = ", ".join(offered)
            found.errors[path] = f"This pair has no sync called {key}. It has: {known}."
            continue
        source, target = offered[key]
        if key not in now and not common.is_on(session, key):
            found.errors[path] = f"{source.label}: {HUB_OFF}"
        missing = [k for k in (*source.needs, *target.needs) if k in offered and k not in raw]
        if missing:
            label = offered[missing[0]][0].label
            found.errors[path] = f"{source.label} needs {label}. Tick both."
        chosen[key] = _schedule(found, path, wanted, now.get(key), source.default_schedule)
    found.features = {key: chosen.get(key, OFF) for key in offered}


def _schedule(
    found: Checked, path: str, wanted: str | None, saved: str | None, default: str
) -> str:
    text = (wanted or "").strip()
    if wanted is None:
        return saved or default
    if text == DEFAULT:
        return default
    if text in ("", BY_HAND):
        return BY_HAND
    problem = cron_problem(text)
    if problem:
        found.errors[f"{path}.schedule"] = problem
    return text
