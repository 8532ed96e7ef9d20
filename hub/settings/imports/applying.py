"""Applying an import: everything that was previewed, in one transaction, or nothing."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.seams import crashpoint
from hub.settings import audit
from hub.settings.context import Context
from hub.settings.imports.checking import TAKEN, counts, taken_words
from hub.settings.imports.columns import REFERENCE
from hub.settings.imports.followers import CHILDREN, CHILDREN_LOST, followers
from hub.store.base import to_ms
from hub.store.tables import RecordImport
from hub.store.work_tables import RUNNING, WAITING


class AlreadyApplied(Exception):
    """The import was applied before, or is not there any more; nothing was done twice."""


BEGIN = text(
    "UPDATE record_import SET status = 'sending', applied_by = :who, applied_at = :now "
    "WHERE id = :id AND status = 'ready'"
)

# What was previewed holds only while the link is the one that was seen, or the wanted one already.
MOVED = text("""
SELECT x.number, x.want_reference, x.was_reference, COALESCE(b.external_id, '') AS now_reference
FROM record_import_row AS x
LEFT JOIN binding AS b ON b.connection_id = x.store_id AND b.record_id = x.record_id
  AND b.entity = x.entity
WHERE x.import_id = :id AND x.error = '' AND x.link <> ''
  AND COALESCE(b.external_id, '') <> x.was_reference
  AND COALESCE(b.external_id, '') <> x.want_reference
""")

DELETED = text("""
SELECT number, key FROM record_import_row AS x
WHERE import_id = :id AND error = '' AND (enable <> 0 OR link <> '') AND (
  NOT EXISTS (SELECT 1 FROM connector WHERE id = x.connector_id AND store_id = x.store_id)
  OR NOT EXISTS (SELECT 1 FROM record WHERE id = x.record_id))
""")

# Its answer would write the binding again.
BEING_SENT = text(f"""
SELECT x.number, x.want_reference FROM record_import_row AS x
WHERE x.import_id = :id AND x.error = '' AND x.link <> '' AND EXISTS (
  SELECT 1 FROM message AS m WHERE m.record_id = x.record_id AND m.{RUNNING}
    AND m.flow_id IN (SELECT f.id FROM flow AS f JOIN connector AS c ON c.id = f.connector_id
                      WHERE c.store_id = x.store_id))
""")

LEAVE_OUT = text(
    "UPDATE record_import_row SET field = :field, value = :value, error = :error, enable = 0, "
    "link = '' WHERE import_id = :id AND number = :number"
)

OWN_LOST = """
SELECT b.id FROM record_import_row AS x
JOIN binding AS b ON b.connection_id = x.store_id AND b.record_id = x.record_id
  AND b.entity = x.entity
WHERE x.import_id = :id AND x.error = '' AND x.link <> '' AND b.external_id <> x.want_reference
"""

LOST = f"{OWN_LOST} UNION {CHILDREN_LOST}"

# What was settled before says nothing about another record of the store.
FORGET = text(f"""
DELETE FROM flow_state WHERE record_id IN (
    SELECT record_id FROM record_import_row WHERE import_id = :id AND error = '' AND link <> ''
    UNION SELECT record_id FROM binding WHERE id IN ({LOST}))
  AND flow_id IN (SELECT f.id FROM flow AS f JOIN connector AS c ON c.id = f.connector_id
    WHERE c.store_id IN (SELECT store_id FROM record_import_row WHERE import_id = :id))
""")

UNBIND = text(f"DELETE FROM binding WHERE id IN ({LOST})")

BIND = text("""
INSERT INTO binding (record_id, connection_id, entity, external_id, how, bound_at)
SELECT DISTINCT record_id, store_id, entity, want_reference, 'hand', CAST(:now AS BIGINT)
FROM record_import_row WHERE import_id = :id AND error = '' AND link = 'link'
ON CONFLICT (connection_id, record_id, entity) DO NOTHING
""")

REMEMBER = text("""
INSERT INTO enablement (connector_id, record_id, enabled, reason)
SELECT connector_id, record_id, enable > 0,
  CASE WHEN enable > 0 THEN '' ELSE CAST(:reason AS TEXT) END
FROM record_import_row WHERE import_id = :id AND error = '' AND enable <> 0
ON CONFLICT (connector_id, record_id) DO UPDATE SET enabled = excluded.enabled,
  reason = excluded.reason
""")

CANCEL = text(f"""
UPDATE message SET status = 'cancelled', reason = :reason,
  reason_group = 'Disabled for this connector', updated_at = :now
WHERE {WAITING} AND (flow_id + 0) IN (SELECT id FROM flow WHERE connector_id = :connector)
  AND record_id IN (
    SELECT record_id FROM record_import_row
    WHERE import_id = :id AND connector_id = :connector AND error = '' AND enable < 0
    UNION SELECT k.id FROM {CHILDREN} AND x.connector_id = :connector AND x.enable < 0)
""")

CONNECTORS = text(
    "SELECT DISTINCT connector_id FROM record_import_row WHERE import_id = :id AND error = ''"
)


def apply(context: Context, import_id: int, who: str) -> dict[str, int]:
    """Apply what was previewed and still holds; returns what was done, ``left_out`` included.

    Every record is changed in one transaction: after a kill at any line either all of it happened
    or nothing. What is to be sent is queued after it, by ``queue_rows``.
    Rows whose link moved since the preview are left out with the reason. Raises ``AlreadyApplied``.
    """
    with context.database.write() as session:
        now = to_ms(context.now())
        bound = {"id": import_id, "now": now, "who": who}
        if not _changed(session.execute(BEGIN, bound)):
            raise AlreadyApplied
        row = session.get_one(RecordImport, import_id)
        before = row.counts["errors"]
        _leave_out(session, import_id)
        done = counts(session, import_id)
        done |= followers(session, import_id)
        _links(session, import_id, now)
        reason = f"Disabled by {who}, file {row.file_name}."
        session.execute(REMEMBER, {"id": import_id, "reason": reason})
        crashpoint("import.before_messages")
        done["cancelled"] = sum(
            _cancel(session, import_id, connector_id, now)
            for connector_id in list(session.scalars(CONNECTORS, {"id": import_id}))
        )
        done["to_send"] = done["enable"] + done["children_enabled"] + done["link"]
        done["left_out"] = done["errors"] - before
        row.result = done
        audit.record(
            session, who, "records imported", row.file_name, None,
            {name: done[name] for name in ("rows", "enable", "disable", "link", "unlink", "errors")},
            at=context.now(),
        )  # fmt: skip
        crashpoint("import.before_commit")
    crashpoint("import.after_commit")
    return done


def _changed(result: Any) -> int:
    return int(result.rowcount)


def _leave_out(session: Session, import_id: int) -> None:
    """Leave out what does not hold any more since it was shown."""
    bound = {"id": import_id}
    late = [
        (row.number, row.want_reference, (
            f"Its reference ID is now {row.now_reference or 'empty'}, and was "
            f"{row.was_reference or 'empty'} in the preview. Look at it, then import it again."
        ))
        for row in session.execute(MOVED, bound)
    ]  # fmt: skip
    late += [
        (row.number, row.want_reference,
         "The record is being sent at this moment. Import it again in a minute.")
        for row in session.execute(BEING_SENT, bound)
    ]  # fmt: skip
    late += [
        (row.number, row.key, "Its record or connector was deleted since the preview.")
        for row in session.execute(DELETED, bound)
    ]
    while True:
        late += [
            (row.number, row.want_reference,
             taken_words(row.want_reference, row.key, row.title))
            for row in session.execute(TAKEN, bound)
        ]  # fmt: skip
        if not late:
            return
        session.execute(LEAVE_OUT, [
            {"id": import_id, "number": number, "field": REFERENCE, "value": value, "error": error}
            for number, value, error in late
        ])  # fmt: skip
        late = []


def _links(session: Session, import_id: int, now: int) -> None:
    bound = {"id": import_id, "now": now}
    session.execute(FORGET, {"id": import_id})
    session.execute(UNBIND, {"id": import_id})
    crashpoint("import.before_links")
    session.execute(BIND, bound)


def _cancel(session: Session, import_id: int, connector_id: int, now: int) -> int:
    reason = "Cancelled: the record, or its customer, was disabled for this connector."
    bound = {"id": import_id, "connector": connector_id, "now": now, "reason": reason}
    return _changed(session.execute(CANCEL, bound))
