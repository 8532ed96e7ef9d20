"""What follows a row without standing in the file: the locations and contacts of its customer."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.sdk.canonical import PARENT_ENTITY

_PAIRS = " OR ".join(
    f"(r.entity = '{parent}' AND k.entity = '{entity}')"
    for entity, parent in sorted(PARENT_ENTITY.items())
)
# The list of entities is for the index on the parent; CROSS JOIN keeps the order of the tables,
# which SQLite, without statistics, would turn round.
_CHILDREN = (
    "record_import_row AS x CROSS JOIN record AS r CROSS JOIN record AS k{more} "
    "WHERE x.import_id = :id AND x.error = '' AND r.id = x.record_id "
    "AND k.connection_id = r.connection_id AND k.parent_key = r.key "
    f"AND k.entity IN ({', '.join(repr(entity) for entity in sorted(PARENT_ENTITY))}) "
    f"AND ({_PAIRS})"
)
CHILDREN = _CHILDREN.format(more="")

# A child's ID lies inside its parent over there: it goes with the parent's link, unless this file
# says where it is.
CHILDREN_LOST = f"""
SELECT b.id FROM {_CHILDREN.format(more=" CROSS JOIN binding AS b")}
  AND x.link <> '' AND x.was_reference <> '' AND x.was_reference <> x.want_reference
  AND b.record_id = k.id AND b.connection_id = x.store_id AND b.entity = k.entity
  AND NOT EXISTS (SELECT 1 FROM record_import_row AS y WHERE y.import_id = :id
    AND y.record_id = k.id AND y.store_id = x.store_id AND y.error = ''
    AND y.want_reference <> '')
"""

COUNT = text(f"""
SELECT (SELECT COUNT(*) FROM {CHILDREN} AND x.enable > 0) AS children_enabled,
  (SELECT COUNT(*) FROM {CHILDREN} AND x.enable < 0) AS children_disabled,
  (SELECT COUNT(*) FROM ({CHILDREN_LOST}) AS lost) AS children_unlinked
""")


def followers(session: Session, import_id: int) -> dict[str, int]:
    """Return how many children are enabled, disabled and unlinked with their customers."""
    return dict(session.execute(COUNT, {"id": import_id}).mappings().one())
