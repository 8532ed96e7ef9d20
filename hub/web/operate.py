"""What the operating pages share: words for syncs and counts, guarded links, the person's name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app, request, url_for
from sqlalchemy.orm import Session

from hub.reports import flows as flow_reports
from hub.reports import traffic
from hub.reports.bounded import CAP
from hub.reports.record_search import BUDGET, Found
from hub.scheduler.times import next_times
from hub.settings.common import action_labels
from hub.store.tables import CommonConfiguration, Connection, Connector
from hub.web import context, fmt, sessions
from hub.web.auth import local_path
from hub.web.face import the_runtime
from hub.web.schedule_words import words

ENTITIES = {
    "customer": ("Customer", "Customers"),
    "location": ("Location", "Locations"),
    "contact": ("Contact", "Contacts"),
    "stock": ("Stock level", "Stock levels"),
}
NOUNS = {"customer": "customers", "location": "locations", "contact": "contacts",
         "inventory": "stock levels"}  # fmt: skip
LATE_FACTOR = 3
"""A sync is late after this many of its intervals without a success."""

NO_LINK = ("", "poll", "endpoint")
"""Arguments that no link repeats; those with "_" in front would steer how the link is made."""


def labels() -> Mapping[str, str]:
    """Return the names of the syncs by flow key."""
    known = getattr(the_runtime(), "context", None)
    return action_labels(known) if known is not None else {}


def label_of(key: str) -> str:
    """Return the name of a sync."""
    return labels().get(key) or f"{key.replace('_', ' ').capitalize()} Sync"


def entity_of(entity: str, *, many: bool = False) -> str:
    """Return the word for an entity."""
    plain = entity.replace("_", " ").capitalize()
    return ENTITIES.get(entity, (plain, plain + "s"))[1 if many else 0]


def name_of(row: Connector | Connection) -> str:
    """Return how a connector or connection is called."""
    return row.name or row.key


def search_limits(found: Found | None, text: str, *, listed: str = "") -> list[str]:
    """Return what a search did not look at, in sentences; none when it saw everything.

    ``listed`` is what the page lists of the records found, when it goes on with so many only.
    """
    said = []
    if found is not None and found.share:
        said.append(
            f"There are more than {BUDGET:,} records. “{text}” was looked for inside the first "
            f"{found.share:,} names and keys of each kind; among the others, what begins with it "
            "was found."
        )
    if found is not None and found.more and listed:
        said.append(
            f"More than {len(found.ids):,} records match “{text}”. Only the {listed} of "
            f"{len(found.ids):,} of them are listed; more letters of the name narrow it down."
        )
    return said


def shown_count(number: int) -> str:
    """Return ``31``, ``4,077`` or ``10,000+``."""
    return f"{CAP:,}+" if number > CAP else fmt.number(number)


def link(endpoint: str, **values: Any) -> str:
    """Return the address of a page, or nothing while there is no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""


def who() -> str:
    """Return the e-mail of the person who acts."""
    user = sessions.here().user
    return user.email if user else ""


def number(text: str) -> int:
    """Return an id that was sent as text; 0 when it is none, which no row has."""
    plain = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if plain else 0


def back(otherwise: str) -> str:
    """Return the address of this hub to go to after a POST: the form's ``next``."""
    given = request.form.get("next", "")
    return local_path(given) if given else otherwise


def same_page(**changes: Any) -> str:
    """Return the address of this page with other arguments; None removes one."""
    given = request.args.items()
    kept: dict[str, Any] = {k: v for k, v in given if v and k not in NO_LINK and k[0] != "_"}
    kept |= changes
    args = {**(request.view_args or {}), **{k: v for k, v in kept.items() if v not in (None, "")}}
    return url_for(request.endpoint or "", **args)


def day_words(now: datetime) -> str:
    """Return ``Wednesday 18 November, 14:32`` in the person's zone."""
    local = now.astimezone(context.zone())
    return f"{fmt.DAYS[local.weekday()]} {local.day} {local:%B, %H:%M}"


def hub_zone(session: Session) -> str:
    """Return the zone that schedules follow."""
    row = session.get(CommonConfiguration, "time_zone")
    return str(row.value) if row and row.value else "UTC"


def memo() -> traffic.Memo:
    """Return the hours that this process has read already."""
    kept: traffic.Memo = current_app.extensions.setdefault("hub_traffic", traffic.Memo())
    return kept


@dataclass(slots=True)
class SyncRow:
    """One sync as the list and the dashboard show it."""

    facts: flow_reports.FlowFacts
    label: str
    state: str
    cause: str
    schedule: str
    next_run: datetime | None
    off: str
    late: bool = False
    spark: tuple[Any, ...] = ()
    forms: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The flow's id."""
        return self.facts.flow.id

    @property
    def connector(self) -> str:
        """How its connector is called."""
        return name_of(self.facts.connector)


def sync_row(session: Session, facts: flow_reports.FlowFacts, now: datetime) -> SyncRow:
    """Return the words for one flow."""
    connector, flow = facts.connector, facts.flow
    off = the_runtime().settings.why_off(connector.id, flow.key)
    state, cause = _state(session, facts, off, now)
    cron = facts.schedule.cron if facts.schedule else ""
    runs = bool(cron) and connector.active and not off and not flow.stopped_reason
    coming = next_times(cron, now, hub_zone(session), 2) if runs else []
    late = False
    held = connector.paused or flow.paused
    if len(coming) == 2 and facts.last_success and not held:
        interval = (coming[1] - coming[0]).total_seconds()
        late = (now - facts.last_success).total_seconds() > LATE_FACTOR * interval + 120
    return SyncRow(
        facts, label_of(flow.key), state, cause, words(cron), coming[0] if coming else None,
        off, late and state == "running",
    )  # fmt: skip


def _state(
    session: Session, facts: flow_reports.FlowFacts, off: str, now: datetime
) -> tuple[str, str]:
    connector, flow = facts.connector, facts.flow
    if not connector.active:
        return "off", "The connector is not active."
    if off:
        return "off", off
    away = the_runtime().settings.why_away(connector.id)
    if away:
        return "paused", away
    sides = [session.get_one(Connection, i) for i in (connector.erp_id, connector.store_id)]
    found = [flow_reports.trouble(session, side, now) for side in sides]
    for side, trouble in zip(sides, found, strict=True):
        if trouble.key in ("needs_sign_in", "not_reachable"):
            return trouble.key, trouble.text or f"{name_of(side)} does not let the hub in."
    if flow.stopped_reason:
        return "needs_attention", f"Stopped itself: {flow.stopped_reason}"
    held = connector if connector.paused else flow
    if held.paused:
        since = context.show_time(held.paused_at, "day_time") if held.paused_at else ""
        return "paused", f"since {since} by {held.paused_by}".strip()
    for trouble in found:
        if trouble.until is not None:
            return trouble.key, f"Quota used up until {context.show_time(trouble.until, 'clock')}"
    if facts.parked:
        return "needs_attention", ""
    return "running", ""
