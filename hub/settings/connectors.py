"""Saving connectors: one service for page, command line and file."""

from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.settings import audit, connection_values, connections, journal, rules
from hub.settings import connector_state as state
from hub.settings.connections import ConnectionInput
from hub.settings.connector_check import Checked, ConnectorInput, check
from hub.settings.context import Context
from hub.settings.errors import Conflict, FieldErrors
from hub.store.tables import Connection, Connector, Flow, Preference, Schedule


def save(
    context: Context,
    session: Session,
    given: ConnectorInput,
    who: str,
    *,
    expected: int | None = None,
    base: dict[str, Any] | None = None,
) -> tuple[Connector, bool]:
    """Create or change a connector, and the connections given with it, in one transaction.

    ``expected`` is the ``config_version`` the form was read with, ``base`` the flat values it
    showed. Raises ``FieldErrors`` by path, or ``Conflict`` with both values; nothing is saved
    then. Returns True as second value when something changed.
    """
    checked = check(context, session, given)
    if checked.errors:
        raise FieldErrors(checked.errors)
    connector = checked.connector
    if connector is not None and expected not in (None, connector.config_version):
        _refuse_stale(context, session, connector, given, checked, base=base)
    sides = {
        side: _connection(context, session, getattr(given, side), who) for side in ("erp", "store")
    }
    fresh = connector is None
    if connector is None:
        connector = _new(context, session, given, sides)
    before = {} if fresh else state.flat(context, session, connector)
    noted = rules.snapshot(context, session, [connector])
    moved = _write(session, connector, given, checked, sides)
    rules.follow_up(context, session, [connector], noted)
    if moved:
        for flow in rules.flows(session, connector.id).values():
            flow.full_next = True
    old, new = audit.differences(before, state.flat(context, session, connector))
    params = any(changed for _, changed in sides.values())
    if not (fresh or old or new or params):
        return connector, False
    connector.config_version += 0 if fresh else 1
    connector.updated_at, connector.updated_by = context.now(), who
    if fresh or old or new:
        _tell(context, session, connector, who, old=old, new=new, fresh=fresh)
    return connector, True


def _connection(
    context: Context, session: Session, wanted: str | ConnectionInput | None, who: str
) -> tuple[Connection | None, bool]:
    if wanted is None:
        return None, False
    if isinstance(wanted, ConnectionInput):
        return connections.save(context, session, wanted, who)
    return connections.by_key(session, wanted), False


def _new(
    context: Context,
    session: Session,
    given: ConnectorInput,
    sides: dict[str, tuple[Connection | None, bool]],
) -> Connector:
    now = context.now()
    erp, store = sides["erp"][0], sides["store"][0]
    if erp is None or store is None:
        raise FieldErrors({"erp": "A connector needs an ERP connection and a store connection."})
    connector = Connector(
        key=given.key, erp_id=erp.id, store_id=store.id, created_at=now, updated_at=now
    )
    session.add(connector)
    session.flush()
    state.start_with_defaults(session, connector.id)
    return connector


def _write(
    session: Session,
    connector: Connector,
    given: ConnectorInput,
    checked: Checked,
    sides: dict[str, tuple[Connection | None, bool]],
) -> bool:
    """Write what was checked; True when the connector now has another connection."""
    moved = False
    for side, (connection, _) in sides.items():
        if connection is not None and getattr(connector, f"{side}_id") != connection.id:
            setattr(connector, f"{side}_id", connection.id)
            moved = True
    if given.name is not None:
        connector.name = given.name.strip()
    for name, values in checked.sections.items():
        exact = given.exact or name == "values"
        state.write_section(session, connector.id, name, values, exact=exact)
    if checked.features is not None:
        write_features(session, connector.id, checked.features)
    session.flush()
    return moved


def write_features(session: Session, connector_id: int, wanted: dict[str, str]) -> None:
    """Make the flow and schedule rows say what was ticked: flow key → cron, none or off."""
    existing = rules.flows(session, connector_id)
    for key, cron in wanted.items():
        flow = existing.get(key)
        if flow is None:
            if cron == state.OFF:
                continue
            flow = Flow(connector_id=connector_id, key=key, source_action=key, target_action=key)
            session.add(flow)
        flow.enabled = cron != state.OFF
        if not flow.enabled:
            continue
        session.flush()
        schedule = session.get(Schedule, flow.id)
        if schedule is None:
            schedule = Schedule(flow_id=flow.id)
            session.add(schedule)
        schedule.cron = "" if cron == state.BY_HAND else cron


def _refuse_stale(
    context: Context,
    session: Session,
    connector: Connector,
    given: ConnectorInput,
    checked: Checked,
    *,
    base: dict[str, Any] | None,
) -> None:
    saved = state.flat(context, session, connector)
    mine = {f"{n}.{k}": v for n, part in checked.sections.items() for k, v in part.items()}
    mine = {path: value for path, value in mine.items() if value is not None}
    mine |= {f"features.{key}": cron for key, cron in (checked.features or {}).items()}
    if given.name is not None:
        mine["name"] = given.name.strip()
    for side in ("erp", "store"):
        wanted = getattr(given, side)
        if isinstance(wanted, ConnectionInput):
            _compare_connection(context, session, side, wanted, saved=saved, mine=mine)
        elif wanted is not None:
            mine[side] = wanted
    clashes, merged = state.compare(saved, mine, base)
    if clashes or merged:
        raise Conflict(connector.config_version, connector.updated_by, clashes, merged)


def _compare_connection(
    context: Context,
    session: Session,
    side: str,
    wanted: ConnectionInput,
    *,
    saved: dict[str, Any],
    mine: dict[str, Any],
) -> None:
    mine[side] = wanted.key
    row = connections.by_key(session, wanted.key)
    if row is None:
        return
    flat = connection_values.flat(context, session, row)
    saved |= {f"{side}.{name}": value for name, value in flat.items()}
    secret = {s.name for s in context.connection_specs(row.plugin) if s.secret}
    for name, value in connections.check(context, session, wanted).values.items():
        path = f"{side}.{name}"
        shown = "replaced" if name in secret else value
        if value is not None or path in saved:
            saved.setdefault(path, None)
            mine[path] = shown


def _tell(
    context: Context,
    session: Session,
    connector: Connector,
    who: str,
    *,
    old: dict[str, Any],
    new: dict[str, Any],
    fresh: bool,
) -> None:
    what = "created" if fresh else "changed"
    target = f"connector {connector.key}"
    audit.record(session, who, f"connector {what}", target, old, new, at=context.now())
    if not rules.keeps_info(session, connector.id):
        return
    names = {"name": "Name", "erp": "ERP connection", "store": "Store connection"}
    for section in ("preferences", "messages", "logging"):
        specs = state.specs(context, session, connector, section)
        names |= journal.labels(specs, f"{section}.")
    journal.note(
        session,
        connector.id,
        f"Configuration of {connector.key} {what}",
        who=who,
        at=context.now(),
        description="" if fresh else journal.lines(old, new, names),
    )


def set_active(
    context: Context, session: Session, connector: Connector, who: str, *, active: bool
) -> None:
    """Switch a connector on (its initialization passed) or off; messages wait while it is off."""
    if connector.active == active and (connector.initialized_at or not active):
        return
    connector.active = active
    if active:
        connector.initialized_at = context.now()
    _switched(context, session, connector, who, "activated" if active else "deactivated")


def set_paused(
    context: Context, session: Session, connector: Connector, who: str, *, paused: bool
) -> None:
    """Pause: keep collecting, send when resumed. Resume: send what waits."""
    if connector.paused == paused:
        return
    connector.paused = paused
    connector.paused_at = context.now() if paused else None
    connector.paused_by = who if paused else ""
    _switched(context, session, connector, who, "paused" if paused else "resumed")


def _switched(
    context: Context, session: Session, connector: Connector, who: str, action: str
) -> None:
    connector.config_version += 1
    connector.updated_at, connector.updated_by = context.now(), who
    target = f"connector {connector.key}"
    audit.record(session, who, f"connector {action}", target, at=context.now())
    journal.note(session, connector.id, f"{connector.key} {action}", who=who, at=context.now())


def remove(context: Context, session: Session, connector: Connector, typed: str, who: str) -> None:
    """Delete a connector with its flows, messages and history; ``typed`` must be its ID.

    Bindings belong to the connections and stay.
    """
    if typed.strip() != connector.key:
        raise FieldErrors({"typed": f"Type {connector.key} to delete this connector."})
    before = state.flat(context, session, connector)
    target = f"connector {connector.key}"
    audit.record(session, who, "connector deleted", target, before, at=context.now())
    session.execute(delete(Preference).where(Preference.connector_id == connector.id))
    session.delete(connector)
    session.flush()
