"""What decides whether a flow runs and what it sends; what must follow when that changes."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from hub.registry import Plugin
from hub.sdk import Direction, FieldRule, ParameterSpec
from hub.settings import common_specs
from hub.settings.common_specs import ALL
from hub.settings.connection_values import rows
from hub.settings.context import Context
from hub.settings.specs import GENERIC, PREFERENCES, defaults, specs_of
from hub.store.tables import Connection, Connector, Flow, Message, Preference
from hub.store.work_tables import WAITING

INCLUDE = {"location": "include_locations", "contact": "include_contacts"}
"""The *Include …* box that a flow needs beside its feature."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two connections of a connector with their plugins (None: missing or quarantined)."""

    erp: Connection
    store: Connection
    erp_plugin: Plugin | None
    store_plugin: Plugin | None


def pair(context: Context, session: Session, connector: Connector) -> Pair:
    """Return the sides of a connector."""
    erp = session.get_one(Connection, connector.erp_id)
    store = session.get_one(Connection, connector.store_id)
    return Pair(erp, store, context.plugin(erp.plugin), context.plugin(store.plugin))


def plugin_preferences(*plugins: Plugin | None) -> list[ParameterSpec]:
    """Return the preferences that the plugins add to the fixed ones."""
    return [spec for plugin in plugins if plugin for spec in plugin.preferences]


def section(session: Session, connector_id: int, name: str) -> dict[str, Any]:
    """Return what is saved in one section: preferences, messages, logging, values."""
    query = select(Preference).where(
        Preference.connector_id == connector_id, Preference.section == name
    )
    return {row.name: row.value for row in session.scalars(query)}


def sections(session: Session, connector_id: int) -> dict[str, dict[str, Any]]:
    """Return what is saved in every section, in one reading."""
    found: dict[str, dict[str, Any]] = {}
    for row in session.scalars(select(Preference).where(Preference.connector_id == connector_id)):
        found.setdefault(row.section, {})[row.name] = row.value
    return found


def effective(session: Session, connector_id: int, name: str, specs: list[ParameterSpec]) -> Any:
    """Return a section with its defaults filled in."""
    return filled(section(session, connector_id, name), specs)


def filled(saved: dict[str, Any], specs: list[ParameterSpec]) -> dict[str, Any]:
    """Return saved values with the defaults of the rest."""
    found = defaults(specs)
    return found | {n: v for n, v in saved.items() if v is not None and n in found}


def keeps_info(session: Session, connector_id: int) -> bool:
    """True when the connector log keeps info lines."""
    return bool(effective(session, connector_id, "logging", specs_of("logging"))["info"])


def preferences(context: Context, session: Session, connector: Connector) -> dict[str, Any]:
    """Return a connector's preferences with defaults, the plugins' own included."""
    sides = pair(context, session, connector)
    return filled(section(session, connector.id, "preferences"), preference_specs(sides))


def preference_specs(sides: Pair) -> list[ParameterSpec]:
    """Return the fixed preferences and those that the plugins of both sides add."""
    return [*specs_of("preferences"), *plugin_preferences(sides.erp_plugin, sides.store_plugin)]


def flows(session: Session, connector_id: int) -> dict[str, Flow]:
    """Return the connector's flow rows by key."""
    query = select(Flow).where(Flow.connector_id == connector_id).order_by(Flow.id)
    return {flow.key: flow for flow in session.scalars(query)}


def why_off(context: Context, session: Session, connector: Connector, key: str) -> str:
    """Return why a flow does not run, as a sentence; empty = it runs.

    Feature ticked, action type on in Common configuration, *Include …* box on, and the flows that
    it needs likewise.
    """
    return _state(context, session, connector).why_off(key)


def _state(context: Context, session: Session, connector: Connector) -> "_State":
    return _State(
        flows(session, connector.id),
        preferences(context, session, connector),
        common_specs.values(session)["action_types"],
        pair(context, session, connector).erp_plugin,
    )


@dataclass(frozen=True, slots=True)
class _State:
    flows: dict[str, Flow]
    preferences: dict[str, Any]
    action_types: Any
    erp: Plugin | None

    def why_off(self, key: str) -> str:
        flow = self.flows.get(key)
        action = self.erp.action(key, Direction.EXTRACT) if self.erp else None
        label = action.label if action else key
        if flow is None or not flow.enabled:
            return f"{label} is not ticked under Enable Features."
        if self.action_types != ALL and key not in self.action_types:
            return f"{label} is off in Common configuration."
        box = INCLUDE.get(key)
        if box and not self.preferences.get(box):
            names = {s.spec.name: s.spec.label for s in PREFERENCES}
            return f"{names[box]} is not ticked."
        for needed in action.needs if action else ():
            if self.why_off(needed):
                return f"{label} needs {needed}, which is off."
        return ""


def rule_version(context: Context, session: Session, connector: Connector, key: str) -> str:
    """Return a short hash of all that alters eligibility or payload of one flow."""
    return rule_versions(context, session, connector, [key])[key]


def rule_versions(
    context: Context, session: Session, connector: Connector, keys: Iterable[str]
) -> dict[str, str]:
    """Return the short hash of several flows of a connector, by key."""
    sides = pair(context, session, connector)
    saved = sections(session, connector.id)
    wanted = filled(saved.get("preferences", {}), preference_specs(sides))
    own = {s.name for s in plugin_preferences(sides.erp_plugin, sides.store_plugin)}
    parameters = [_parameters(context, session, c) for c in (sides.erp, sides.store)]
    found: dict[str, str] = {}
    for key in keys:
        used = own | {s.spec.name for s in PREFERENCES if key in s.used_by}
        mapping = [*_rules(sides.erp_plugin, key, Direction.EXTRACT)]
        mapping += _rules(sides.store_plugin, key, Direction.LOAD)
        parts = {
            "mapping": [repr(rule) for rule in mapping],
            "preferences": {name: wanted.get(name) for name in sorted(used)},
            "values": {name: saved.get("values", {}).get(name) for name in _tables(mapping)},
            "enablement": connector.enablement_version,
            "connections": parameters,
        }
        body = json.dumps(parts, sort_keys=True, default=str)
        found[key] = hashlib.sha256(body.encode()).hexdigest()[:16]
    return found


def _tables(mapping: list[FieldRule]) -> list[str]:
    """Return the value mappings that these rules use."""
    steps = {step for rule in mapping for step in rule.transforms if step.startswith("values:")}
    return sorted(step.partition(":")[2] for step in steps)


def _rules(plugin: Plugin | None, key: str, direction: Direction) -> list[FieldRule]:
    action = plugin.action(key, direction) if plugin else None
    return plugin.mapping_defaults(action) if plugin and action else []


def _parameters(context: Context, session: Session, connection: Connection) -> list[str]:
    """Clear parameters of the plugin's own; how fast or how far back to read alters no payload."""
    secret = {s.name for s in context.connection_specs(connection.plugin) if s.secret}
    return [
        f"{name}={row.value}"
        for name, row in sorted(rows(session, connection.id).items())
        if name not in secret and name not in GENERIC
    ]


Snapshot = dict[int, dict[str, tuple[str, str]]]
"""Connector id → flow key → (why it is off, rule version)."""


def snapshot(context: Context, session: Session, connectors: list[Connector]) -> Snapshot:
    """Note the state of flows before a change, for ``follow_up``."""
    session.flush()
    found: Snapshot = {}
    for connector in connectors:
        state = _state(context, session, connector)
        versions = rule_versions(context, session, connector, state.flows)
        found[connector.id] = {key: (state.why_off(key), versions[key]) for key in state.flows}
    return found


def follow_up(
    context: Context, session: Session, connectors: list[Connector], before: Snapshot
) -> None:
    """Draw the consequences of a change, in its transaction.

    A flow whose rules moved or that was switched on reads everything next; one that was switched
    off loses its waiting messages, with the reason.
    """
    now = context.now()
    after = snapshot(context, session, connectors)
    for connector in connectors:
        rows_by_key = flows(session, connector.id)
        for key, (off, version) in after[connector.id].items():
            flow = rows_by_key[key]
            was_off, was_version = before.get(connector.id, {}).get(key, ("new", ""))
            if version != was_version or (was_off and not off):
                flow.full_next = True
            if off and not was_off:
                session.execute(
                    update(Message)
                    .where(Message.flow_id == flow.id, text(WAITING))
                    .values(
                        status="cancelled",
                        reason=f"Cancelled: {off}",
                        reason_group="Switched off",
                        updated_at=now,
                    )
                )
