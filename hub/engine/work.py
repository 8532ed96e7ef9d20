"""One claimed message while the deliverer works on it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.mapping import content_hash
from hub.outbox import Settled
from hub.sdk import LoadItem


@dataclass(slots=True)
class Work:
    """A claimed row with what the hub knows around it, and what is decided about it."""

    id: int
    key: str
    record_id: int
    title: str
    payload: str | None
    canonical_hash: str | None
    source_version: str | None
    attempts: int
    searches: int
    isolation: int
    hold_until: int | None
    created_at: int
    status: str = "in_flight"
    outcome: str | None = None
    canonical: dict[str, Any] = field(default_factory=dict)
    settled_hash: str | None = None
    settled_canonical: str | None = None
    settled_version: str | None = None
    sent: dict[str, Any] | None = None
    mapped_before: str | None = None
    external_id: str | None = None
    enabled: bool = True
    email: str | None = None
    parent_key: str | None = None
    parent: Mapping[str, Any] | None = None
    parent_damaged: bool = False
    parent_class: str = ""
    parent_status: str = ""
    parent_enabled: bool = True
    parent_external: str | None = None
    native: dict[str, Any] = field(default_factory=dict)
    hashed: dict[str, Any] = field(default_factory=dict)
    hashed_json: str = ""
    content_hash: str = ""
    delete: bool = False
    adopted: bool = False
    adopted_how: str = "adopted"
    gone: bool = False
    changed: frozenset[str] | None = None

    def item(self) -> LoadItem:
        """Return this record as the plugin gets it."""
        return LoadItem(
            key=self.key,
            payload=self.native,
            external_id=self.external_id,
            idempotency_key=f"{self.id}",
            delete=self.delete,
            changed=self.changed,
        )

    def settle(self, status: str, **values: Any) -> Settled:
        """Return how this row ends, with its hashes when ``state`` is asked for."""
        return Settled(
            id=self.id,
            key=self.key,
            record_id=self.record_id,
            status=status,
            canonical_hash=self.canonical_hash,
            source_version=self.source_version,
            **values,
        )


def work_from(row: Any) -> Work:
    """Build from a claimed row of the outbox.

    A payload that does not have the hash it was stored with is damaged: it is read anew. A whole
    one names its record itself; the column beside it has no hash.
    """
    payload: str | None = row.payload
    if payload and row.canonical_hash and content_hash(payload) != row.canonical_hash:
        payload = None
    canonical: dict[str, Any] = json.loads(payload) if payload else {}
    return Work(
        id=row.id,
        key=canonical.get("key") or row.key,
        record_id=row.record_id,
        title=row.title,
        payload=payload,
        canonical_hash=row.canonical_hash,
        source_version=row.source_version,
        attempts=row.attempts,
        searches=row.searches,
        isolation=row.isolation,
        hold_until=row.hold_until,
        created_at=row.created_at,
        status=row.status,
        outcome=row.outcome,
        canonical=canonical,
    )
