"""Lists for the command line: everything, oldest first, as plain values."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.store.tables import (
    Binding,
    Connector,
    Enablement,
    Flow,
    FlowState,
    LogEntry,
    Message,
    RecordRow,
)


def messages(
    session: Session,
    *,
    connector: str | None = None,
    flow: str | None = None,
    status: str | None = None,
) -> list[dict[str, Any]]:
    """Return messages, oldest first."""
    query = (
        select(Message, Flow.key, Connector.key)
        .join(Flow, Flow.id == Message.flow_id)
        .join(Connector, Connector.id == Flow.connector_id)
        .order_by(Message.id)
    )
    if connector:
        query = query.where(Connector.key == connector)
    if flow:
        query = query.where(Flow.key == flow)
    if status:
        query = query.where(Message.status == status)
    return [
        {
            "id": message.id,
            "connector": connector_key,
            "flow": flow_key,
            "entity": message.entity,
            "key": message.key,
            "title": message.title,
            "status": message.status,
            "outcome": message.outcome,
            "reason": message.reason,
            "field": message.field,
            "remedy": message.remedy,
            "attempts": message.attempts,
            "blocked_by": message.blocked_key,
            "due_at": message.due_at.isoformat(),
            "created_at": message.created_at.isoformat(),
            "updated_at": message.updated_at.isoformat(),
        }
        for message, flow_key, connector_key in session.execute(query)
    ]


def records(
    session: Session, *, connector: str | None = None, entity: str | None = None
) -> Iterator[dict[str, Any]] | list[dict[str, Any]]:
    """Return known records once per connector that reads their connection."""
    query = (
        select(RecordRow, Connector, Enablement, Binding.external_id)
        .join(Connector, Connector.erp_id == RecordRow.connection_id)
        .outerjoin(
            Enablement,
            (Enablement.connector_id == Connector.id) & (Enablement.record_id == RecordRow.id),
        )
        .outerjoin(
            Binding,
            (Binding.connection_id == Connector.store_id) & (Binding.record_id == RecordRow.id),
        )
        .order_by(RecordRow.entity, RecordRow.key)
    )
    if connector:
        query = query.where(Connector.key == connector)
    if entity:
        query = query.where(RecordRow.entity == entity)
    states = session.execute(select(FlowState.record_id, FlowState.settled_at))
    synced = {row.record_id: row.settled_at for row in states}
    return [
        {
            "entity": record.entity,
            "key": record.key,
            "title": record.title,
            "class": record.record_class,
            "status": record.status,
            "parent": record.parent_key,
            "connector": owner.key,
            "enabled": enablement is None or enablement.enabled,
            "reference_id": external_id,
            "last_sync": synced[record.id].isoformat() if record.id in synced else None,
        }
        for record, owner, enablement, external_id in session.execute(query)
    ]


def logs(
    session: Session, *, connector: str | None = None, level: str | None = None, after: int = 0
) -> list[dict[str, Any]]:
    """Return log lines after an id, oldest first."""
    query = (
        select(LogEntry, Connector.key)
        .outerjoin(Connector, Connector.id == LogEntry.connector_id)
        .where(LogEntry.id > after)
        .order_by(LogEntry.id)
    )
    if connector:
        query = query.where(Connector.key == connector)
    if level:
        query = query.where(LogEntry.level == level)
    return [
        {
            "id": entry.id,
            "at": entry.at.isoformat(),
            "level": entry.level,
            "connector": connector_key,
            "action_type": entry.flow_key,
            "message": entry.message,
            "entity_url": entry.entity_url,
            "user": entry.user,
            "description": entry.description,
        }
        for entry, connector_key in session.execute(query)
    ]
