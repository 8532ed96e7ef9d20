"""A parent that nobody is bringing is read once, by its key (FIRST-FLOWS, blocked)."""

from collections.abc import Sequence

from sqlalchemy import text

from hub.engine.context import FlowContext, Tools
from hub.outbox import Settled, put_keys
from hub.store.work_tables import RUNNING, WAITING


def fetch_missing_parents(
    tools: Tools, context: FlowContext, rows: Sequence[Settled], run_id: int | None
) -> None:
    """Queue the parents of blocked rows by key, unless a message of theirs is on its way."""
    parent = context.parent_entity
    keys = {row.blocked[1] for row in rows if row.status == "blocked" and row.blocked}
    flow_id = context.sibling_flows.get(parent or "")
    if not keys or parent is None or flow_id is None:
        return
    with tools.database.begin() as connection:
        coming = connection.execute(
            text(f"SELECT key FROM message WHERE flow_id = :flow AND ({WAITING} OR {RUNNING})"),
            {"flow": flow_id},
        ).scalars()
        put_keys(
            connection,
            flow_id=flow_id,
            source_id=context.source.id,
            entity=parent,
            keys=sorted(keys - set(coming)),
            now_ms=tools.now_ms(),
            run_id=run_id,
            make_records=True,
        )
