"""Words and parts of the pages of syncs and runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.reports import flows as flow_reports
from hub.reports import runs as run_reports
from hub.reports import traffic
from hub.scheduler.times import next_times
from hub.sdk import Direction
from hub.settings import rules
from hub.settings.features import pairs
from hub.store.base import to_ms
from hub.store.tables import Connector, CursorRow, Run
from hub.web import charts, context, fmt, operate
from hub.web.face import the_runtime
from hub.web.operate import SyncRow
from hub.web.schedule_words import ScheduleForm, words


@dataclass(frozen=True, slots=True)
class Progress:
    """A run under way. ``total`` None: not known, so no bar. ``left`` is in words."""

    run: Run
    row: SyncRow
    figures: run_reports.Figures
    done: int
    total: int | None
    line: str
    said: str
    noun: str
    left: str


@dataclass(frozen=True, slots=True)
class When:
    """A schedule in words with its next three times; ``saved`` = not what stands in the form."""

    words: str
    times: list[datetime]
    saved: bool
    saved_words: str


def rows(session: Session, connector: str, now: datetime) -> list[SyncRow]:
    """Return every sync that was ever ticked, with its last 24 hours."""
    found = []
    for facts in flow_reports.facts(session, connector):
        row = operate.sync_row(session, facts, now)
        row.spark = spark(session, [row.id], now)
        found.append(row)
    return found


def spark(session: Session, flow_ids: list[int], now: datetime) -> tuple[Any, ...]:
    """Return the bars of the last 24 hours; nothing when nothing was settled."""
    hours = traffic.buckets(session, operate.memo(), now, flows=set(flow_ids))
    values = [b.delivered + b.unchanged + b.parked for b in hours]
    return charts.sparkline(values, [b.parked for b in hours]) if any(values) else ()


def not_ticked(session: Session, connector: Connector) -> list[str]:
    """Return the names of syncs that the connector's pair offers and that were never ticked."""
    known = getattr(the_runtime(), "context", None)
    if known is None:
        return []
    sides = rules.pair(known, session, connector)
    if sides.erp_plugin is None or sides.store_plugin is None:
        return []
    have = set(rules.flows(session, connector.id))
    offered = pairs(sides.erp_plugin, sides.store_plugin)
    return [source.label for source, _ in offered if source.key not in have]


def entity_of(session: Session, row: SyncRow) -> str:
    """Return the entity that a sync moves."""
    known = getattr(the_runtime(), "context", None)
    plugin = None if known is None else rules.pair(known, session, row.facts.connector).erp_plugin
    action = plugin.action(row.facts.flow.source_action, Direction.EXTRACT) if plugin else None
    return action.entity if action else row.facts.flow.key


def progress(session: Session, row: SyncRow, run: Run | None = None) -> Progress:
    """Return how far a run is."""
    run = run or row.facts.running
    if run is None:
        raise ValueError("the sync has no run")
    figures = run_reports.figures(run.counts or {})
    total: int | None = figures.read or None
    if run.mode == "full":
        connection = row.facts.connector.erp_id
        known = run_reports.known_records(session, connection, entity_of(session, row))
        total = max(figures.read, known) or None
    spent = (context.now() - run.started_at).total_seconds() if run.started_at else 0.0
    rate = figures.settled / spent if spent > 1 else 0.0
    line = f"{rate:.0f} per second" if rate >= 1 else ""
    left = ""
    if rate and total and total > figures.settled and spent > 5:
        left = f"about {fmt.duration((total - figures.settled) / rate)} left"
    parts = [
        (figures.unchanged, "unchanged"), (figures.updated, "updated"),
        (figures.created, "created"), (figures.filtered, "filtered"), (figures.parked, "parked"),
    ]  # fmt: skip
    counts = ", ".join(f"{number:,} {name}" for number, name in parts if number)
    calls = sum(int((run.counts or {}).get(n) or 0) for n in ("calls_source", "calls_target"))
    said = f"{counts or 'Nothing settled yet'}." + (f" {calls:,} calls." if calls else "")
    noun = operate.NOUNS.get(row.facts.flow.key, "records")
    return Progress(
        run, row, figures, figures.settled, total, ", ".join(filter(None, (line, left))), said,
        noun, left,
    )  # fmt: skip


def when(
    session: Session,
    row: SyncRow,
    form: ScheduleForm,
    errors: dict[str, tuple[str, str]],
    now: datetime,
) -> When:
    """Return words and times of the form, or of what is saved while the form has an error."""
    saved = row.facts.schedule.cron if row.facts.schedule else ""
    broken = bool(set(errors) & {"every", "at", "cron"})
    cron = saved if broken else form.read()[0]
    times = next_times(cron, now, operate.hub_zone(session)) if cron else []
    return When("Not readable yet" if broken else words(cron), times, broken, words(saved))


def position(session: Session, row: SyncRow, now: datetime) -> list[tuple[str, str]]:
    """Return how far a sync has read, as facts."""
    cursors = session.scalars(
        select(CursorRow).where(CursorRow.flow_id == row.id).order_by(CursorRow.partition)
    )
    found: list[tuple[str, str]] = []
    for cursor in cursors:
        name = "Read up to" + (
            f", {cursor.partition.replace('_', ' ')}" if cursor.partition else ""
        )
        found.append((name, _position(cursor.position)))
        if cursor.tie:
            found.append(("Last key", cursor.tie))
    if not found:
        found.append(("Read up to", "Nothing yet. The first run reads everything"))
    if row.facts.flow.full_next:
        found.append(("Next run", "Reads everything"))
    if row.facts.flow.lateness_ms:
        found.append(("Latest seen", f"{fmt.duration(row.facts.flow.lateness_ms / 1000)} late"))
    if row.facts.last_success:
        found.append(("Last success", context.show_time(row.facts.last_success, "day_time")))
    if row.facts.oldest:
        found.append(("Oldest waiting", fmt.duration((now - row.facts.oldest).total_seconds())))
    return found


def _position(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return context.show_time(moment, "day_time_s") if moment.tzinfo else text


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours of one sync."""

    spark: tuple[Any, ...]
    facts: list[tuple[str, str]]


def day(session: Session, row: SyncRow, now: datetime) -> Day:
    """Return what one sync settled in the last 24 hours."""
    memo = operate.memo()
    start = to_ms(now) // traffic.HOUR_MS * traffic.HOUR_MS
    counts = {"done": 0, "unchanged": 0, "filtered": 0, "parked": 0}
    took: list[int] = []
    for back in range(24):
        hour = traffic.hour_at(session, memo, start - back * traffic.HOUR_MS, to_ms(now))
        for status in counts:
            counts[status] += hour.counts[row.id, status]
        took += hour.took.get(row.id, [])
    half = traffic.percentile(sorted(took), 0.5)
    facts = [
        ("Delivered", fmt.number(counts["done"])), ("Unchanged", fmt.number(counts["unchanged"])),
        ("Filtered", fmt.number(counts["filtered"])), ("Parked", fmt.number(counts["parked"])),
        ("Half within", fmt.duration(half) or "Nothing delivered"),
    ]  # fmt: skip
    return Day(spark(session, [row.id], now), facts)


def run_badge(run: Run) -> tuple[str, str]:
    """Return badge and words of a run."""
    if run.status == "finished":
        parked = run_reports.figures(run.counts or {}).parked
        return ("finished_parked", f"{parked:,} parked") if parked else ("finished", "")
    if run.status == "running":
        return "run_running", "Stopping" if run.cancel_requested else ""
    if run.status == "skipped":
        return "not_needed", "Skipped"
    return run.status, ""


TRIGGERS = {"schedule": "Schedule", "manual": "By hand", "sweep": "Waiting messages"}
MODES = {"full": "Full, reads everything", "incremental": "Changes since the last run",
         "range": "A range of dates"}  # fmt: skip


def why(run: Run) -> str:
    """Return what started a run."""
    words_of = TRIGGERS.get(run.trigger, run.trigger)
    return f"{words_of}, {run.started_by}" if run.started_by else words_of
