"""What is known of every flow: its last runs, what waits, and what keeps its connector waiting."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports.bounded import count_messages
from hub.store.base import from_ms, to_ms
from hub.store.tables import (
    Circuit,
    Connection,
    Connector,
    Flow,
    Message,
    QuotaWindow,
    Run,
    Schedule,
)

WAITS = ("pending", "in_flight", "unknown", "blocked")


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """One flow. ``backlog`` and ``parked`` stop at ``CAP`` + 1; ``oldest`` is since when it waits."""

    flow: Flow
    connector: Connector
    schedule: Schedule | None
    backlog: int
    oldest: datetime | None
    parked: int
    last_run: Run | None
    last_success: datetime | None
    running: Run | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a connection from answering. ``key`` is a badge; empty = nothing."""

    key: str = ""
    text: str = ""
    until: datetime | None = None


def facts(session: Session, connector: str = "", flow_id: int | None = None) -> list[FlowFacts]:
    """Return the enabled flows, of one connector when its key is given."""
    query = (
        select(Flow, Connector, Schedule)
        .join(Connector, Connector.id == Flow.connector_id)
        .outerjoin(Schedule, Schedule.flow_id == Flow.id)
        .order_by(Connector.key, Flow.id)
    )
    if connector:
        query = query.where(Connector.key == connector)
    if flow_id is not None:
        query = query.where(Flow.id == flow_id)
    return [_facts(session, *row) for row in session.execute(query)]


def _facts(
    session: Session, flow: Flow, connector: Connector, schedule: Schedule | None
) -> FlowFacts:
    runs = list(
        session.scalars(
            select(Run)
            .where(Run.flow_id == flow.id, Run.started_at.is_not(None))
            .order_by(Run.started_at.desc())
            .limit(1)
        )
    )
    success = session.scalar(
        select(Run.finished_at)
        .where(Run.flow_id == flow.id, Run.started_at.is_not(None), Run.status == "finished")
        .order_by(Run.started_at.desc())
        .limit(1)
    )
    last = runs[0] if runs else None
    return FlowFacts(
        flow, connector, schedule,
        count_messages(session, [flow.id], WAITS), oldest_waiting(session, flow.id),
        count_messages(session, [flow.id], ("parked",)),
        last, success, last if last is not None and last.status == "running" else None,
    )  # fmt: skip


def oldest_waiting(session: Session, flow_id: int) -> datetime | None:
    """Return since when the oldest message of a flow waits."""
    found = []
    for status in WAITS:
        moment = session.scalar(
            select(Message.created_at)
            .where(Message.flow_id == flow_id, Message.status == status)
            .order_by(Message.id)
            .limit(1)
        )
        if moment is not None:
            found.append(moment)
    return min(found, default=None)


def trouble(session: Session, connection: Connection, now: datetime) -> Trouble:
    """Return what keeps this connection from working now."""
    if connection.state in ("needs_sign_in", "not_reachable"):
        return Trouble(connection.state, connection.state_detail, None)
    for circuit in session.scalars(select(Circuit).where(Circuit.connection_id == connection.id)):
        if circuit.state == "open":
            return Trouble("not_reachable", circuit.reason, circuit.next_try_at)
    waits = session.scalars(
        select(QuotaWindow.wait_until).where(QuotaWindow.connection_id == connection.id)
    )
    latest = max(waits, default=0)
    if latest > to_ms(now):
        return Trouble("waiting_for_quota", "", from_ms(latest))
    return Trouble()
