"""Statements that must be written differently per database; nothing else knows which one it is."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, TextClause, text

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
    connection: Connection, flow_id: int, connection_id: int, entity: str, keys: Sequence[str]
) -> dict[str, Any]:
    """Return what is known of these keys, by key."""
    bound: dict[str, Any] = {"flow": flow_id, "connection": connection_id, "entity": entity}
    if connection.dialect.name == "sqlite":
        rows = connection.execute(KNOWN, {**bound, "keys": json.dumps(list(keys))})
    else:
        rows = connection.execute(text(KNOWN_PORTABLE), {**bound, "keys": list(keys)})
    return {row.key: row for row in rows}


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
    connection: Connection,
    connection_id: int,
    entity: str,
    column: Literal["stamp", "natural_key"],
    values: Sequence[str],
) -> Sequence[Any]:
    """Return the listing's rows whose stamp or natural key is one of ``values``."""
    bound: dict[str, Any] = {"connection": connection_id, "entity": entity}
    if connection.dialect.name == "sqlite":
        statement = text(LISTED.format(column=column))
        return connection.execute(statement, {**bound, "values": json.dumps(list(values))}).all()
    statement = text(LISTED_PORTABLE.format(column=column))
    return connection.execute(statement, {**bound, "values": list(values)}).all()


@cache
def statement(sql: str) -> TextClause:
    """Return the statement of a fixed text, built once: parsing its binds costs more than running it."""
    return text(sql)
