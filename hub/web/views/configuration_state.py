"""The saved side of the Connector Configuration page: values by path, and what they belong to."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.registry import Plugin
from hub.sdk import Kind
from hub.settings import Context, NotFound, connections
from hub.settings import common as common_settings
from hub.settings.connection_values import Shown, shown
from hub.settings.connector_state import OFF, by_key, flat
from hub.settings.features import pairs
from hub.settings.specs import defaults
from hub.store.tables import Connection, Connector
from hub.web.views.configuration_input import SIDES, Given, section_specs, usable


@dataclass(slots=True)
class Saved:
    """What is saved, or what a new connector starts with. ``values`` are by path, no secrets.

    ``base`` is what two savers are compared by; ``secrets`` the masked parameters per side.
    """

    connector: Connector | None = None
    sides: dict[str, Connection | None] = field(default_factory=dict)
    plugins: dict[str, Plugin | None] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, dict[str, Shown]] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)
    existing: dict[str, list[Connection]] = field(default_factory=dict)
    ticked: set[str] = field(default_factory=set)

    @property
    def fresh(self) -> bool:
        """True for a connector that is not saved yet."""
        return self.connector is None

    @property
    def version(self) -> int | None:
        """The saved version; None before the first save."""
        return self.connector.config_version if self.connector else None


def load(context: Context, session: Session, key: str | None, given: Given | None = None) -> Saved:
    """Return the saved state for the plugins and connections that the form has chosen.

    Raises ``NotFound``.
    """
    connector = by_key(session, key) if key else None
    if key and connector is None:
        raise NotFound(f"There is no connector {key}. It may have been deleted.")
    found = Saved(connector)
    own: dict[str, Connection | None] = dict.fromkeys(SIDES)
    if connector is not None:
        own = {s: session.get_one(Connection, getattr(connector, f"{s}_id")) for s in SIDES}
        found.base = flat(context, session, connector)
    chosen = dict(given.plugins) if given else {}
    for side in SIDES:
        row = own[side]
        chosen[side] = chosen.get(side) or (row.plugin if row and not given else "")
    found.plugins = usable(context, chosen)
    for side in SIDES:
        found.sides[side] = _chosen(session, own[side], chosen[side], given, side)
        _side(context, session, found, side)
    _sections(session, found)
    _features(found)
    return found


def _chosen(
    session: Session, own: Connection | None, plugin: str, given: Given | None, side: str
) -> Connection | None:
    if given is None:
        return own
    picked = given.picked.get(side, "")
    row = connections.by_key(session, picked) if picked else None
    return row if row is not None and row.plugin == plugin else None


def _side(context: Context, session: Session, found: Saved, side: str) -> None:
    plugin, row = found.plugins[side], found.sides[side]
    if plugin is None:
        return
    key = plugin.info.key
    query = select(Connection).where(Connection.plugin == key).order_by(Connection.key)
    found.existing[side] = list(session.scalars(query))
    specs = context.connection_specs(key)
    values = defaults(specs)
    if row is not None:
        found.secrets[side] = masked = shown(context, session, row)
        values |= {n: item.value for n, item in masked.items() if item.is_set}
        used = connections.using(session, row.id)
        own = found.connector.id if found.connector else 0
        found.others[side] = [c.name or c.key for c in used if c.id != own]
        own_values = {
            n: i.value if i.value is not None else "set" for n, i in masked.items() if i.is_set
        }
        found.base |= {f"{side}.{n}": v for n, v in own_values.items()}
        found.base |= {f"{side}.name": row.name, f"{side}.own_network": row.own_network}
    for spec in specs:
        if not spec.secret:
            value = values.get(spec.name)
            found.values[f"{side}.{spec.name}"] = (
                [] if value is None and spec.kind is Kind.MULTI else value
            )
    found.values[f"{side}.own_network"] = bool(row and row.own_network)


def _sections(session: Session, found: Saved) -> None:
    connector = found.connector
    found.values["name"] = connector.name if connector else ""
    starts = common_settings.connector_defaults(session) if connector is None else {}
    for name, specs in section_specs(found.plugins).items():
        values = defaults(specs) | starts.get(name, {})
        if connector is not None:
            saved = {p: v for p, v in found.base.items() if p.startswith(f"{name}.")}
            values |= {p.partition(".")[2]: v for p, v in saved.items()}
        for spec in specs:
            found.values[f"{name}.{spec.name}"] = values.get(spec.name)


def _features(found: Saved) -> None:
    erp, store = found.plugins["erp"], found.plugins["store"]
    if erp is None or store is None:
        return
    for source, _ in pairs(erp, store):
        if found.base.get(f"features.{source.key}", OFF) != OFF:
            found.ticked.add(source.key)
