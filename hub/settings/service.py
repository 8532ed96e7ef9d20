"""The settings as one object: web, command line and file call it; it owns the transactions."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.gate.facts import ConnectionFacts
from hub.registry import Plugin
from hub.settings import (
    common,
    connection_values,
    connections,
    connector_state,
    connectors,
    rules,
)
from hub.settings import export as exporting
from hub.settings import file as filing
from hub.settings.connections import ConnectionInput
from hub.settings.connector_check import ConnectorInput, check
from hub.settings.context import Context
from hub.settings.errors import NotFound, PluginAway
from hub.settings.facts import facts_of, unsaved_facts
from hub.settings.of_flow import FlowSettings, Opening
from hub.settings.preview import Touched, preview
from hub.settings.specs import specs_of
from hub.store.tables import Connection, Connector

log = logging.getLogger(__name__)


class Settings:
    """Every service over saved settings. ``sign_out`` ends a vendor session before its sign-in
    values change; it gets the connection's id, and its failure never stops a save.
    """

    def __init__(
        self, context: Context, *, sign_out: Callable[[int], object] | None = None
    ) -> None:
        self.context = context
        self.sign_out = sign_out

    # -- connections

    def connection_id(self, key: str) -> int:
        """Return a connection's id. Raises ``NotFound``."""
        with self.context.database.read() as session:
            row = connections.by_key(session, key)
            if row is None:
                raise NotFound(f"There is no connection {key}.")
            return row.id

    def save_connection(self, given: ConnectionInput, who: str) -> int:
        """Create or change a connection. Raises ``FieldErrors`` by parameter; saves nothing then."""
        self._end_sessions([given])
        with self.context.database.write() as session:
            return connections.save(self.context, session, given, who)[0].id

    def delete_connection(self, connection_id: int, typed: str, who: str) -> None:
        """Delete an unused connection; ``typed`` is its key. Raises ``FieldErrors``."""
        with self.context.database.write() as session:
            row = connection_values.get_connection(session, connection_id)
            connections.remove(self.context, session, row, typed, who)

    def shown(self, connection_id: int) -> dict[str, connection_values.Shown]:
        """Return the parameters for a page: secrets masked, references as references."""
        with self.context.database.read() as session:
            row = connection_values.get_connection(session, connection_id)
            return connection_values.shown(self.context, session, row)

    def resolved(self, connection_id: int) -> dict[str, Any]:
        """Return the values the plugin gets, secrets in clear. Raises ``ConfigError``."""
        return dict(self.opening(connection_id)[2])

    def facts(self, connection_id: int) -> ConnectionFacts:
        """Return what the gate needs. Raises ``ConfigError``."""
        return self.opening(connection_id)[0]

    def opening(self, connection_id: int) -> Opening:
        """Return the three arguments of ``Gate.open``. Raises ``ConfigError``."""
        with self.context.database.read() as session:
            return self._opening(session, connection_id)

    def _opening(self, session: Session, connection_id: int) -> Opening:
        row = connection_values.get_connection(session, connection_id)
        values = connection_values.resolved(self.context, session, row)
        return facts_of(row, values), self._plugin(row.plugin), values

    def opening_unsaved(
        self, given: ConnectionInput
    ) -> tuple[ConnectionFacts, Plugin, Mapping[str, Any]]:
        """The same for values not saved; a saved connection lends its secrets and its id.

        The id is lent only when the sign-in values are the saved ones, so that a test of other
        values never touches the shared session. Raises ``FieldErrors``.
        """
        with self.context.database.read() as session:
            values = connections.unsaved(self.context, session, given)
            row = connections.by_key(session, given.key)
            moves = connections.sign_in_moves(self.context, session, given)
            saved = row.own_network if row else False
            own = saved if given.own_network is None else given.own_network
            facts = unsaved_facts(given.key, given.plugin, values, own_network=own)
            if row is not None and moves is None:
                facts = replace(facts, id=row.id)
            return facts, self._plugin(given.plugin), values

    def _plugin(self, key: str) -> Plugin:
        plugin = self.context.plugin(key)
        if plugin is None:
            raise PluginAway(self.context.registry.why_not(key))
        return plugin

    def _end_sessions(self, given: list[ConnectionInput]) -> None:
        if self.sign_out is None:
            return
        with self.context.database.read() as session:
            moving = [connections.sign_in_moves(self.context, session, item) for item in given]
            wrong = any(connections.check(self.context, session, item).errors for item in given)
        for connection_id in moving if not wrong else ():
            if connection_id is not None:
                try:
                    self.sign_out(connection_id)
                except Exception:
                    log.warning("The old session could not be signed out", exc_info=True)

    # -- connectors

    def connector_id(self, key: str) -> int:
        """Return a connector's id. Raises ``NotFound``."""
        with self.context.database.read() as session:
            row = connector_state.by_key(session, key)
            if row is None:
                known = ", ".join(session.scalars(select(Connector.key).order_by(Connector.key)))
                raise NotFound(
                    f"There is no connector {key}. " + (f"There are: {known}." if known else "")
                )
            return row.id

    def check_connector(self, given: ConnectorInput) -> dict[str, str]:
        """Return errors by path without saving."""
        with self.context.database.read() as session:
            return check(self.context, session, given).errors

    def save_connector(
        self,
        given: ConnectorInput,
        who: str,
        *,
        expected: int | None = None,
        base: dict[str, Any] | None = None,
    ) -> int:
        """Create or change a connector. Raises ``FieldErrors`` by path, or ``Conflict``."""
        inputs = [i for i in (given.erp, given.store) if isinstance(i, ConnectionInput)]
        if not self.check_connector(given):
            self._end_sessions(inputs)
        with self.context.database.write() as session:
            saved, _ = connectors.save(
                self.context, session, given, who, expected=expected, base=base
            )
            return saved.id

    def preview_connector(self, given: ConnectorInput) -> list[Touched]:
        """Return what saving would touch; saves nothing. Raises ``FieldErrors``."""
        return preview(self.context, lambda s: connectors.save(self.context, s, given, "preview"))

    def set_active(self, connector_id: int, who: str, *, active: bool) -> None:
        """Activate (after its checks passed) or deactivate."""
        with self.context.database.write() as session:
            row = connector_state.get_connector(session, connector_id)
            connectors.set_active(self.context, session, row, who, active=active)

    def set_paused(self, connector_id: int, who: str, *, paused: bool) -> None:
        """Pause or resume."""
        with self.context.database.write() as session:
            row = connector_state.get_connector(session, connector_id)
            connectors.set_paused(self.context, session, row, who, paused=paused)

    def delete_connector(self, connector_id: int, typed: str, who: str) -> None:
        """Delete with all flows and messages; ``typed`` is its ID. Raises ``FieldErrors``."""
        with self.context.database.write() as session:
            row = connector_state.get_connector(session, connector_id)
            connectors.remove(self.context, session, row, typed, who)

    def flat(self, connector_id: int) -> dict[str, Any]:
        """Return everything that can be edited, by path: the ``base`` of a form."""
        with self.context.database.read() as session:
            row = connector_state.get_connector(session, connector_id)
            found = connector_state.flat(self.context, session, row)
            for side, ident in (("erp", row.erp_id), ("store", row.store_id)):
                other = session.get_one(Connection, ident)
                values = connection_values.flat(self.context, session, other)
                found |= {f"{side}.{name}": value for name, value in values.items()}
            return found

    def preferences(self, connector_id: int) -> dict[str, Any]:
        """Return the preferences with defaults, the plugins' own included."""
        with self.context.database.read() as session:
            row = connector_state.get_connector(session, connector_id)
            return rules.preferences(self.context, session, row)

    def messages(self, connector_id: int) -> dict[str, Any]:
        """Return retry_count, retry_interval (minutes), batch, threshold_count, batch_count."""
        with self.context.database.read() as session:
            return dict(rules.effective(session, connector_id, "messages", specs_of("messages")))

    def logging(self, connector_id: int) -> dict[str, bool]:
        """Return which levels the connector log keeps: info, error, warning, debug."""
        with self.context.database.read() as session:
            return dict(rules.effective(session, connector_id, "logging", specs_of("logging")))

    def values(self, connector_id: int) -> dict[str, dict[str, str]]:
        """Return every value mapping: table → ERP value → store value."""
        with self.context.database.read() as session:
            return rules.section(session, connector_id, "values")

    def value_map(self, connector_id: int, table: str) -> dict[str, str]:
        """Return one value mapping; empty when none is set."""
        return self.values(connector_id).get(table) or {}

    def ticked(self, connector_id: int) -> dict[str, str]:
        """Return the ticked flows with their cron; ``none`` = by hand only."""
        with self.context.database.read() as session:
            return connector_state.ticked(session, connector_id)

    def rule_version(self, connector_id: int, flow_key: str) -> str:
        """Return the short hash of what alters eligibility or payload of one flow."""
        with self.context.database.read() as session:
            row = connector_state.get_connector(session, connector_id)
            return rules.rule_version(self.context, session, row, flow_key)

    def of_flow(self, connector_id: int, flow_key: str) -> FlowSettings:
        """Return all that a run of one flow needs, as of one moment. Raises ``ConfigError``."""
        with self.context.database.read() as session:
            row = connector_state.get_connector(session, connector_id)
            sides = rules.pair(self.context, session, row)
            saved = rules.sections(session, connector_id)
            return FlowSettings(
                erp=self._opening(session, sides.erp.id),
                store=self._opening(session, sides.store.id),
                preferences=rules.filled(
                    saved.get("preferences", {}), rules.preference_specs(sides)
                ),
                messages=rules.filled(saved.get("messages", {}), specs_of("messages")),
                logging=rules.filled(saved.get("logging", {}), specs_of("logging")),
                values=saved.get("values", {}),
                rule_version=rules.rule_version(self.context, session, row, flow_key),
            )

    def why_off(self, connector_id: int, flow_key: str) -> str:
        """Return why a flow does not run, as a sentence; empty = it runs."""
        with self.context.database.read() as session:
            row = connector_state.get_connector(session, connector_id)
            return rules.why_off(self.context, session, row, flow_key)

    def why_away(self, connector_id: int) -> str:
        """Return why a connector rests although it is on: a plugin that cannot be used; or nothing."""
        with self.context.database.read() as session:
            row = connector_state.get_connector(session, connector_id)
            return connector_state.why_away(self.context, session, row)

    # -- the hub

    def common(self) -> dict[str, Any]:
        """Return Common configuration with defaults."""
        with self.context.database.read() as session:
            return common.values(session)

    def save_common(self, raw: Mapping[str, Any], who: str, *, expected: int | None = None) -> bool:
        """Save Common configuration; True = something changed. Raises ``FieldErrors``, ``Conflict``."""
        with self.context.database.write() as session:
            return common.save(self.context, session, raw, who, expected=expected)

    def preview_common(self, raw: Mapping[str, Any]) -> list[Touched]:
        """Return what saving Common configuration would touch. Raises ``FieldErrors``."""
        return preview(self.context, lambda s: common.save(self.context, s, raw, "preview"))

    def apply(
        self,
        text: str,
        *,
        who: str = "command line",
        dry_run: bool = False,
        activate: filing.Activate | None = None,
    ) -> filing.Report:
        """Apply a configuration file; see ``hub.settings.file.apply``."""
        if self.sign_out is not None and not dry_run and self._has_connections():
            first = filing.apply(self.context, text, who=who, dry_run=True)
            if not first.problems and first.changes:
                self._end_sessions(filing.connection_inputs(text))
        return filing.apply(self.context, text, who=who, dry_run=dry_run, activate=activate)

    def _has_connections(self) -> bool:
        with self.context.database.read() as session:
            return session.scalars(select(Connection.id).limit(1)).first() is not None

    def export(self, connector: str | None = None) -> str:
        """Return the configuration as YAML without secrets."""
        return exporting.export(self.context, connector)
