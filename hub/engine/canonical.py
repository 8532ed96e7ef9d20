"""From a native record to the canonical one, as the outbox takes it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.mapping import Mapper, canonical_json, content_hash
from hub.outbox import Incoming
from hub.sdk import Record
from hub.sdk.canonical import CHILD_ATTRIBUTES, CONTACT, PARENT_FIELD, STOCK


def version_text(moment: datetime | None) -> str:
    """Return a source time as text that sorts as time does (fixed width, UTC)."""
    if moment is None:
        return ""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def title_of(entity: str, canonical: Mapping[str, Any]) -> str:
    """Return what an operator calls this record."""
    if entity == CONTACT:
        name = f"{canonical.get('first_name', '')} {canonical.get('last_name', '')}".strip()
        return name or str(canonical.get("email") or canonical["key"])
    if entity == STOCK:
        return str(canonical.get("sku") or canonical["key"])
    return str(canonical.get("name") or canonical["key"])


def to_incoming(
    entity: str, mapper: Mapper, record: Record, preferences: Mapping[str, Any]
) -> Incoming:
    """Map a native record to the canonical entity and name what the hub keeps of it."""
    context = {**(record.data or {}), "key": record.key, "preferences": preferences}
    canonical = mapper.apply(context).payload
    canonical["key"] = record.key
    payload = canonical_json(canonical)
    parent = canonical.get(PARENT_FIELD.get(entity, ""))
    return Incoming(
        key=record.key,
        payload=payload,
        canonical_hash=content_hash(payload),
        source_version=version_text(record.modified_at),
        title=title_of(entity, canonical),
        record_class=str(canonical.get("customer_class") or ""),
        status=str(canonical.get("status") or ""),
        parent_key=str(parent) if parent else None,
        email=str(canonical.get("email") or "").lower() or None,
        attributes={name: canonical.get(name, "") for name in CHILD_ATTRIBUTES.get(entity, ())},
    )


def to_page(
    entity: str, mapper: Mapper, records: Sequence[Record], preferences: Mapping[str, Any]
) -> list[Incoming]:
    """Map a page; records without data (gone meanwhile) are left out."""
    return [to_incoming(entity, mapper, r, preferences) for r in records if r.data is not None]
