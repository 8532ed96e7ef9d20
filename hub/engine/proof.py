"""Prove by the first real record that our stamp comes back by search (R10.2, F12)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from hub.engine.context import FlowContext, Tools
from hub.engine.work import Work
from hub.outbox import put_keys, renew
from hub.sdk import LoadItem
from hub.store.tables import Flow


class StampLost(Exception):
    """The first record that was created cannot be found by its stamp: the flow stops."""

    def __init__(self, message: str, remedy: str, field: str) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.field = field


def proof_needed(tools: Tools, context: FlowContext) -> bool:
    """True until the first create of this flow came back by its stamp."""
    action = context.target.action
    if action.match_on[:1] != ("stamp",) or not action.creates:
        return False
    with tools.database.read() as session:
        return not session.get_one(Flow, context.flow_id).stamp_proven


def prove_stamp(
    tools: Tools,
    context: FlowContext,
    client: Any,
    work: Work,
    token: str,
    should_stop: Callable[[], bool],
) -> bool:
    """Search the created record by its stamp until it is found or the hold has passed.

    Returns False when the hub stops meanwhile. Raises ``StampLost`` naming the field; the record
    itself is bound by its own answer.
    """
    action = context.target.action
    item = LoadItem(work.key, work.native, None, str(work.id))
    waited, pause = 0, 2
    while True:
        hits = context.target.plugin.match(client, action, [item]).get(work.key, [])
        if any(hit.stamp == work.key for hit in hits):
            break
        if waited * 1000 >= context.hold_ms:
            _stamp_later(tools, context, work)
            raise _lost(context, work)
        with tools.database.begin() as connection:
            renew(connection, [token], tools.now_ms(), 120_000)
        if should_stop():
            return False
        tools.clock.sleep(pause)
        waited += pause
        pause = min(pause * 2, 8)
    mark_proven(tools, context)
    return True


def _stamp_later(tools: Tools, context: FlowContext, work: Work) -> None:
    """The record is bound but bears no stamp: it is written once more when the field is mended."""
    with tools.database.begin() as connection:
        connection.execute(
            text(
                "UPDATE flow_state SET content_hash = NULL "
                "WHERE flow_id = :flow AND record_id = :record"
            ),
            {"flow": context.flow_id, "record": work.record_id},
        )
        put_keys(
            connection,
            flow_id=context.flow_id,
            source_id=context.source.id,
            entity=context.entity,
            keys=[work.key],
            now_ms=tools.now_ms(),
        )


def mark_proven(tools: Tools, context: FlowContext) -> None:
    """Remember that a record of this flow was found by its stamp."""
    with tools.database.write() as session:
        session.get_one(Flow, context.flow_id).stamp_proven = True


def _lost(context: FlowContext, work: Work) -> StampLost:
    field = context.target.action.stamp_parameter
    name = str(context.target.settings.get(field) or field or "the key field")
    return StampLost(
        f"{work.title} ({work.key}) was created, but the store does not find it by “{name}”: the "
        "field was accepted and forgotten. The sync stopped after this one record.",
        f"Check that the field “{name}” exists in the store for this kind of record and that its "
        "name is written exactly so here. Then run the sync again.",
        field,
    )
