"""The audit trail: who did what, before and after; append-only, each row hashes the one before."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.store.base import to_ms
from hub.store.tables import AuditEvent

GENESIS = "0" * 64


def _link(previous: str, event: AuditEvent) -> str:
    body = [to_ms(event.at), event.who, event.action, event.target, event.before, event.after]
    text = json.dumps(body, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def record(
    session: Session,
    who: str,
    action: str,
    target: str = "",
    before: Any = None,
    after: Any = None,
    *,
    at: datetime,
) -> AuditEvent:
    """Append one event inside the caller's writing transaction.

    ``who`` is an e-mail, ``command line`` or ``hub``; ``before`` and ``after`` are JSON values in
    which secrets are masked by the caller (``set``, ``replaced``, ``cleared``); ``at`` is UTC.
    """
    newest = select(AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1).with_for_update()
    previous = session.scalar(newest) or GENESIS
    event = AuditEvent(
        at=at.replace(microsecond=at.microsecond // 1000 * 1000),
        who=who,
        action=action,
        target=target,
        before=before,
        after=after,
    )
    event.hash = _link(previous, event)
    session.add(event)
    session.flush()
    return event


def verify(session: Session) -> int | None:
    """Return the id of the first event that does not fit the chain, or None when all do."""
    previous = GENESIS
    for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id)):
        if not hmac.compare_digest(_link(previous, event), event.hash):
            return event.id
        previous = event.hash
    return None


def differences(
    before: dict[str, Any], after: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return only what differs of two flat mappings, old and new side by side."""
    names = sorted(set(before) | set(after))
    changed = [name for name in names if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed if name in after},
    )
