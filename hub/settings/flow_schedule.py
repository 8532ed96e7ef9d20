"""Changing when a flow runs, and pausing it, for page and command line."""

from sqlalchemy.orm import Session

from hub.settings import audit
from hub.settings.context import Context
from hub.settings.errors import FieldErrors
from hub.settings.schedules import cron_problem
from hub.store.tables import Connector, Flow, LogEntry, Schedule


def save_schedule(
    context: Context, session: Session, flow: Flow, cron: str, full_cron: str, who: str
) -> bool:
    """Store a flow's two schedules; True when something changed.

    ``cron`` and ``full_cron`` are five fields, or empty: by hand only, no full run by itself.
    Raises ``FieldErrors`` for ``cron`` and ``full_cron``; nothing is saved then.
    """
    given = {"cron": " ".join(cron.split()), "full_cron": " ".join(full_cron.split())}
    errors = {name: cron_problem(value) for name, value in given.items() if value}
    if any(errors.values()):
        raise FieldErrors({name: problem for name, problem in errors.items() if problem})
    row = session.get(Schedule, flow.id)
    if row is None:
        row = Schedule(flow_id=flow.id, cron="", full_cron="")
        session.add(row)
    before = {"cron": row.cron, "full_cron": row.full_cron}
    if before == given:
        return False
    row.cron, row.full_cron = given["cron"], given["full_cron"]
    connector = session.get_one(Connector, flow.connector_id)
    connector.config_version += 1
    connector.updated_at, connector.updated_by = context.now(), who
    old, new = audit.differences(before, given)
    target = f"sync {flow.key} of {connector.key}"
    audit.record(session, who, "schedule changed", target, old, new, at=context.now())
    lines = [f"{name}: {old[name] or 'none'} → {new[name] or 'none'}" for name in old]
    session.add(
        LogEntry(
            at=context.now(),
            level="info",
            connector_id=connector.id,
            flow_key=flow.key,
            message=f"Schedule of {flow.key} changed",
            user=who,
            description="\n".join(lines),
        )
    )
    return True


def set_flow_paused(
    context: Context, session: Session, flow: Flow, who: str, *, paused: bool
) -> bool:
    """Pause one sync (it keeps collecting) or resume it; True when that was a change."""
    if flow.paused == paused:
        return False
    flow.paused = paused
    flow.paused_at = context.now() if paused else None
    flow.paused_by = who if paused else ""
    connector = session.get_one(Connector, flow.connector_id)
    action = "paused" if paused else "resumed"
    target = f"sync {flow.key} of {connector.key}"
    audit.record(session, who, f"sync {action}", target, at=context.now())
    session.add(
        LogEntry(
            at=context.now(), level="info", connector_id=connector.id, flow_key=flow.key,
            message=f"Sync {flow.key} {action}", user=who, description="",
        )
    )  # fmt: skip
    return True
