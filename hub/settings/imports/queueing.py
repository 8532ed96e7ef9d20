"""Queueing what an applied import sends: in steps, so that who sends records never waits long."""

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.outbox import put_keys
from hub.seams import crashpoint
from hub.settings.context import Context
from hub.settings.enablement import flows_by_entity
from hub.settings.imports.followers import CHILDREN
from hub.store.base import to_ms
from hub.store.tables import Connector, RecordImport

STEP = 100
"""Rows of one transaction; each may bring some locations and contacts along."""
LEFT_OVER = timedelta(seconds=60)
"""An import that was applied so long ago and is not queued to its end may be nobody's any more."""
TURN = 0.01
"""Seconds between two steps, at least; else as long as the step took, so that another writer, who
looks again every tenth of a second, gets its turn."""

# Enabled with its children; linked alone, which frees the children that wait for it.
TO_SEND = text(f"""
SELECT connector_id, entity, key FROM record_import_row
WHERE import_id = :id AND error = '' AND (enable > 0 OR (link = 'link' AND enable = 0))
  AND number > :after AND number <= :last
UNION SELECT x.connector_id, k.entity, k.key FROM {CHILDREN} AND x.enable > 0
  AND x.number > :after AND x.number <= :last
""")

NEXT = text("""
SELECT MAX(number) FROM (
  SELECT number FROM record_import_row
  WHERE import_id = :id AND error = '' AND (enable > 0 OR (link = 'link' AND enable = 0)) AND number > :after
  ORDER BY number LIMIT :step) AS part
""")


def queue_rows(context: Context, import_id: int) -> int:
    """Queue the rest of an applied import; returns how many records it queued in all.

    A process that ends meanwhile leaves it to the next one; two at once do no step twice.
    """
    clock = context.database.clock
    while True:
        started = clock.monotonic()
        with context.database.write() as session:
            row = session.get(RecordImport, import_id)
            if row is None or row.status != "sending":
                return int(row.result.get("queued", 0)) if row is not None else 0
            bound = {"id": import_id, "after": row.sent_to}
            last = session.scalar(NEXT, {**bound, "step": STEP})
            if last is None:
                row.status = "applied"
                continue
            queued = row.result.get("queued", 0) + _step(context, session, {**bound, "last": last})
            row.result, row.sent_to = row.result | {"queued": queued}, last
            crashpoint("import.before_step")
        clock.sleep(max(TURN, clock.monotonic() - started))


def queue_left_over(context: Context) -> int:
    """Go on with imports whose process ended before all was queued; returns how many there were."""
    with context.database.read() as session:
        query = select(RecordImport.id).where(
            RecordImport.status == "sending", RecordImport.applied_at < context.now() - LEFT_OVER
        )
        found = list(session.scalars(query))
    for import_id in found:
        queue_rows(context, import_id)
    return len(found)


def _step(context: Context, session: Session, bound: dict[str, int]) -> int:
    groups: dict[tuple[int, str], list[str]] = {}
    for connector_id, entity, key in session.execute(TO_SEND, bound):
        groups.setdefault((connector_id, entity), []).append(key)
    queued = 0
    for (connector_id, entity), keys in groups.items():
        connector = session.get_one(Connector, connector_id)
        flow = flows_by_entity(context, session, connector).get(entity)
        if flow is not None:
            queued += put_keys(
                session.connection(), flow_id=flow.id, source_id=connector.erp_id,
                entity=entity, keys=keys, now_ms=to_ms(context.now()),
            )  # fmt: skip
    return queued
