"""Statements that must be written differently per database; nothing else knows which one it is."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import TextClause, text

from hub.store.transaction import Transaction
from hub.store.work_tables import RUNNING, WAITING, aliased

KNOWN = text("""
SELECT r.key, r.id, r.record_class, r.status, r.attributes,
       s.canonical_hash, s.content_hash, s.source_version, s.rule_version
FROM json_each(:keys) AS k
CROSS JOIN record AS r ON r.connection_id = :connection AND r.entity = :entity AND r.key = k.value
LEFT JOIN flow_state AS s ON s.flow_id = :flow AND s.record_id = r.id
""")

KNOWN_PORTABLE = """
SELECT r.key, r.id, r.record_class, r.status, r.attributes,
       s.canonical_hash, s.content_hash, s.source_version, s.rule_version
FROM record AS r LEFT JOIN flow_state AS s ON s.flow_id = :flow AND s.record_id = r.id
WHERE r.connection_id = :connection AND r.entity = :entity AND r.key = ANY(:keys)
"""


def known_records(
    connection: Transaction, flow_id: int, connection_id: int, entity: str, keys: Sequence[str]
) -> dict[str, Any]:
    """Return what is known of these keys, by key."""
    bound: dict[str, Any] = {"flow": flow_id, "connection": connection_id, "entity": entity}
    if connection.dialect.name == "sqlite":
        rows = connection.execute(KNOWN, {**bound, "keys": json.dumps(list(keys))})
    else:
        rows = connection.execute(statement(KNOWN_PORTABLE), {**bound, "keys": list(keys)})
    return {row.key: row for row in rows}


OPEN_COLUMNS = (
    "m.dedup_key, m.status, m.canonical_hash, m.rule_version, m.source_version, "
    "m.payload IS NULL AS key_only"
)

OPEN_CONTENTS = text(f"""
SELECT {OPEN_COLUMNS}
FROM json_each(:keys) AS k CROSS JOIN message AS m ON m.dedup_key = k.value AND m.{RUNNING}
UNION ALL SELECT {OPEN_COLUMNS}
FROM json_each(:keys) AS k CROSS JOIN message AS m ON m.dedup_key = k.value AND {aliased('m', WAITING)}
""")

OPEN_CONTENTS_PORTABLE = f"""
SELECT {OPEN_COLUMNS} FROM message AS m WHERE m.{RUNNING} AND m.dedup_key = ANY(:keys)
UNION ALL
SELECT {OPEN_COLUMNS} FROM message AS m WHERE {aliased('m', WAITING)} AND m.dedup_key = ANY(:keys)
"""


def open_contents(connection: Transaction, dedup_keys: Sequence[str]) -> dict[str, Any]:
    """Return what is on its way last under these keys: what waits, else what runs."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(OPEN_CONTENTS, {"keys": json.dumps(list(dedup_keys))})
    else:
        rows = connection.execute(statement(OPEN_CONTENTS_PORTABLE), {"keys": list(dedup_keys)})
    found: dict[str, Any] = {}
    for row in rows:
        if row.dedup_key not in found or row.status in ("pending", "blocked", "parked"):
            found[row.dedup_key] = row
    return found


LISTED = """
SELECT l.external_id, l.stamp, l.natural_key, l.name, l.scope, l.fields
FROM json_each(:values) AS k
CROSS JOIN listing AS l ON l.connection_id = :connection AND l.entity = :entity
  AND l.{column} = k.value
"""

LISTED_PORTABLE = """
SELECT l.external_id, l.stamp, l.natural_key, l.name, l.scope, l.fields
FROM listing AS l
WHERE l.connection_id = :connection AND l.entity = :entity AND l.{column} = ANY(:values)
"""


def listed_rows(
    connection: Transaction,
    connection_id: int,
    entity: str,
    column: Literal["stamp", "natural_key"],
    values: Sequence[str],
) -> Sequence[Any]:
    """Return the listing's rows whose stamp or natural key is one of ``values``."""
    bound: dict[str, Any] = {"connection": connection_id, "entity": entity}
    if connection.dialect.name == "sqlite":
        found = connection.execute(
            statement(LISTED.format(column=column)), {**bound, "values": json.dumps(list(values))}
        )
    else:
        found = connection.execute(
            statement(LISTED_PORTABLE.format(column=column)), {**bound, "values": list(values)}
        )
    rows: Sequence[Any] = found.all()
    return rows


BOUND = """
SELECT b.external_id, b.record_id, r.key, r.title
FROM json_each(:values) AS k
CROSS JOIN binding AS b ON b.connection_id = :connection AND b.entity = :entity
  AND b.external_id = k.value
JOIN record AS r ON r.id = b.record_id
"""

BOUND_PORTABLE = """
SELECT b.external_id, b.record_id, r.key, r.title
FROM binding AS b JOIN record AS r ON r.id = b.record_id
WHERE b.connection_id = :connection AND b.entity = :entity AND b.external_id = ANY(:values)
"""


def bound_records(
    connection: Transaction, connection_id: int, entity: str, external_ids: Sequence[str]
) -> dict[str, Any]:
    """Return the records that these external ids are linked to, by external id."""
    bound: dict[str, Any] = {"connection": connection_id, "entity": entity}
    if connection.dialect.name == "sqlite":
        sql, values = BOUND, json.dumps(list(external_ids))
        rows = connection.execute(statement(sql), {**bound, "values": values})
    else:
        rows = connection.execute(
            statement(BOUND_PORTABLE), {**bound, "values": list(external_ids)}
        )
    return {row.external_id: row for row in rows}


@cache
def statement(sql: str) -> TextClause:
    """Return the statement of a fixed text, built once: parsing its binds costs more than running it."""
    return text(sql)
