"""The doctor's look at the work: clock, serving process, claims and runs that nobody ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from hub.registry import discovery
from hub.runtime.finding import Finding
from hub.seams import Clock
from hub.settings import presence
from hub.store.base import from_ms, to_ms
from hub.store.database import Database
from hub.store.owner import owner_is_dead
from hub.store.tables import AuditEvent, Claim, Lease, LogEntry, Message, PluginApproval, Run

AHEAD = timedelta(minutes=2)
"""A row may be stamped a little later than now: two hosts, one database."""
STUCK = timedelta(minutes=10)
UNKNOWN_DAYS = 1


def clock(database: Database, clock_: Clock) -> Iterator[Finding]:
    """The wall clock must not be before the newest row that it once stamped."""
    columns = (Message.updated_at, Run.started_at, AuditEvent.at, LogEntry.at)
    now = clock_.now()
    with database.read() as session:
        found: list[datetime] = [
            newest for column in columns if (newest := session.scalar(select(func.max(column))))
        ]
    newest_row = max(found, default=now)
    if newest_row > now + AHEAD:
        behind = str(newest_row - now).split(".")[0]
        yield Finding(
            "Clock",
            "to mend",
            f"It says {now:%Y-%m-%d %H:%M} UTC, but the newest row was written {behind} later.",
            "Set the clock of this machine (NTP); until then schedules and holds are wrong.",
        )
    else:
        yield Finding("Clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC, not before the newest row.")


def process(database: Database, clock_: Clock) -> Iterator[Finding]:
    """Whether a hub serves this database."""
    with database.read() as session:
        owners = presence.serving_owners(session, to_ms(clock_.now()), delivering=True)
        active = session.execute(text("SELECT count(*) FROM connector WHERE active")).scalar_one()
    if owners:
        names = ", ".join(presence.describe(owner) for owner in owners)
        yield Finding("Serving", "ok", f"A hub serves: {names}.")
    elif active:
        yield Finding(
            "Serving",
            "watch",
            f"No hub serves, so {active} active connectors move nothing by themselves.",
            "Start it: hub run",
        )
    else:
        yield Finding("Serving", "ok", "No hub serves; no connector is active.")


def claims(database: Database, clock_: Clock) -> Iterator[Finding]:
    """Leases, claims, runs and messages that a dead or stalled worker left behind."""
    now = clock_.now()
    with database.read() as session:
        stuck = _stuck_leases(session, now) + _stuck_work(session, now)
        old = session.scalar(
            select(func.count())
            .select_from(Message)
            .where(Message.status == "unknown",
                   Message.created_at < now - timedelta(days=UNKNOWN_DAYS))
        )  # fmt: skip
    if stuck:
        yield Finding(
            "Work under way",
            "watch",
            f"{'; '.join(stuck)}. Nobody works on them any longer.",
            "A running hub takes them over within 90 seconds. Start it: hub run",
        )
    else:
        yield Finding("Work under way", "ok", "No claim or lease is stuck.")
    if old:
        yield Finding(
            "Work under way",
            "watch",
            f"The end of {old} creates has been unknown for more than a day.",
            "Look at them: hub messages --status unknown",
        )


def _over(owner: str, until: datetime, now: datetime) -> bool:
    far = until > from_ms(to_ms(now) + presence.LONGEST_MS)
    return until < now - STUCK or far or owner_is_dead(owner)


def _stuck_leases(session: Session, now: datetime) -> list[str]:
    tables: tuple[tuple[str, Any], ...] = (("leases", Lease), ("claims", Claim))
    found: list[str] = []
    for name, table in tables:
        count = sum(_over(row.owner, row.until, now) for row in session.query(table))
        if count:
            found.append(f"{count} {name}")
    return found


def _stuck_work(session: Session, now: datetime) -> list[str]:
    found: list[str] = []
    orphans = session.execute(
        text(
            "SELECT count(*) FROM message AS m WHERE m.status = 'in_flight' AND NOT EXISTS "
            "(SELECT 1 FROM claim AS c WHERE c.token = m.claim_token)"
        )
    ).scalar_one()
    if orphans:
        found.append(f"{orphans} messages in flight without a claim")
    runs = session.query(Run).filter(Run.status == "running").all()
    dead = sum(
        owner_is_dead(run.owner) or (run.heartbeat_at or run.started_at or now) < now - STUCK
        for run in runs
    )
    if dead:
        found.append(f"{dead} runs")
    return found


def plugins(database: Database, _clock: Clock) -> Iterator[Finding]:
    """Installed plugins that nobody approved as they are, and those in quarantine; imports none."""
    with database.read() as session:
        rows = {(r.distribution, r.name): r for r in session.query(PluginApproval)}
    for package in discovery.scan():
        row = rows.pop(package.key, None)
        title = f"Plugin {package.name}"
        what = f"{package.distribution} {package.version}".strip()
        if package.problem:
            yield Finding(title, "watch", f"{what}: {package.problem}.", "Uninstall or update it.")
        elif row is None or row.state != "approved" or row.sha256 != package.sha256:
            changed = row is not None and row.state == "approved"
            state = "its files changed since it was approved" if changed else "it is not approved"
            approve = f"Look at it on the Plugins page, or run: hub plugins approve {package.name}"
            yield Finding(title, "watch", f"{what}: {state}, so it does not run.", approve)
        elif not row.trouble:
            yield Finding(title, "ok", f"{what}, approved.")
    for row in rows.values():
        if row.state == "approved" and row.sha256:
            gone = f"{row.distribution} was approved and is not installed any more."
            yield Finding(f"Plugin {row.name}", "watch", gone, "Install it again, or revoke it.")


def quarantined(database: Database, _clock: Clock) -> Iterator[Finding]:
    """Plugins that were put in quarantine, bundled ones too."""
    with database.read() as session:
        rows = session.query(PluginApproval).filter(PluginApproval.trouble != "").all()
    for row in rows:
        mend = f"Update it, then run: hub plugins approve {row.name}"
        yield Finding(f"Plugin {row.name}", "to mend", f"Quarantined: {row.trouble}.", mend)


CHECKS = (clock, process, claims, plugins, quarantined)
