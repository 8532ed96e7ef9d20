"""Everything one flow needs while it runs, read once per run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.gate import ConnectionFacts, Gate, OpenClient
from hub.mapping import Mapper
from hub.registry import Plugin, Registry
from hub.sdk import ActionType, ConfigError, Direction
from hub.sdk.canonical import PARENT_ENTITY
from hub.seams import Clock, Rng
from hub.settings import Settings
from hub.settings.errors import PluginAway
from hub.settings.of_flow import Opening
from hub.store.database import Database
from hub.store.tables import Connector, Flow


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a flow: the connection, its plugin and values, and the action type it uses."""

    facts: ConnectionFacts
    plugin: Plugin
    settings: Mapping[str, Any]
    action: ActionType

    @property
    def id(self) -> int:
        """The connection's id in the database."""
        if self.facts.id is None:
            raise ConfigError("this connection is not saved yet")
        return self.facts.id


@dataclass(slots=True)
class FlowContext:
    """A flow with its two sides, mappings and preferences."""

    flow_id: int
    key: str
    connector_id: int
    connector_key: str
    source: Side
    target: Side
    preferences: Mapping[str, Any]
    messages: Mapping[str, Any]
    logging: Mapping[str, Any]
    values: Mapping[str, Mapping[str, Any]]
    rule_version: str
    read_mapper: Mapper
    write_mapper: Mapper
    sibling_flows: Mapping[str, int] = field(default_factory=dict)
    """Enabled flows of the connector by the entity they carry."""

    @property
    def entity(self) -> str:
        """The canonical entity this flow carries."""
        return self.target.action.entity

    @property
    def parent_entity(self) -> str | None:
        """The entity that records of this flow hang on."""
        return PARENT_ENTITY.get(self.entity)

    @property
    def hold_ms(self) -> int:
        """How long an ambiguous create is not repeated."""
        return self._number(self.target, "hold_seconds", self.target.action.hold_seconds) * 1000

    @property
    def overlap_seconds(self) -> int:
        """How far a delta reading goes back behind the cursor (R8)."""
        return self._number(self.source, "overlap_seconds", 300)

    @property
    def lag_seconds(self) -> int:
        """How far the cursor stays behind the source's own time (R8)."""
        return self._number(self.source, "lag_seconds", 60)

    @property
    def batch_limit(self) -> int:
        """Records per call when messages are grouped."""
        limit = self.target.action.batch_size
        chosen = self.messages.get("batch_count")
        return max(1, min(limit, int(chosen))) if chosen else limit

    @staticmethod
    def _number(side: Side, name: str, default: int) -> int:
        value = side.settings.get(name)
        return default if value is None else int(value)


@dataclass(frozen=True, slots=True)
class Tools:
    """The rooms that the engine works with; built once by the runtime."""

    database: Database
    registry: Registry
    settings: Settings
    gate: Gate
    clock: Clock
    rng: Rng
    owner: str
    is_dead: Callable[[str], bool]

    def now_ms(self) -> int:
        """Milliseconds since 1970 on the clock that leases are compared by."""
        return self.database.now_ms()


def side_of(tools: Tools, opening: Opening, key: str, direction: Direction) -> Side:
    """Return one side of a flow.

    Raises ``ConfigError`` when its plugin is not installed any more or lacks the action type.
    """
    facts, _, values = opening
    plugin = tools.registry.get(facts.plugin)
    if plugin is None:
        raise PluginAway(tools.registry.why_not(facts.plugin))
    action = plugin.action(key, direction)
    if action is None:
        raise ConfigError(f"The plugin {plugin.info.label} no longer offers {key}.")
    return Side(facts, plugin, dict(values), action)


def load_context(tools: Tools, flow_id: int) -> FlowContext:
    """Read everything about a flow. Raises ``ConfigError`` when one side cannot be used."""
    with tools.database.read() as session:
        flow = session.get_one(Flow, flow_id)
        connector = session.get_one(Connector, flow.connector_id)
        siblings = session.query(Flow).filter_by(connector_id=connector.id, enabled=True).all()
    settings = tools.settings.of_flow(connector.id, flow.key)
    source = side_of(tools, settings.erp, flow.source_action, Direction.EXTRACT)
    target = side_of(tools, settings.store, flow.target_action, Direction.LOAD)
    by_entity: dict[str, int] = {}
    for sibling in siblings:
        action = target.plugin.action(sibling.target_action, Direction.LOAD)
        if action is not None:
            by_entity[action.entity] = sibling.id
    return FlowContext(
        flow_id=flow.id,
        key=flow.key,
        connector_id=connector.id,
        connector_key=connector.key,
        source=source,
        target=target,
        preferences=settings.preferences,
        messages=settings.messages,
        logging=settings.logging,
        values=settings.values,
        rule_version=settings.rule_version,
        read_mapper=_mapper(source),
        write_mapper=_mapper(target),
        sibling_flows=by_entity,
    )


def _mapper(side: Side) -> Mapper:
    rules = side.plugin.mapping_defaults(side.action)
    return Mapper([rule for rule in rules if rule.counts(side.settings)])


Clients = tuple[OpenClient, OpenClient]
