"""Words and parts of the message pages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports import flows as flow_reports
from hub.reports import messages as reports
from hub.reports import records as record_reports
from hub.store.tables import Attempt, Binding, Connector, Flow, FlowState, Message, RecordRow, Run
from hub.web import context, fmt, operate
from hub.web.face import the_runtime
from hub.web.views import dashboard_parts
from hub.web.views.message_timeline import timeline


@dataclass(frozen=True, slots=True)
class Row:
    """A message as the list shows it."""

    message: Message
    name: str
    title: str
    sync: str
    connector: str
    badge: str
    badge_text: str
    reason: str
    age: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs from what was last sent."""

    name: str
    before: Any
    after: Any


def groups(session: Session) -> list[dashboard_parts.Need]:
    """Return the parked groups of every sync, the largest first."""
    rows = {
        facts.flow.id: operate.sync_row(session, facts, context.now())
        for facts in flow_reports.facts(session)
        if facts.parked
    }
    found = reports.parked_groups(session, list(rows))
    return [dashboard_parts.need_of(group, rows[group.flow_id]) for group in found]


def rows(session: Session, messages: Sequence[Message]) -> list[Row]:
    """Return messages with the words around them."""
    owners = {
        flow.id: (flow, connector)
        for flow, connector in session.execute(
            select(Flow, Connector).join(Connector, Connector.id == Flow.connector_id)
        )
    }
    now = context.now()
    found = []
    for message in messages:
        flow, connector = owners[message.flow_id]
        key, text = badge_of(message)
        found.append(
            Row(
                message, name_of(message), message.title if message.title != message.key else "",
                operate.label_of(flow.key), operate.name_of(connector), key, text,
                reason_of(message), fmt.duration((now - message.created_at).total_seconds()),
            )
        )  # fmt: skip
    return found


def name_of(message: Message) -> str:
    """Return ``Contact 004127``."""
    return f"{operate.entity_of(message.entity)} {message.key}"


def badge_of(message: Message) -> tuple[str, str]:
    """Return badge and words; a message between two tries says which and when."""
    if message.status == "pending" and message.attempts:
        at = context.show_time(message.due_at, "clock")[:5]
        return "retrying", f"Waiting to retry ({message.attempts} tried, {at})"
    return message.status, ""


OUTCOMES = {"created": "Created", "updated": "Updated", "adopted": "Linked to the existing record",
            "deleted": "Deleted", "unchanged": "Equal to what was last sent"}  # fmt: skip


def reason_of(message: Message) -> str:
    """Return the reason, or how it ended."""
    if message.reason:
        return message.reason
    if message.status == "pending":
        return "Waits for its turn" if message.payload is not None else "Is read from the ERP first"
    return OUTCOMES.get(message.outcome or "", "")


def detail(session: Session, message: Message) -> dict[str, Any]:
    """Return everything that the page of one message shows."""
    flow = session.get_one(Flow, message.flow_id)
    connector = session.get_one(Connector, flow.connector_id)
    record = session.get(RecordRow, message.record_id)
    state = session.get(FlowState, (flow.id, message.record_id))
    binding = session.scalar(
        select(Binding).where(
            Binding.connection_id == connector.store_id, Binding.record_id == message.record_id,
            Binding.entity == message.entity,
        )
    )  # fmt: skip
    key, text = badge_of(message)
    changes, same = difference(message, state)
    like = 0
    if message.status == "parked" and message.reason_group:
        like = reports.count(
            session,
            reports.Filter("parked", connector.key, flow.key, reason=message.reason_group),
        )
    return {
        "message": message, "flow": flow, "connector": connector, "record": record,
        "name": name_of(message), "badge": key, "badge_text": text, "binding": binding,
        "sync": operate.label_of(flow.key), "state": state, "changes": changes, "same": same,
        "like": like, "timeline": timeline(session, message, attempts_of(session, message)),
        "canonical": pretty(message.payload), "mapped": pretty(message.mapped),
        "related": related(session, message, record),
        "budget": budget_of(connector.id), "can_retry": message.status in reports.RETRYABLE,
        "run": session.get(Run, message.run_id) if message.run_id else None,
        "waits_for": blocked_by(session, message),
        "age": fmt.duration((context.now() - message.created_at).total_seconds()),
    }  # fmt: skip


def budget_of(connector_id: int) -> int:
    """Return the Retry Count of a connector."""
    settings = getattr(the_runtime(), "settings", None)
    return int(settings.messages(connector_id).get("retry_count") or 0) if settings else 0


def attempts_of(session: Session, message: Message) -> list[Attempt]:
    """Return the calls that carried this message, newest first.

    The flow's calls in the message's lifetime are looked through, the newest 2,000 of them.
    """
    end = message.updated_at + timedelta(minutes=5)
    begin = message.created_at - timedelta(seconds=1)
    window = (
        select(Attempt.id, Attempt.keys)
        .where(
            Attempt.flow_id == message.flow_id, Attempt.sent_at >= begin, Attempt.sent_at <= end
        )
        .order_by(Attempt.sent_at.desc())
        .limit(2_000)
    )  # fmt: skip
    ids = [row.id for row in session.execute(window) if message.key in (row.keys or ())][:50]
    query = select(Attempt).where(Attempt.id.in_(ids)).order_by(Attempt.sent_at.desc())
    return list(session.scalars(query))


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return nested JSON as one mapping: ``Details[2].OrderQty`` → value."""
    if isinstance(value, dict):
        parts = [flat(v, f"{name}.{k}" if name else str(k)) for k, v in value.items()]
    elif isinstance(value, list):
        parts = [flat(v, f"{name}[{i}]") for i, v in enumerate(value)]
    else:
        return {name: value}
    return {key: item for part in parts for key, item in part.items()}


def difference(message: Message, state: FlowState | None) -> tuple[list[Change], int]:
    """Return what this message changes against what was last sent, and how many fields agree."""
    after = _json(message.mapped)
    before = _json(state.sent) if state is not None else None
    if not isinstance(after, dict) or not isinstance(before, dict):
        return [], 0
    old, new = flat(before), flat(after)
    names = sorted(set(old) | set(new))
    changes = [Change(n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]
    return changes, len(names) - len(changes)


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def pretty(text: str | None) -> str:
    """Return JSON as people read it, with every learned secret masked."""
    if not text:
        return ""
    found = _json(text)
    shown = text if found is None else json.dumps(found, indent=2, ensure_ascii=False)
    return redact(shown)


def redact(text: str) -> str:
    """Return text in which every learned secret is masked."""
    redactor = getattr(the_runtime(), "redactor", None)
    return str(redactor.redact(text)) if redactor is not None else text


def blocked_by(session: Session, message: Message) -> RecordRow | None:
    """Return the record that a blocked message waits for."""
    if message.status != "blocked" or not message.blocked_key:
        return None
    record = session.get(RecordRow, message.record_id)
    if record is None:
        return None
    return session.scalar(
        select(RecordRow).where(
            RecordRow.connection_id == record.connection_id,
            RecordRow.entity == message.blocked_entity, RecordRow.key == message.blocked_key,
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Related:
    """Another message of the same record, its customer or what waits for it."""

    badge: str
    name: str
    url: str
    text: str
    at: datetime | None = None


def related(session: Session, message: Message, record: RecordRow | None) -> list[Related]:
    """Return the newest other messages of the record, and its customer."""
    found = [
        Related(
            other.status, name_of(other), operate.link("messages.page", message_id=other.id),
            reason_of(other), other.updated_at,
        )
        for other in record_reports.history(session, message.record_id, 6)
        if other.id != message.id
    ][:5]  # fmt: skip
    parent = record_reports.parent_of(session, record) if record is not None else None
    if parent is not None:
        newest = record_reports.history(session, parent.id, 1)
        found.insert(
            0,
            Related(
                newest[0].status if newest else "not_set",
                f"{operate.entity_of(parent.entity)} {parent.key}",
                operate.link("records.page", record_id=parent.id), parent.title,
                newest[0].updated_at if newest else None,
            ),
        )  # fmt: skip
    return found
