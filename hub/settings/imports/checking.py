"""What only shows when all rows of a file are seen together: doubles, and links that are taken."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.settings.context import Context
from hub.settings.imports.columns import KEY, REFERENCE
from hub.settings.imports.followers import followers
from hub.store.tables import RecordImport

_GOOD = "import_id = :id AND error = ''"

DOUBLES = text(f"""
SELECT x.number, x.key, x.want_enabled, x.want_reference, g.first
FROM record_import_row AS x JOIN (
  SELECT connector_id, record_id, MIN(number) AS first FROM record_import_row
  WHERE {_GOOD} GROUP BY connector_id, record_id HAVING COUNT(*) > 1
) AS g ON g.connector_id = x.connector_id AND g.record_id = x.record_id
WHERE x.import_id = :id AND x.error = '' ORDER BY g.first, x.number
""")

DISAGREEING = text(f"""
SELECT x.number, x.key, x.want_reference, g.first
FROM record_import_row AS x JOIN (
  SELECT store_id, record_id, MIN(number) AS first FROM record_import_row
  WHERE {_GOOD} AND want_reference IS NOT NULL
  GROUP BY store_id, record_id HAVING COUNT(DISTINCT want_reference) > 1
) AS g ON g.store_id = x.store_id AND g.record_id = x.record_id
WHERE x.import_id = :id AND x.error = '' AND x.want_reference IS NOT NULL AND x.link <> ''
""")

# CROSS JOIN: without statistics SQLite would begin with the large side.
TWICE_GIVEN = text(f"""
SELECT x.number, x.want_reference, g.first, g.last,
  (SELECT y.key FROM record_import_row AS y WHERE y.import_id = :id
   AND y.number = CASE WHEN x.number = g.first THEN g.last ELSE g.first END) AS key
FROM record_import_row AS x CROSS JOIN (
  SELECT store_id, entity, want_reference, MIN(number) AS first, MAX(number) AS last
  FROM record_import_row WHERE {_GOOD} AND want_reference <> ''
  GROUP BY store_id, entity, want_reference HAVING COUNT(DISTINCT record_id) > 1
) AS g
WHERE x.import_id = :id AND x.error = '' AND x.link = 'link' AND x.store_id = g.store_id
  AND x.entity = g.entity AND x.want_reference = g.want_reference
""")

# The holder may give it away in the same file: then it is not taken.
TAKEN = text("""
SELECT x.number, x.want_reference, r.key, r.title
FROM record_import_row AS x CROSS JOIN binding AS b CROSS JOIN record AS r
WHERE x.import_id = :id AND x.error = '' AND x.link = 'link'
  AND b.connection_id = x.store_id AND b.entity = x.entity
  AND b.external_id = x.want_reference AND b.record_id <> x.record_id AND r.id = b.record_id
  AND NOT EXISTS (
    SELECT 1 FROM record_import_row AS y WHERE y.import_id = :id AND y.record_id = b.record_id
      AND y.store_id = x.store_id AND y.error = '' AND y.link <> '')
""")

REFUSE = text("""
UPDATE record_import_row SET field = :field, value = :value, error = :error, enable = 0, link = ''
WHERE import_id = :id AND number = :number
""")

COUNTS = text("""
SELECT COUNT(*) AS rows,
  COALESCE(SUM(CASE WHEN enable > 0 THEN 1 ELSE 0 END), 0) AS enable,
  COALESCE(SUM(CASE WHEN enable < 0 THEN 1 ELSE 0 END), 0) AS disable,
  COALESCE(SUM(CASE WHEN link = 'link' THEN 1 ELSE 0 END), 0) AS link,
  COALESCE(SUM(CASE WHEN link = 'unlink' THEN 1 ELSE 0 END), 0) AS unlink,
  COALESCE(SUM(CASE WHEN error = '' AND (enable <> 0 OR link <> '') THEN 1 ELSE 0 END), 0)
    AS changed,
  COALESCE(SUM(CASE WHEN error = '' AND enable = 0 AND link = '' THEN 1 ELSE 0 END), 0)
    AS unchanged,
  COALESCE(SUM(CASE WHEN error <> '' THEN 1 ELSE 0 END), 0) AS errors
FROM record_import_row WHERE import_id = :id
""")


def taken_words(reference: str, key: str, title: str) -> str:
    """Return the sentence for a store record that another record is linked to."""
    who = f"{title} ({key})" if title and title != key else key
    return f"{reference} is already linked to {who}. Unlink it there first, or correct the ID."


def check(context: Context, import_id: int) -> dict[str, int]:
    """Find what the rows contradict in each other and in the links there are; returns the counts.

    The import is then ready to be applied. Changes no record.
    """
    _refuse(context, import_id, _doubles)
    _refuse(context, import_id, _disagreeing)
    _refuse(context, import_id, _twice_given)
    # A row that is left out keeps its link, which may be the one that another row asks for.
    while _refuse(context, import_id, _taken):
        pass
    with context.database.write() as session:
        found = counts(session, import_id) | followers(session, import_id)
        row = session.get_one(RecordImport, import_id)
        row.counts, row.status = found, "ready"
    return found


def counts(session: Session, import_id: int) -> dict[str, int]:
    """Return how many rows do what."""
    return dict(session.execute(COUNTS, {"id": import_id}).mappings().one())


def _refuse(context: Context, import_id: int, find: Any) -> int:
    with context.database.read() as session:
        found = find(session, import_id)
    if found:
        with context.database.write() as session:
            session.execute(REFUSE, [{"id": import_id, **row} for row in found])
    return len(found)


def _row(number: int, field: str, value: str | None, error: str) -> dict[str, Any]:
    return {"number": number, "field": field, "value": (value or "")[:200], "error": error}


def _doubles(session: Session, import_id: int) -> list[dict[str, Any]]:
    """The first of equal rows stands; of rows that contradict each other none does."""
    groups: dict[int, list[Any]] = {}
    for row in session.execute(DOUBLES, {"id": import_id}):
        groups.setdefault(row.first, []).append(row)
    found = []
    for first, rows in groups.items():
        equal = len({(row.want_enabled, row.want_reference) for row in rows}) == 1
        for row in rows[1:] if equal else rows:
            other = first if row.number != first else rows[1].number
            found.append(_row(row.number, KEY, row.key, (
                f"{row.key} is also in row {other}. Keep one of the two rows."
            )))  # fmt: skip
    return found


def _disagreeing(session: Session, import_id: int) -> list[dict[str, Any]]:
    return [
        _row(row.number, REFERENCE, row.want_reference, (
            f"{row.key} has another ID of the same store in row {row.first}, or there in this "
            "one. Enter the same ID in both rows."
        ))
        for row in session.execute(DISAGREEING, {"id": import_id})
    ]  # fmt: skip


def _twice_given(session: Session, import_id: int) -> list[dict[str, Any]]:
    found = {
        row.number: _row(row.number, REFERENCE, row.want_reference, (
            f"{row.want_reference} is also given to {row.key} in row "
            f"{row.last if row.number == row.first else row.first}. "
            "Correct one of the two."
        ))
        for row in session.execute(TWICE_GIVEN, {"id": import_id})
    }  # fmt: skip
    return list(found.values())


def _taken(session: Session, import_id: int) -> list[dict[str, Any]]:
    return [
        _row(row.number, REFERENCE, row.want_reference,
             taken_words(row.want_reference, row.key, row.title))
        for row in session.execute(TAKEN, {"id": import_id})
    ]  # fmt: skip
