"""What happened to one message, newest first: calls, people, and its beginning."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.store.tables import Attempt, AuditEvent, Message
from hub.web import fmt
from hub.web.face import the_runtime

ENDS = {
    "done": ("check", "ok", "Delivered"), "unchanged": ("equal", "mute", "Unchanged, no call"),
    "filtered": ("funnel", "mute", "Filtered"), "parked": ("octagon-alert", "bad", "Parked"),
    "blocked": ("hourglass", "block", "Blocked"),
    "cancelled": ("skip-forward", "mute", "Cancelled"),
    "superseded": ("skip-forward", "mute", "Superseded by a newer change"),
    "unknown": ("search", "wait", "Answer lost, being looked up"),
}  # fmt: skip
WORDS = {"created": "created it", "updated": "updated it", "adopted": "linked it",
         "deleted": "deleted it", "unchanged": "left it as it was", "parked": "refused it",
         "in_flight": "was accepted and is checked afterwards", "blocked": "waits for another record",
         "pending": "will be tried again", "unknown": "did not say how it ended"}  # fmt: skip


def timeline(
    session: Session, message: Message, attempts: Sequence[Attempt]
) -> list[dict[str, Any]]:
    """Return the entries for ``m.timeline``."""
    found: list[tuple[datetime, int, dict[str, Any]]] = []
    if message.status in ENDS:
        icon, tone, title = ENDS[message.status]
        found.append((message.updated_at, 3, {
            "icon": icon, "tone": tone, "title": title, "when": message.updated_at,
            "text": f"{message.reason} {message.remedy}".strip(),
        }))  # fmt: skip
    count = len(attempts)
    for place, attempt in enumerate(attempts):
        entry = _attempt(message, attempt, count - place)
        found.append((attempt.ended_at or attempt.sent_at, 2, entry))
    for event in _people(session, message):
        verb = "Skipped" if "skipped" in event.action else "Retried"
        found.append((event.at, 1, {
            "icon": "user", "tone": "info", "title": f"{verb} by {event.who}", "when": event.at,
        }))  # fmt: skip
    found.append((message.created_at, 0, {
        "icon": "inbox", "tone": "mute", "title": "Received", "when": message.created_at,
        "text": "The change was read from the ERP and stored.",
    }))  # fmt: skip
    found.sort(key=lambda item: (item[0], item[1]), reverse=True)
    return [entry for _, _, entry in found]


def _attempt(message: Message, attempt: Attempt, number: int) -> dict[str, Any]:
    outcome, detail = result_for(attempt, message.key)
    good = outcome in ("created", "updated", "adopted", "deleted", "unchanged", "done")
    icon, tone = (
        ("send", "info") if not outcome else ("check", "ok") if good else ("circle-x", "bad")
    )
    if outcome == "in_flight":
        icon, tone = "send", "info"
    if outcome in ("unknown", "pending"):
        icon, tone = "search" if outcome == "unknown" else "rotate-cw", "wait"
    others = len(attempt.keys or ()) - 1
    with_others = f" with {fmt.plural(others, 'other record')}" if others > 0 else ""
    said = f"answered {attempt.status_code}" if attempt.status_code else "no answer was kept"
    text = f"{attempt.method} {attempt.url}{with_others}: {said}. {detail}".strip()
    took = None
    if attempt.ended_at is not None:
        took = fmt.duration((attempt.ended_at - attempt.sent_at).total_seconds())
    title = f"Call {number} {WORDS.get(outcome, outcome or 'was sent')}"
    entry = {"icon": icon, "tone": tone, "title": title, "when": attempt.sent_at, "text": text}
    if took:
        entry["took"] = took
    pre = "\n\n".join(
        f"{head}\n{_redact(body)}"
        for head, body in (("Request", attempt.request), ("Response", attempt.response))
        if body
    )
    if pre:
        entry["pre"] = pre
    return entry


def result_for(attempt: Attempt, key: str) -> tuple[str, str]:
    """Return outcome and detail of one record in a call."""
    for row in attempt.results or ():
        if isinstance(row, dict) and row.get("key") == key:
            return str(row.get("outcome") or ""), str(row.get("detail") or "")
    return "", ""


def _redact(text: str) -> str:
    redactor = getattr(the_runtime(), "redactor", None)
    return str(redactor.redact(text)) if redactor is not None else text


def _people(session: Session, message: Message) -> list[AuditEvent]:
    window = (
        select(AuditEvent.id)
        .where(AuditEvent.at >= message.created_at)
        .order_by(AuditEvent.at.desc())
        .limit(2_000)
        .subquery()
    )
    query = select(AuditEvent).where(
        AuditEvent.id.in_(select(window.c.id)), AuditEvent.target == f"message {message.id}"
    )
    return list(session.scalars(query.limit(20)))
