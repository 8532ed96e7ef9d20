"""What in the store may be this ERP record: asked for one record, when a person links it."""

import json
from dataclasses import dataclass

from hub.engine.canonical import to_incoming
from hub.engine.context import FlowContext, Tools, load_context
from hub.engine.likeness import CERTAIN, HIGH, POSSIBLE, same_name
from hub.engine.matching import linked_already, natural_key
from hub.engine.resolve import load_context_of
from hub.engine.work import Work
from hub.outbox import Incoming
from hub.sdk import ConfigError, Listed, LoadItem
from hub.store.tables import Binding, RecordRow


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record of the store that may be the one. ``taken_by``: who is linked to it already."""

    external_id: str
    name: str
    level: str
    reason: str
    taken_by: str = ""


def find_candidates(tools: Tools, flow_id: int, record_id: int) -> list[Candidate]:
    """Read the record from its source and search the target for it; writes nothing.

    Raises what the connectors raise, and ``ConfigError`` for a record that its source does not
    have any more.
    """
    context = load_context(tools, flow_id)
    with tools.database.read() as session:
        record = session.get_one(RecordRow, record_id)
        parent = _parent_of(tools, context, record)
    work = _prepared(context, _read(tools, context, record), record, parent)
    item = LoadItem(work.key, work.native, None, "0")
    side = context.target
    with tools.gate.open(side.facts, side.plugin, side.settings, priority="person") as opened:
        hits = side.plugin.match(opened.client, side.action, [item]).get(work.key, [])
    with tools.database.look() as connection:
        linked = linked_already(connection, context, {work.key: hits})
    return [_candidate(context, work, hit, linked.get(hit.external_id)) for hit in hits]


def _read(tools: Tools, context: FlowContext, record: RecordRow) -> Incoming:
    side = context.source
    with tools.gate.open(side.facts, side.plugin, side.settings, priority="person") as opened:
        found = side.plugin.fetch(
            opened.client, side.action, [record.key], "key", context.preferences
        )
    for native in found:
        if native.data is not None and not native.deleted:
            return to_incoming(context.entity, context.read_mapper, native, context.preferences)
    raise ConfigError(f"{record.key} is not in the ERP any more, so there is nothing to look for.")


def _parent_of(tools: Tools, context: FlowContext, record: RecordRow) -> str | None:
    """Return the parent's ID in the store, inside which a child is searched."""
    with tools.database.read() as session:
        row = (
            session.query(Binding.external_id)
            .join(RecordRow, RecordRow.id == Binding.record_id)
            .filter(
                Binding.connection_id == context.target.id,
                RecordRow.connection_id == record.connection_id,
                RecordRow.entity == (context.parent_entity or ""),
                RecordRow.key == (record.parent_key or ""),
            )
            .first()
        )
    return row[0] if row else None


def _prepared(
    context: FlowContext, incoming: Incoming, record: RecordRow, parent: str | None
) -> Work:
    work = Work(
        id=0, key=incoming.key, record_id=record.id, title=incoming.title,
        payload=incoming.payload, canonical_hash=None, source_version=None, attempts=0,
        searches=0, isolation=0, hold_until=None, created_at=0,
    )  # fmt: skip
    work.canonical = json.loads(incoming.payload)
    work.parent_external = parent
    work.native = context.write_mapper.apply(load_context_of(context, work), new=True).payload
    return work


def _candidate(context: FlowContext, work: Work, hit: Listed, holder: object) -> Candidate:
    name = str(hit.natural_keys.get("name") or hit.natural_keys.get("email") or "")
    level, reason = POSSIBLE, "The store's search found it."
    own = {name: str(work.canonical.get(name) or "") for name in ("email", "sku")}
    natural = natural_key(context, hit.natural_keys)
    if hit.stamp == work.key:
        level, reason = CERTAIN, "It carries the record's ERP key."
    elif hit.stamp:
        reason = f"It carries another ERP key, {hit.stamp}."
    elif natural and natural == natural_key(context, own):
        level, reason = HIGH, f"Same {context.target.action.match_on[-1]}: {natural}."
    elif same_name(name, work.title):
        level, reason = HIGH, "Same name."
    taken = f"{getattr(holder, 'title', '')} ({getattr(holder, 'key', '')})" if holder else ""
    return Candidate(hit.external_id, name, level, reason, taken)
