"""What the engine reads of the settings, each in one short reading transaction."""

from collections.abc import Mapping
from typing import Any

from hub.gate.facts import ConnectionFacts
from hub.settings import rules
from hub.settings.connection_values import get_connection, resolved, stored_values
from hub.settings.connector_state import get_connector
from hub.settings.context import Context
from hub.settings.facts import facts_of
from hub.settings.specs import specs_of


class SettingsReader:
    """Validated values with their defaults, for flows that run."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def facts(self, connection_id: int) -> ConnectionFacts:
        """Return what the gate must know of a connection."""
        with self.context.database.read() as session:
            connection = get_connection(session, connection_id)
            return facts_of(connection, stored_values(self.context, session, connection))

    def resolved(self, connection_id: int) -> dict[str, Any]:
        """Return a connection's values, secrets in clear and references resolved.

        Raises ``ConfigError`` naming the parameter whose reference leads nowhere.
        """
        with self.context.database.read() as session:
            return resolved(self.context, session, get_connection(session, connection_id))

    def preferences(self, connector_id: int) -> dict[str, Any]:
        """Return a connector's preferences."""
        with self.context.database.read() as session:
            return rules.preferences(self.context, session, get_connector(session, connector_id))

    def messages(self, connector_id: int) -> dict[str, Any]:
        """Return the Message Processing Settings."""
        return self._section(connector_id, "messages")

    def logging(self, connector_id: int) -> dict[str, Any]:
        """Return which levels the connector log keeps."""
        return self._section(connector_id, "logging")

    def _section(self, connector_id: int, name: str) -> dict[str, Any]:
        with self.context.database.read() as session:
            found: dict[str, Any] = rules.effective(session, connector_id, name, specs_of(name))
            return found

    def value_maps(self, connector_id: int) -> Mapping[str, Mapping[str, Any]]:
        """Return the value mappings by table name."""
        with self.context.database.read() as session:
            return rules.section(session, connector_id, "values")

    def rule_version(self, connector_id: int, flow_key: str) -> str:
        """Return the hash of all that alters eligibility or payload of a flow."""
        with self.context.database.read() as session:
            connector = get_connector(session, connector_id)
            return rules.rule_version(self.context, session, connector, flow_key)

    def is_paused(self, connector_id: int) -> bool:
        """True while the connector collects but does not send."""
        with self.context.database.read() as session:
            return get_connector(session, connector_id).paused

    def why_off(self, connector_id: int, flow_key: str) -> str:
        """Return why a flow does not run (feature, box, Common configuration), or an empty text."""
        with self.context.database.read() as session:
            connector = get_connector(session, connector_id)
            return rules.why_off(self.context, session, connector, flow_key)
