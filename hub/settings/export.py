"""The configuration as one YAML file: what was set, never a secret in clear."""

from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.settings import common, connection_values, connector_state, rules
from hub.settings.common_specs import COMMON_SPECS
from hub.settings.context import Context
from hub.settings.errors import NotFound
from hub.settings.specs import defaults
from hub.store.tables import CommonConfiguration, Connection, Connector


def export(context: Context, connector: str | None = None) -> str:
    """Return YAML that ``apply`` reads back without a change.

    ``connector``: only this one and its two connections. Sealed secrets are left out and named in
    a comment; ``apply`` keeps them. Raises ``NotFound``.
    """
    with context.database.read() as session:
        query = select(Connector).order_by(Connector.key)
        if connector is not None:
            query = query.where(Connector.key == connector)
        chosen = list(session.scalars(query))
        if connector is not None and not chosen:
            raise NotFound(f"There is no connector {connector}.")
        wanted = select(Connection).order_by(Connection.key)
        if connector is not None:
            wanted = wanted.where(Connection.id.in_([chosen[0].erp_id, chosen[0].store_id]))
        rows = list(session.scalars(wanted))
        notes = [note for row in rows for note in _sealed(context, session, row)]
        body: dict[str, Any] = {} if connector else {"common": _common(session)}
        body["connections"] = {row.key: _connection(context, session, row) for row in rows}
        body["connectors"] = {row.key: _connector(context, session, row) for row in chosen}
    text = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100)
    return "".join(f"# {note}\n" for note in notes) + text


def _common(session: Session) -> dict[str, Any]:
    known = defaults(list(COMMON_SPECS))
    values = common.values(session)
    found = {n: v for n, v in values.items() if v != known[n] or n == "action_types"}
    found["retention_days"] = values["retention_days"]
    starts: dict[str, Any] = {}
    for name in common.DEFAULT_SECTIONS:
        row = session.get(CommonConfiguration, f"default_{name}")
        if row is not None and row.value:
            starts[name] = row.value
    return found | ({"defaults": starts} if starts else {})


def _sealed(context: Context, session: Session, row: Connection) -> list[str]:
    specs = {s.name: s for s in context.connection_specs(row.plugin)}
    return [
        f"connections.{row.key}.parameters.{name} is set and sealed; it is not exported."
        for name, item in connection_values.shown(context, session, row).items()
        if specs[name].secret and item.is_set and not item.reference
    ]


def _connection(context: Context, session: Session, row: Connection) -> dict[str, Any]:
    shown = connection_values.shown(context, session, row)
    found: dict[str, Any] = {"plugin": row.plugin}
    if row.name:
        found["name"] = row.name
    found["own_network"] = row.own_network
    values = {n: item.value for n, item in shown.items() if item.is_set and item.value is not None}
    if context.plugin(row.plugin) is None:
        # Nobody can say which parameters it has; what was saved in clear is still worth keeping.
        stored = connection_values.rows(session, row.id)
        clear = {n: r.value for n, r in stored.items() if r.value is not None}
        values = {n: connection_values.load(value) for n, value in clear.items()}
    return found | {"parameters": values}


def _connector(context: Context, session: Session, row: Connector) -> dict[str, Any]:
    erp, store = (session.get_one(Connection, i).key for i in (row.erp_id, row.store_id))
    found: dict[str, Any] = {"name": row.name, "erp": erp, "store": store, "active": row.active}
    for name in ("preferences", "messages", "logging", "values"):
        saved = rules.section(session, row.id, name)
        if name != "values":
            known = {spec.name for spec in connector_state.specs(context, session, row, name)}
            saved = {n: value for n, value in saved.items() if n in known}
        if saved:
            found[name] = saved
    found["features"] = {
        key: {"schedule": cron} for key, cron in connector_state.ticked(session, row.id).items()
    }
    return found
