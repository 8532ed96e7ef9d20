"""What is kept how long (R21); deleted in slices, so that nobody waits for it."""

from datetime import datetime, timedelta

from sqlalchemy import text

from hub.store.base import to_ms
from hub.store.database import Database

SLICE = 500
RUN_DAYS = 90
AT_REST = "('done','unchanged','filtered','superseded','cancelled')"

_OLD = {
    "message": f"status IN {AT_REST} AND updated_at < :before",
    "log_entry": "at < :before",
    "attempt": "sent_at < :before AND outcome <> 'sent'",
    "form_token": "used_at < :before",
}


def purge(database: Database, now: datetime, retention_days: int, payload_days: int) -> int:
    """Delete what is older than the retention; parked and waiting messages stay until handled.

    Bodies of calls go after ``payload_days``, runs after ninety. Returns the number of rows deleted.
    """
    before = to_ms(now - timedelta(days=retention_days))
    gone = sum(_delete(database, table, where, before) for table, where in _OLD.items())
    gone += _delete(
        database,
        "run",
        "finished_at < :before",
        to_ms(now - timedelta(days=max(RUN_DAYS, retention_days))),
    )
    gone += _forget_imports(database, before)
    _strip_bodies(database, to_ms(now - timedelta(days=min(payload_days, retention_days))))
    return gone


def _delete(database: Database, table: str, where: str, before: int) -> int:
    """``table`` and ``where`` are texts of this file."""
    total = 0
    key = "token_hash" if table == "form_token" else "id"
    statement = text(
        f"DELETE FROM {table} WHERE {key} IN "
        f"(SELECT {key} FROM {table} WHERE {where} LIMIT {SLICE})"
    )
    while True:
        with database.begin() as connection:
            count: int = connection.execute(statement, {"before": before}).rowcount
        total += count
        if count < SLICE:
            return total


def _forget_imports(database: Database, before: int) -> int:
    """Forget what old files said row by row; what came of an applied one stays in the audit trail."""
    old = "import_id IN (SELECT id FROM record_import WHERE created_at < :before)"
    statement = text(
        f"DELETE FROM record_import_row WHERE {old} AND (import_id, number) IN "
        f"(SELECT import_id, number FROM record_import_row WHERE {old} LIMIT {SLICE})"
    )
    while True:
        with database.begin() as connection:
            count: int = connection.execute(statement, {"before": before}).rowcount
        if count < SLICE:
            return _delete(database, "record_import", "created_at < :before", before)


def _strip_bodies(database: Database, before: int) -> None:
    statement = text(
        "UPDATE attempt SET request = NULL, response = NULL WHERE id IN (SELECT id FROM attempt "
        f"WHERE sent_at < :before AND (request IS NOT NULL OR response IS NOT NULL) LIMIT {SLICE})"
    )
    while True:
        with database.begin() as connection:
            if connection.execute(statement, {"before": before}).rowcount < SLICE:
                return
