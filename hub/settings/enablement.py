"""Enable and disable records for a connector, with the consequence in numbers before it happens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from hub.outbox import put_keys
from hub.sdk import Direction
from hub.sdk.canonical import PARENT_ENTITY
from hub.settings import audit, rules
from hub.settings.connector_state import get_connector
from hub.settings.context import Context
from hub.store.base import to_ms
from hub.store.tables import Connector, Enablement, Flow, Message, RecordRow
from hub.store.work_tables import WAITING

CHUNK = 500
"""Records of one transaction, so that nothing else waits long."""

REMEMBER = text(
    "INSERT INTO enablement (connector_id, record_id, enabled, reason) "
    "VALUES (:connector, :record, :enabled, :reason) "
    "ON CONFLICT (connector_id, record_id) DO UPDATE SET enabled = excluded.enabled, "
    "reason = excluded.reason"
)


@dataclass(slots=True)
class Consequence:
    """What enabling or disabling does, or did.

    ``records`` are chosen, ``already`` of them are so now, ``children`` belong to the others.
    ``queued`` messages are made (enable); ``cancelled`` waiting ones end (disable). ``off`` names
    why nothing is sent although it was enabled.
    """

    records: int = 0
    already: int = 0
    children: int = 0
    queued: int = 0
    cancelled: int = 0
    off: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Records that change."""
        return self.records - self.already


def consequence(
    context: Context, connector_id: int, record_ids: Sequence[int], *, enabled: bool
) -> Consequence:
    """Say in numbers what ``set_enabled`` would do; changes nothing."""
    found = Consequence()
    with context.database.read() as session:
        connector = get_connector(session, connector_id)
        flows, found.off = _flows(context, session, connector)
        for chunk in _chunks(record_ids):
            records = _changing(session, connector, chunk, enabled=enabled)
            children = _children(session, records)
            found.records += len(chunk)
            found.already += len(chunk) - len(records)
            found.children += len(children)
            affected = [*records, *children]
            if enabled:
                found.queued += sum(1 for record in affected if record.entity in flows)
            else:
                found.cancelled += _count_waiting(session, connector, affected)
    return found


def set_enabled(
    context: Context, connector_id: int, record_ids: Sequence[int], who: str, *, enabled: bool
) -> Consequence:
    """Enable or disable these records and draw the consequences.

    Enabled: the record and its children are queued by key and read afresh before they are sent.
    Disabled: their waiting messages are cancelled with the reason; nothing is deleted in the store.
    """
    done = Consequence()
    for number, chunk in enumerate(_chunks(record_ids)):
        with context.database.write() as session:
            connector = get_connector(session, connector_id)
            if number == 0:
                _note(context, session, connector, record_ids, who, enabled=enabled)
            flows, done.off = _flows(context, session, connector)
            records = _changing(session, connector, chunk, enabled=enabled)
            children = _children(session, records)
            done.records += len(chunk)
            done.already += len(chunk) - len(records)
            done.children += len(children)
            _remember(session, connector, records, who, enabled=enabled)
            affected = [*records, *children]
            if enabled:
                done.queued += queue(context, session, connector, affected, flows)
            else:
                done.cancelled += _cancel(context, session, connector, affected)
    return done


def flows_by_entity(context: Context, session: Session, connector: Connector) -> dict[str, Flow]:
    """Return the connector's flows that run, by the entity they move."""
    return _flows(context, session, connector)[0]


def _flows(
    context: Context, session: Session, connector: Connector
) -> tuple[dict[str, Flow], list[str]]:
    plugin = rules.pair(context, session, connector).store_plugin
    found: dict[str, Flow] = {}
    off: list[str] = []
    for key, flow in rules.flows(session, connector.id).items():
        action = plugin.action(flow.target_action, Direction.LOAD) if plugin else None
        reason = rules.why_off(context, session, connector, key)
        if action is not None and not reason:
            found[action.entity] = flow
        elif flow.enabled and reason:
            off.append(reason)
    return found, off


def queue(
    context: Context,
    session: Session,
    connector: Connector,
    records: Sequence[RecordRow],
    flows: dict[str, Flow],
) -> int:
    """Queue these records by key for the flow of their entity; returns how many."""
    queued = 0
    for entity, flow in flows.items():
        queued += put_keys(
            session.connection(),
            flow_id=flow.id,
            source_id=connector.erp_id,
            entity=entity,
            keys=[record.key for record in records if record.entity == entity],
            now_ms=to_ms(context.now()),
        )
    return queued


def _chunks(record_ids: Sequence[int]) -> Iterator[list[int]]:
    unique = list(dict.fromkeys(record_ids))
    for start in range(0, len(unique), CHUNK):
        yield unique[start : start + CHUNK]


def _changing(
    session: Session, connector: Connector, ids: Sequence[int], *, enabled: bool
) -> list[RecordRow]:
    """Return those of the records that are not so yet (no row = enabled)."""
    rows = session.scalars(
        select(Enablement.record_id).where(
            Enablement.connector_id == connector.id,
            Enablement.record_id.in_(ids),
            Enablement.enabled.is_(False),
        )
    )
    off = set(rows)
    query = select(RecordRow).where(
        RecordRow.id.in_(ids), RecordRow.connection_id == connector.erp_id
    )
    return [record for record in session.scalars(query) if (record.id in off) == enabled]


def _children(session: Session, records: Sequence[RecordRow]) -> list[RecordRow]:
    found: list[RecordRow] = []
    for entity, parent in PARENT_ENTITY.items():
        keys = [record.key for record in records if record.entity == parent]
        if keys:
            query = select(RecordRow).where(
                RecordRow.connection_id == records[0].connection_id,
                RecordRow.entity == entity,
                RecordRow.parent_key.in_(keys),
            )
            found += session.scalars(query)
    return found


def _remember(
    session: Session,
    connector: Connector,
    records: Sequence[RecordRow],
    who: str,
    *,
    enabled: bool,
) -> None:
    if records:
        reason = "" if enabled else f"Disabled by {who}."
        values = [
            {"connector": connector.id, "record": r.id, "enabled": enabled, "reason": reason}
            for r in records
        ]
        session.execute(REMEMBER, values)


def _waiting_of(connector: Connector, records: Sequence[RecordRow]) -> Iterator[tuple[Any, ...]]:
    flows = select(Flow.id).where(Flow.connector_id == connector.id)
    for start in range(0, len(records), CHUNK):
        ids = [record.id for record in records[start : start + CHUNK]]
        yield Message.record_id.in_(ids), (Message.flow_id + 0).in_(flows), text(WAITING)


def _count_waiting(session: Session, connector: Connector, records: Sequence[RecordRow]) -> int:
    found = 0
    for where in _waiting_of(connector, records):
        found += session.scalar(select(func.count(Message.id)).where(*where)) or 0
    return found


def _cancel(
    context: Context, session: Session, connector: Connector, records: Sequence[RecordRow]
) -> int:
    before = _count_waiting(session, connector, records)
    for where in _waiting_of(connector, records):
        session.execute(
            update(Message)
            .where(*where)
            .values(
                status="cancelled",
                reason="Cancelled: the record, or its customer, was disabled for this connector.",
                reason_group="Disabled for this connector",
                updated_at=context.now(),
            )
            .execution_options(synchronize_session=False)
        )
    return before


def _note(
    context: Context,
    session: Session,
    connector: Connector,
    record_ids: Sequence[int],
    who: str,
    *,
    enabled: bool,
) -> None:
    first = session.get(RecordRow, record_ids[0]) if record_ids else None
    number = len(set(record_ids))
    name = f"{first.entity} {first.key}" if first and number == 1 else f"{number} records"
    action = "records enabled" if enabled else "records disabled"
    after = {"connector": connector.key, "records": number}
    if first is not None and number == 1:
        after["record"] = first.id
    audit.record(session, who, action, name[:200], None, after, at=context.now())
