"""Initial matching: links proposed between unlinked records of both sides, with confidence (R10.3).

Nothing is linked here: a person accepts what is proposed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select

from hub.engine.canonical import to_page
from hub.engine.context import FlowContext, Tools, load_context
from hub.engine.listing import Listing
from hub.engine.pairing import Ours, Proposal, Theirs, propose
from hub.outbox import upsert_records
from hub.sdk import Window
from hub.sdk.canonical import STOCK
from hub.store.tables import Binding, Flow, ListingRow, MatchProposal, RecordRow

CHUNK = 500


def compare(
    tools: Tools, flow_id: int, on_call: Callable[[], None], should_stop: Callable[[], bool]
) -> int:
    """List the target's side, compare, and keep the proposals; returns how many were listed.

    Before its first sync the source is read too: its records become known, and nothing is queued.
    ``on_call`` hears of every call to a vendor. Raises what the connectors raise; the proposals
    made before then stay.
    """
    context = load_context(tools, flow_id)
    with tools.database.read() as session:
        never_read = session.get_one(Flow, flow_id).full_next
    if never_read:
        _know_source(tools, context, on_call, should_stop)
    side = context.target
    with tools.gate.open(
        side.facts, side.plugin, side.settings,
        on_call=lambda _call: on_call(), should_stop=should_stop,
    ) as opened:  # fmt: skip
        Listing(tools, context).update(opened.client)
    with tools.database.read() as session:
        found = propose(
            list(_ours(session, context)),
            list(_theirs(session, context)),
            what=side.action.match_on[-1],
            scoped=context.parent_entity is not None,
        )
        listed = session.scalar(
            select(func.count()).where(
                ListingRow.connection_id == context.target.id, ListingRow.entity == context.entity
            )
        )
    _keep(tools, context, found)
    return int(listed or 0)


def _know_source(
    tools: Tools, context: FlowContext, on_call: Callable[[], None], should_stop: Callable[[], bool]
) -> None:
    side = context.source
    window = Window(
        partition=(side.action.partitions or ("",))[0], lag=context.lag_seconds,
        preferences=context.preferences,
    )  # fmt: skip
    with tools.gate.open(
        side.facts, side.plugin, side.settings,
        on_call=lambda _call: on_call(), should_stop=should_stop,
    ) as opened:  # fmt: skip
        for page in side.plugin.extract(opened.client, side.action, window):
            records = to_page(
                context.entity, context.read_mapper, page.records, context.preferences
            )
            with tools.database.begin() as connection:
                upsert_records(connection, side.id, context.entity, records, tools.now_ms())


def _bound(context: FlowContext) -> Any:
    return select(Binding.record_id).where(
        Binding.connection_id == context.target.id, Binding.entity == context.entity,
        Binding.record_id == RecordRow.id,
    )  # fmt: skip


def _ours(session: Any, context: FlowContext) -> Iterator[Ours]:
    parents: dict[str, str] = {}
    if context.parent_entity:
        linked = (
            select(RecordRow.key, Binding.external_id)
            .join(Binding, Binding.record_id == RecordRow.id)
            .where(
                RecordRow.connection_id == context.source.id,
                RecordRow.entity == context.parent_entity,
                Binding.connection_id == context.target.id,
            )
        )
        parents = {row.key: row.external_id for row in session.execute(linked)}
    columns = (RecordRow.id, RecordRow.key, RecordRow.title, RecordRow.email, RecordRow.parent_key)
    query = (
        select(*columns)
        .where(
            RecordRow.connection_id == context.source.id, RecordRow.entity == context.entity,
            ~_bound(context).exists(),
        )
        .order_by(RecordRow.key)
    )  # fmt: skip
    for ident, key, title, email, parent in session.execute(query):
        natural = title or key if context.entity == STOCK else email or ""
        yield Ours(ident, key, title, natural.strip().lower(), parents.get(parent or "", ""))


def _theirs(session: Any, context: FlowContext) -> Iterator[Theirs]:
    held = select(Binding.id).where(
        Binding.connection_id == context.target.id, Binding.entity == context.entity,
        Binding.external_id == ListingRow.external_id,
    )  # fmt: skip
    query = select(
        ListingRow.external_id, ListingRow.stamp, ListingRow.natural_key, ListingRow.name,
        ListingRow.scope,
    ).where(
        ListingRow.connection_id == context.target.id, ListingRow.entity == context.entity,
        ~held.exists(),
    )  # fmt: skip
    for external_id, stamp, natural, name, scope in session.execute(query):
        yield Theirs(external_id, stamp or "", natural or "", name or "", scope or "")


def _keep(tools: Tools, context: FlowContext, found: Sequence[Proposal]) -> None:
    """Replace the proposals of this connector and entity, in one transaction."""
    common = {"connector_id": context.connector_id, "entity": context.entity}
    with tools.database.write() as session:
        session.execute(
            delete(MatchProposal).where(
                MatchProposal.connector_id == context.connector_id,
                MatchProposal.entity == context.entity,
            )
        )
        for start in range(0, len(found), CHUNK):
            session.execute(
                insert(MatchProposal),
                [
                    {
                        **common, "record_id": p.record_id, "external_id": p.external_id,
                        "level": p.level, "score": p.score, "how": p.how, "reason": p.reason,
                        "name": p.name,
                    }
                    for p in found[start : start + CHUNK]
                ],
            )  # fmt: skip
