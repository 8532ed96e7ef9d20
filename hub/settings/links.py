"""Links by a person's word: this ERP record is that record of the store, or is it no longer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, exists, select, text
from sqlalchemy.orm import Session

from hub.reports.records import children_query
from hub.sdk import ConfigError, Direction
from hub.sdk.canonical import PARENT_ENTITY
from hub.settings import audit, rules
from hub.settings.connector_state import get_connector
from hub.settings.context import Context
from hub.settings.enablement import CHUNK, flows_by_entity, queue
from hub.settings.errors import FieldErrors
from hub.settings.imports.checking import taken_words
from hub.store.tables import Binding, Connector, Flow, FlowState, Message, RecordRow
from hub.store.work_tables import RUNNING

FIELD = "reference_id"
LONGEST = 200
BUSY = "The record is being sent at this moment. Try again in a minute; nothing was changed."


@dataclass(frozen=True, slots=True)
class Pair:
    """An ERP record and the store's ID for it; ``how`` is kept with the link."""

    record_id: int
    external_id: str
    how: str = "hand"


@dataclass(slots=True)
class Linked:
    """What came of pairs: the records linked, how many are queued, and why others were not."""

    records: list[int] = field(default_factory=list)
    queued: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def link(
    context: Context, connector_id: int, record_id: int, reference: str, who: str, *, expected: str
) -> None:
    """Link one record, in place of ``expected``, the link that the person saw ("" = none).

    Raises ``FieldErrors`` for an ID that cannot be taken.
    """
    reference = reference.strip()
    if not reference:
        raise FieldErrors({FIELD: "Enter the record's ID in the store."})
    if len(reference) > LONGEST or not reference.isprintable():
        raise FieldErrors({FIELD: f"An ID has up to {LONGEST} characters of one line."})
    with context.database.write() as session:
        connector, record = _pair(session, connector_id, record_id)
        before = _free_to_change(session, connector, record, expected)
        if before is not None and before.external_id == reference:
            raise FieldErrors({FIELD: f"The record is linked to {reference} already."})
        if before is not None:
            _unbind(session, connector, [record.id, *_children(session, record)])
        done = _link_chunk(context, session, connector, [Pair(record_id, reference)])
        if record_id in done.refused:
            session.rollback()
            raise FieldErrors({FIELD: done.refused[record_id]})
        _note(context, session, connector, record, who, "record linked", expected, reference)


def link_many(context: Context, connector_id: int, pairs: Sequence[Pair], who: str) -> Linked:
    """Link records that have no link yet, chunk by chunk; what cannot be linked says why."""
    done = Linked()
    for start in range(0, len(pairs), CHUNK):
        with context.database.write() as session:
            connector = get_connector(session, connector_id)
            part = _link_chunk(context, session, connector, pairs[start : start + CHUNK])
            if part.records:
                audit.record(
                    session, who, "records linked", f"{len(part.records)} records", None,
                    {"connector": connector.key, "records": len(part.records)}, at=context.now(),
                )  # fmt: skip
        done.records += part.records
        done.queued += part.queued
        done.refused |= part.refused
    return done


def unlink(context: Context, connector_id: int, record_id: int, who: str, *, expected: str) -> int:
    """Remove a record's link and those of its children; returns how many children lost theirs.

    Nothing is changed in the store. Raises ``FieldErrors`` when it is not linked to ``expected``.
    """
    with context.database.write() as session:
        connector, record = _pair(session, connector_id, record_id)
        if _free_to_change(session, connector, record, expected) is None:
            raise FieldErrors({FIELD: "The record is not linked any more. Nothing was changed."})
        lost = _unbind(session, connector, [record.id, *_children(session, record)])
        _note(context, session, connector, record, who, "record unlinked", expected, "")
        return lost - 1


def flow_of_entity(context: Context, session: Session, connector_id: int, entity: str) -> Flow:
    """Return the connector's flow that writes this entity to the store, running or not.

    Raises ``ConfigError`` when its plugins offer none, or none was ever switched on.
    """
    connector = get_connector(session, connector_id)
    plugin = rules.pair(context, session, connector).store_plugin
    for flow in rules.flows(session, connector_id).values():
        action = plugin.action(flow.target_action, Direction.LOAD) if plugin else None
        if action is not None and action.entity == entity:
            return flow
    raise ConfigError(
        f"No sync of connector {connector.key} moves this kind of record. "
        "Tick it under Enable features first."
    )


def linked_children(session: Session, connector: Connector, record: RecordRow) -> int:
    """Return how many children of the record are linked: unlinking takes their links too."""
    ids = _children(session, record)
    return len(_bindings(session, connector, ids))


def _pair(session: Session, connector_id: int, record_id: int) -> tuple[Connector, RecordRow]:
    connector = get_connector(session, connector_id)
    record = session.get(RecordRow, record_id)
    if record is None or record.connection_id != connector.erp_id:
        raise FieldErrors({FIELD: "This record is not one of the connector's ERP."})
    return connector, record


def _free_to_change(
    session: Session, connector: Connector, record: RecordRow, expected: str
) -> Binding | None:
    if _running(session, connector, [record.id]):
        raise FieldErrors({FIELD: BUSY})
    before = next(iter(_bindings(session, connector, [record.id])), None)
    now = before.external_id if before else ""
    if now != expected:
        raise FieldErrors({
            FIELD: f"The record is linked to {now or 'nothing'} by now, not to "
            f"{expected or 'nothing'}. Look at it again; nothing was changed."
        })  # fmt: skip
    return before


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _children(session: Session, record: RecordRow) -> list[int]:
    found: list[int] = []
    for entity, parent in PARENT_ENTITY.items():
        if parent == record.entity:
            found += session.scalars(children_query(record, entity))
    return found


def _bindings(session: Session, connector: Connector, ids: Sequence[int]) -> list[Binding]:
    return [
        row
        for part in _parts(ids)
        for row in session.scalars(
            select(Binding).where(
                Binding.connection_id == connector.store_id, Binding.record_id.in_(part)
            )
        )
    ]


def _flows(connector: Connector) -> Any:
    """The flows that write to this store: they share its links."""
    return (
        select(Flow.id)
        .join(Connector, Connector.id == Flow.connector_id)
        .where(Connector.store_id == connector.store_id)
    )


def _running(session: Session, connector: Connector, ids: Sequence[int]) -> set[int]:
    query = select(Message.record_id).where(
        Message.record_id.in_(ids), (Message.flow_id + 0).in_(_flows(connector)), text(RUNNING)
    )
    return set(session.scalars(query))


def _unbind(session: Session, connector: Connector, ids: Sequence[int]) -> int:
    lost = _bindings(session, connector, ids)
    for binding in lost:
        session.delete(binding)
    session.flush()
    _forget(session, connector, [binding.record_id for binding in lost])
    return len(lost)


def _forget(session: Session, connector: Connector, ids: Sequence[int]) -> None:
    """What was settled before says nothing about another record of the store."""
    for part in _parts(ids):
        session.execute(
            delete(FlowState)
            .where(FlowState.record_id.in_(part), FlowState.flow_id.in_(_flows(connector)))
            .execution_options(synchronize_session=False)
        )


def _link_chunk(
    context: Context, session: Session, connector: Connector, pairs: Sequence[Pair]
) -> Linked:
    """Bind these pairs and queue them, so that the store gets what the ERP has."""
    ids = [pair.record_id for pair in pairs]
    query = select(RecordRow).where(
        RecordRow.id.in_(ids), RecordRow.connection_id == connector.erp_id
    )
    records = {record.id: record for record in session.scalars(query)}
    bound = {binding.record_id: binding for binding in _bindings(session, connector, ids)}
    running, done = _running(session, connector, ids), Linked()
    for pair in pairs:
        record = records.get(pair.record_id)
        if record is None:
            continue
        if record.id in running:
            done.refused[record.id] = BUSY
        elif record.id in bound:
            now = bound[record.id].external_id
            done.refused[record.id] = f"{record.key} is linked to {now} by now."
        elif holder := _holder(session, connector, record, pair.external_id):
            done.refused[record.id] = taken_words(pair.external_id, holder.key, holder.title)
        else:
            session.add(
                Binding(
                    record_id=record.id, connection_id=connector.store_id, entity=record.entity,
                    external_id=pair.external_id, how=pair.how, bound_at=context.now(),
                )
            )  # fmt: skip
            session.flush()
            done.records.append(record.id)
    _forget(session, connector, done.records)
    flows = flows_by_entity(context, session, connector)
    done.queued = queue(context, session, connector, [records[i] for i in done.records], flows)
    return done


def _holder(
    session: Session, connector: Connector, record: RecordRow, external_id: str
) -> RecordRow | None:
    held = exists().where(
        Binding.record_id == RecordRow.id, Binding.connection_id == connector.store_id,
        Binding.entity == record.entity, Binding.external_id == external_id,
    )  # fmt: skip
    return session.scalar(select(RecordRow).where(held))


def _note(
    context: Context,
    session: Session,
    connector: Connector,
    record: RecordRow,
    who: str,
    action: str,
    before: str,
    after: str,
) -> None:
    target = f"{record.entity} {record.key}"[:200]
    old = {"reference_id": before} if before else None
    new = {"connector": connector.key, "record": record.id, "reference_id": after}
    audit.record(session, who, action, target, old, new, at=context.now())
