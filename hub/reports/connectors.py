"""What the list of connectors and a connection's page show: read-only queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.store.tables import Connection, Connector, Flow, Message, Run

NOT_ENDED = ("pending", "blocked", "in_flight", "unknown")
STATE_ORDER = (
    "needs_sign_in", "not_reachable", "needs_attention", "being_set_up", "waiting_for_quota",
    "running", "paused", "off",
)  # fmt: skip
"""Those that need a person first."""


@dataclass(slots=True)
class Row:
    """One connector with its figures. ``state`` is a badge key, ``cause`` the line under it."""

    connector: Connector
    erp: Connection
    store: Connection
    state: str
    cause: str
    syncs_on: int
    backlog: int
    parked: int
    last_flow: str = ""
    last_success: datetime | None = None


def waiting(session: Session, flow_ids: Sequence[int]) -> int:
    """Return how many messages of these flows are not ended, parked ones included."""
    if not flow_ids:
        return 0
    query = select(func.count()).where(
        Message.flow_id.in_(flow_ids), Message.status.in_((*NOT_ENDED, "parked"))
    )
    return session.scalar(query) or 0


def counts(session: Session) -> dict[int, dict[str, int]]:
    """Return messages that are not ended, by connector and status."""
    query = (
        select(Flow.connector_id, Message.status, func.count())
        .join(Flow, Flow.id == Message.flow_id)
        .where(Message.status.in_((*NOT_ENDED, "parked")))
        .group_by(Flow.connector_id, Message.status)
    )
    found: dict[int, dict[str, int]] = {}
    for connector_id, status, number in session.execute(query):
        found.setdefault(connector_id, {})[status] = number
    return found


def last_success(session: Session) -> dict[int, tuple[str, datetime]]:
    """Return the newest finished run of each connector: flow key and time."""
    query = (
        select(Flow.connector_id, Flow.key, func.max(Run.finished_at))
        .join(Flow, Flow.id == Run.flow_id)
        .where(Run.status == "finished")
        .group_by(Flow.connector_id, Flow.key)
    )
    found: dict[int, tuple[str, datetime]] = {}
    for connector_id, key, moment in session.execute(query):
        if moment and (connector_id not in found or moment > found[connector_id][1]):
            found[connector_id] = (key, moment)
    return found


def state_of(
    connector: Connector, sides: Sequence[Connection], stopped: Flow | None, parked: int
) -> tuple[str, str]:
    """Return a connector's badge key and the cause in words."""
    for side in sides:
        if side.state == "needs_sign_in":
            return "needs_sign_in", side.state_detail or f"{side.key} refused the sign-in"
    if not connector.active:
        if connector.initialized_at is None:
            return "being_set_up", "Saved, not initialized yet"
        return "off", "Nothing is read, sent or accepted"
    for side in sides:
        if side.state == "not_reachable":
            return "not_reachable", side.state_detail or f"{side.key} does not answer"
    if stopped is not None:
        return "needs_attention", stopped.stopped_reason
    if connector.paused:
        return "paused", "Collects changes, sends nothing"
    if parked:
        need = "message needs" if parked == 1 else "messages need"
        return "needs_attention", f"{parked:,} {need} a person"
    return "running", ""


def rows(session: Session) -> list[Row]:
    """Return every connector, those that need a person first."""
    connections = {c.id: c for c in session.scalars(select(Connection))}
    flows: dict[int, list[Flow]] = {}
    for flow in session.scalars(select(Flow).where(Flow.enabled)):
        flows.setdefault(flow.connector_id, []).append(flow)
    figures, successes = counts(session), last_success(session)
    found: list[Row] = []
    for connector in session.scalars(select(Connector).order_by(Connector.key)):
        erp, store = connections[connector.erp_id], connections[connector.store_id]
        own = flows.get(connector.id, [])
        numbers = figures.get(connector.id, {})
        parked = numbers.get("parked", 0)
        stopped = next((flow for flow in own if flow.stopped_reason), None)
        state, cause = state_of(connector, (erp, store), stopped, parked)
        backlog = sum(n for status, n in numbers.items() if status != "parked")
        key, moment = successes.get(connector.id, ("", None))
        found.append(
            Row(connector, erp, store, state, cause, len(own), backlog, parked, key, moment)
        )
    return sorted(found, key=lambda row: STATE_ORDER.index(row.state))


def used_by(session: Session) -> dict[int, list[Connector]]:
    """Return the connectors of each connection."""
    found: dict[int, list[Connector]] = {}
    for connector in session.scalars(select(Connector).order_by(Connector.key)):
        for ident in dict.fromkeys((connector.erp_id, connector.store_id)):
            found.setdefault(ident, []).append(connector)
    return found


def connections(session: Session) -> list[Connection]:
    """Return every connection by key."""
    return list(session.scalars(select(Connection).order_by(Connection.key)))


def what_goes(session: Session, connector_id: int) -> dict[str, int]:
    """Return what deleting a connector would remove: syncs, messages, runs."""
    ids = list(session.scalars(select(Flow.id).where(Flow.connector_id == connector_id)))
    messages = session.scalar(select(func.count()).where(Message.flow_id.in_(ids))) or 0
    runs = session.scalar(select(func.count()).where(Run.flow_id.in_(ids))) or 0
    return {"syncs": len(ids), "messages": messages, "runs": runs, "waiting": waiting(session, ids)}
