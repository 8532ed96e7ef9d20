"""What saving would do, in numbers, before anybody saves; and what the retry values amount to."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.registry import Plugin
from hub.reports import connectors as reports
from hub.sdk import Direction
from hub.settings.specs import GENERIC, PREFERENCES
from hub.store.tables import Flow, RecordRow
from hub.web import fmt
from hub.web.views.configuration_fields import Sheet, same, ticked

LONGEST_MINUTES = 360


def tried(count: Any, interval: Any) -> str:
    """Return how long a message is tried, from Retry Count and Retry Interval as typed."""
    try:
        attempts, minutes = int(str(count)), int(str(interval))
    except ValueError:
        return ""
    if not (0 <= attempts <= 50 and 1 <= minutes <= LONGEST_MINUTES):
        return ""
    if attempts <= 1:
        return "With these values a message is parked after its first failed attempt."
    total = sum(min(minutes * 2**n, LONGEST_MINUTES) for n in range(attempts - 1))
    return f"With these values a message is tried over about {fmt.duration(total * 60)}."


def capped(store: Plugin | None, count: Any) -> str:
    """Return each sync's own largest batch; says so when the typed count is larger."""
    if store is None:
        return ""
    sizes = {a.label: a.batch_size for a in store.actions.values() if a.direction is Direction.LOAD}
    listed = ", ".join(f"{label} {size:,}" for label, size in sizes.items())
    text = f"Largest per call: {listed}."
    try:
        over = int(str(count)) > min(sizes.values(), default=0)
    except ValueError:
        return text
    return f"{text} A larger number is capped at these." if over else text


def consequences(session: Session, sheet: Sheet) -> list[str]:
    """Return sentences about the syncs that would read everything, and those that stop."""
    connector = sheet.saved.connector
    if connector is None:
        return []
    query = select(Flow).where(Flow.connector_id == connector.id)
    flows = {flow.key: flow for flow in session.scalars(query)}
    on = ticked(sheet)
    full = {key for key in touched(sheet) if key in on and key in flows and flows[key].enabled}
    full |= on - sheet.saved.ticked
    stopped = sheet.saved.ticked - on
    labels = labels_of(sheet.saved.plugins.get("erp"))
    said: list[str] = []
    if full:
        names = listed(labels.get(key, key) for key in full)
        count = records(session, connector.erp_id, sheet.saved.plugins.get("erp"), full)
        unknown = "the first run shows how many records that is"
        amount = f"up to {count:,} records may be written" if count else unknown
        verb = "reads" if len(full) == 1 else "read"
        said.append(
            f"After saving, {names} {verb} everything once: {amount}. Equal ones are not sent."
        )
    if stopped:
        names = listed(labels.get(key, key) for key in stopped)
        waiting = reports.waiting(session, [flows[k].id for k in stopped if k in flows])
        said.append(
            f"Saving stops {names}: {fmt.plural(waiting, 'waiting message')} cancelled, "
            "nothing is deleted in the store."
        )
    return said


def listed(names: Iterable[str]) -> str:
    """Return ``A``, ``A and B`` or ``A, B and C``, sorted."""
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last


def labels_of(erp: Plugin | None) -> Mapping[str, str]:
    """Return the flows' labels by key."""
    actions = erp.actions.values() if erp else ()
    return {a.key: a.label for a in actions if a.direction is Direction.EXTRACT}


def touched(sheet: Sheet) -> set[str]:
    """Return the flows whose eligibility or payload the changes alter."""
    found: set[str] = set()
    for setting in PREFERENCES:
        path = f"preferences.{setting.spec.name}"
        if not same(sheet.saved.values.get(path), sheet.value(path)):
            found.update(setting.used_by)
    for side, plugin in sheet.saved.plugins.items():
        names = [s.name for s in plugin.parameters if not s.secret] if plugin else []
        for name in names:
            path = f"{side}.{name}"
            if name not in GENERIC and not same(sheet.saved.values.get(path), sheet.value(path)):
                found |= sheet.saved.ticked
    return found


def records(session: Session, erp_id: int, erp: Plugin | None, keys: set[str]) -> int:
    """Return how many records of these flows the hub knows."""
    actions = erp.actions.values() if erp else ()
    entities = {a.entity for a in actions if a.key in keys} | keys
    if "inventory" in keys:
        entities.add("stock")
    query = select(func.count()).where(
        RecordRow.connection_id == erp_id, RecordRow.entity.in_(entities)
    )
    return session.scalar(query) or 0
