"""A connector as one flat mapping: what the audit, two savers and the export compare."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.settings import common, rules
from hub.settings.context import Context
from hub.settings.errors import Clash, NotFound
from hub.settings.features import pairs
from hub.settings.spec_parts import Setting
from hub.settings.specs import specs_of
from hub.store.tables import Connection, Connector, Preference, Schedule

SECTIONS = ("preferences", "messages", "logging", "values")
OFF = "off"
BY_HAND = "none"

VALUE_TABLES = (
    "customer_class",
    "price_class",
    "payment_method",
    "ship_via",
    "warehouse",
    "order_status",
    "tax_zone",
    "tax_category",
    "salesperson",
    "terms",
)
"""Value mappings (PRODUCT §1.9); the store's value stands for the ERP's."""


def get_connector(session: Session, connector_id: int) -> Connector:
    """Return the row. Raises ``NotFound``."""
    found = session.get(Connector, connector_id)
    if found is None:
        raise NotFound(f"There is no connector with the number {connector_id}.")
    return found


def by_key(session: Session, key: str) -> Connector | None:
    """Return a connector by its key."""
    return session.scalar(select(Connector).where(Connector.key == key))


def why_away(context: Context, session: Session, connector: Connector) -> str:
    """Return why a plugin of the connector cannot be used, as a sentence; empty = both can."""
    for connection_id in (connector.erp_id, connector.store_id):
        why = context.registry.why_not(session.get_one(Connection, connection_id).plugin)
        if why:
            return why
    return ""


def specs(context: Context, session: Session, connector: Connector, name: str) -> list[Any]:
    """Return the specs of one section, the plugins' preferences included."""
    if name != "preferences":
        return specs_of(name)
    sides = rules.pair(context, session, connector)
    return [*specs_of(name), *rules.plugin_preferences(sides.erp_plugin, sides.store_plugin)]


def extra_settings(context: Context, session: Session, connector: Connector) -> list[Setting]:
    """Return the plugins' own preferences as page fields."""
    sides = rules.pair(context, session, connector)
    specs = rules.plugin_preferences(sides.erp_plugin, sides.store_plugin)
    keys = tuple(rules.flows(session, connector.id))
    return [Setting(spec, keys) for spec in specs]


def ticked(session: Session, connector_id: int) -> dict[str, str]:
    """Return the ticked flows with their schedule; ``none`` = by hand only."""
    found: dict[str, str] = {}
    for key, flow in rules.flows(session, connector_id).items():
        schedule = session.get(Schedule, flow.id)
        if flow.enabled:
            found[key] = (schedule.cron if schedule else "") or BY_HAND
    return found


def flat(context: Context, session: Session, connector: Connector) -> dict[str, Any]:
    """Return everything of a connector that can be edited, by path, defaults included."""
    connections = {
        side: session.get_one(Connection, ident).key
        for side, ident in (("erp", connector.erp_id), ("store", connector.store_id))
    }
    found: dict[str, Any] = {"name": connector.name, **connections}
    for name in ("preferences", "messages", "logging"):
        section_specs = specs(context, session, connector, name)
        values = rules.effective(session, connector.id, name, section_specs)
        found |= {f"{name}.{n}": value for n, value in values.items()}
    tables = rules.section(session, connector.id, "values")
    found |= {f"values.{n}": value for n, value in tables.items() if value}
    found |= {f"features.{key}": OFF for key in flow_keys(context, session, connector)}
    found |= {f"features.{key}": cron for key, cron in ticked(session, connector.id).items()}
    return found


def flow_keys(context: Context, session: Session, connector: Connector) -> list[str]:
    """Return the flows that the connector's pair of plugins offers."""
    sides = rules.pair(context, session, connector)
    if sides.erp_plugin is None or sides.store_plugin is None:
        return []
    return [source.key for source, _ in pairs(sides.erp_plugin, sides.store_plugin)]


def write_section(
    session: Session, connector_id: int, name: str, values: dict[str, Any], *, exact: bool
) -> None:
    """Store one section; ``exact`` removes what is not among ``values``."""
    query = select(Preference).where(
        Preference.connector_id == connector_id, Preference.section == name
    )
    stored = {row.name: row for row in session.scalars(query)}
    for key, row in stored.items():
        if values.get(key, row.value if not exact else None) is None:
            session.delete(row)
    for key, value in values.items():
        if value is None:
            continue
        if key in stored:
            stored[key].value = value
        else:
            session.add(Preference(connector_id=connector_id, section=name, name=key, value=value))
    session.flush()


def start_with_defaults(session: Session, connector_id: int) -> None:
    """Give a new connector the hub-wide defaults of Common configuration."""
    for name, values in common.connector_defaults(session).items():
        write_section(session, connector_id, name, values, exact=False)


def compare(
    saved: dict[str, Any], mine: dict[str, Any], base: dict[str, Any] | None
) -> tuple[list[Clash], dict[str, Any]]:
    """Return fields changed by both, and those changed by one, with the value that would hold."""
    clashes: list[Clash] = []
    merged: dict[str, Any] = {}
    for field in sorted(set(mine) | set(saved)):
        theirs, wanted = saved.get(field), mine.get(field, saved.get(field))
        if theirs == wanted:
            continue
        was = None if base is None else base.get(field)
        if base is not None and was == wanted:
            merged[field] = theirs
        elif base is not None and was == theirs:
            merged[field] = wanted
        else:
            clashes.append(Clash(field, was, theirs, wanted))
    return clashes, merged
