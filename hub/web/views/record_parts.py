"""Words and parts of the record pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports import imports, record_search
from hub.reports import records as reports
from hub.settings.enablement import Consequence
from hub.store.tables import AuditEvent, Connection, Connector, Flow, RecordRow
from hub.web import fmt, operate
from hub.web.views.message_parts import OUTCOMES, reason_of

ORDER = ("customer", "location", "contact", "stock")
STATUSES = {"active": "Active", "credit_hold": "Credit Hold", "one_time": "One-Time",
            "on_hold": "On Hold", "inactive": "Inactive"}  # fmt: skip
HOW = {"created": "Created by the hub", "stamp": "ERP ID stamp", "adopted": "Linked by its ERP ID",
       "email": "E-mail, one to one", "sku": "SKU", "name": "Name", "hand": "By hand"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A record in the list. ``badge`` empty = never synced; ``reason`` stands under it."""

    view: reports.RecordView
    badge: str
    reason: str
    needs_person: bool
    status: str


def entities(session: Session, connector: Connector) -> list[str]:
    """Return the entities to show as tabs: the four of the first flows, then what else there is."""
    found = [e for c, e in record_search.kinds(session) if c == connector.erp_id]
    return [*ORDER, *(entity for entity in found if entity not in ORDER)]


def status_of(record: RecordRow) -> str:
    """Return the status in the ERP as people write it."""
    return STATUSES.get(record.status, record.status.replace("_", " ").capitalize())


def line(view: reports.RecordView) -> Line:
    """Return a record with the words of its last sync."""
    message = view.message
    badge = message.status if message is not None else ""
    reason = ""
    if badge in ("filtered", "parked", "blocked", "unknown", "cancelled"):
        reason = message.reason if message is not None else ""
    elif message is None and view.state is not None:
        badge = "unchanged"
    if not view.enabled and view.enablement is not None:
        reason = view.enablement.reason or reason
    if message is None and view.state is None and view.enabled:
        reason = "No sync has sent it yet"
    return Line(view, badge, reason, badge == "parked", status_of(view.record))


def said(done: Consequence, connector: str, *, enabled: bool) -> str:
    """Return what was done, in one or two sentences."""
    records = fmt.plural(done.changed, "record")
    if not done.changed:
        state = "enabled" if enabled else "disabled"
        return f"Every chosen record was {state} for {connector} already. Nothing was changed."
    if enabled:
        text = f"{records} enabled for {connector}. "
        if not done.queued:
            return text + "Nothing is sent: no sync of this connector runs."
        return text + f"{fmt.plural(done.queued, 'record')} will be read from the ERP and sent."
    ended = fmt.plural(done.cancelled, "waiting message was", "waiting messages were")
    return (
        f"{records} disabled for {connector}. {ended} cancelled; nothing was deleted in the store."
    )


def detail(session: Session, record: RecordRow, tab: str) -> dict[str, Any]:
    """Return everything that the page of one record shows."""
    query = select(Connector).where(Connector.erp_id == record.connection_id)
    connectors = list(session.scalars(query.order_by(Connector.key)))
    lines = [
        (connector, line(reports.views(session, connector, record.entity, [record])[0]))
        for connector in connectors
    ]
    parent = reports.parent_of(session, record)
    linked = sum(1 for _, item in lines if item.view.binding is not None)
    enabled = sum(1 for _, item in lines if item.view.enabled)
    names = {connector.key: operate.name_of(connector) for connector in connectors}
    return {
        "record": record, "lines": lines, "parent": parent, "status": status_of(record),
        "children": [
            (operate.entity_of(entity, many=number != 1).lower(), entity, number)
            for entity, number in reports.children(session, record).items()
        ],
        "linked": linked, "enabled": enabled, "how": HOW,
        "history": history(session, record, names, tab), "tab": tab,
        "names_segments": [
            {"label": name, "url": operate.same_page(connector=key), "current": tab == key}
            for key, name in names.items()
        ],
        "entity": operate.entity_of(record.entity),
        "many": operate.entity_of(record.entity, many=True),
        "erp": session.get_one(Connection, record.connection_id),
    }  # fmt: skip


PEOPLE = {"records enabled": ("user", "Enabled"), "records disabled": ("user", "Disabled"),
          "record linked": ("link", "Linked to {}"),
          "record unlinked": ("unlink", "Unlinked from {}")}  # fmt: skip
ICONS = {"done": ("check", "ok"), "unchanged": ("equal", "mute"), "filtered": ("funnel", "mute"),
         "parked": ("octagon-alert", "bad"), "blocked": ("hourglass", "block"),
         "cancelled": ("skip-forward", "mute"), "superseded": ("skip-forward", "mute"),
         "pending": ("clock", "wait"), "in_flight": ("send", "info"),
         "unknown": ("search", "wait")}  # fmt: skip
TITLES = {"created": "Created in the store", "updated": "Updated in the store",
          "adopted": "Linked to the existing record", "deleted": "Deleted in the store",
          "unchanged": "Unchanged, no call"}  # fmt: skip
BADGES = {"pending": "Waiting", "in_flight": "Being sent", "blocked": "Waits for its customer",
          "parked": "Parked", "filtered": "Filtered", "cancelled": "Cancelled",
          "superseded": "Superseded by a newer change", "unknown": "Answer lost, being looked up",
          "done": "Delivered", "unchanged": "Unchanged, no call"}  # fmt: skip


def history(
    session: Session, record: RecordRow, names: dict[str, str], tab: str
) -> list[dict[str, Any]]:
    """Return one timeline over all connectors, people included, newest first."""
    query = select(Flow.id, Connector.key).join(Connector, Connector.id == Flow.connector_id)
    owners = {row.id: row.key for row in session.execute(query)}
    found: list[dict[str, Any]] = []
    for message in reports.history(session, record.id, 40):
        key = owners.get(message.flow_id, "")
        if tab and key != tab:
            continue
        icon, tone = ICONS.get(message.status, ("info", "mute"))
        words = TITLES.get(message.outcome or "") if message.status in ("done", "unchanged") else ""
        reason = reason_of(message)
        found.append({
            "icon": icon, "tone": tone, "title": words or BADGES.get(message.status, message.status),
            "when": message.updated_at, "tags": [names.get(key, key)],
            "text": "" if words and reason in OUTCOMES.values() else reason,
        })  # fmt: skip
    found += _people(session, record, names, tab)
    found += _imports(session, record, names, tab)
    return sorted(found, key=lambda item: item["when"], reverse=True)


def _people(
    session: Session, record: RecordRow, names: dict[str, str], tab: str
) -> Sequence[dict[str, Any]]:
    window = select(AuditEvent.id).order_by(AuditEvent.id.desc()).limit(2_000)
    events = session.scalars(
        select(AuditEvent).where(
            AuditEvent.id.in_(window), AuditEvent.target == f"{record.entity} {record.key}"
        )
    )  # fmt: skip
    found = []
    for event in events:
        key = str((event.after or {}).get("connector", ""))
        if tab and key != tab:
            continue
        icon, verb = PEOPLE.get(event.action, ("user", "Changed"))
        after, before = event.after or {}, event.before or {}
        reference = after.get("reference_id") or before.get("reference_id") or ""
        title = f"{verb.replace('{}', reference)} by {event.who}"
        found.append({
            "icon": icon, "tone": "info", "title": title, "when": event.at,
            "tags": [names.get(key, key)] if key else [],
        })  # fmt: skip
    return found


def _imports(
    session: Session, record: RecordRow, names: dict[str, str], tab: str
) -> Sequence[dict[str, Any]]:
    """What files changed of this record."""
    found = []
    for file, row, key in imports.of_record(session, record.id):
        if tab and key != tab:
            continue
        done = {1: ["Enabled"], -1: ["Disabled"]}.get(row.enable, [])
        if row.link == "unlink":
            done.append(f"{'u' if done else 'U'}nlinked from {row.was_reference}")
        elif row.link:
            done.append(f"{'l' if done else 'L'}inked to {row.want_reference}")
        found.append({
            "icon": "upload", "tone": "info", "when": file.applied_at,
            "title": f"{' and '.join(done)} by {file.applied_by}",
            "text": f"Import of {file.file_name}, row {row.number}.",
            "tags": [names.get(key, key)],
        })  # fmt: skip
    return found
