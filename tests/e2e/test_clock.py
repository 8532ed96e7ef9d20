"""The scheduler on a virtual clock: intervals, daily times over both ends of summer time, a clock
that is set, a hub that was down (R5, R18, F57-F62)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rig import Rig, eligible
from sqlalchemy import text

from hub.scheduler import Ticker
from hub.seams import VirtualClock

Make = Callable[..., Rig]
HOUR = 3600


class Ticking:
    """A rig whose ticker is asked by hand; each run ends at once."""

    def __init__(self, make_rig: Make, start: datetime, schedule: str, zone: str = "UTC") -> None:
        self.clock = VirtualClock(start)
        self.rig = make_rig(
            customers=1, items=1, clock=self.clock, common={"time_zone": zone},
            features={"customer": {"schedule": schedule}},
        )  # fmt: skip
        self.zone = ZoneInfo(zone)
        self.rang: list[int] = []
        self.ticker = Ticker(self.rig.runtime.tools, self.rang.append)
        self.settle_down()

    def settle_down(self) -> None:
        """The first run of a new flow is not on its schedule; and no full run of the night."""
        self.execute("UPDATE schedule SET full_cron = ''")
        self.ticker.tick()
        self.finish()

    def execute(self, sql: str) -> None:
        with self.rig.runtime.write() as session:
            session.execute(text(sql))

    def finish(self) -> None:
        self.execute("UPDATE run SET status = 'finished' WHERE status = 'waiting'")

    def tick(self) -> list[str]:
        """Local times at which the runs of this moment were due."""
        due = self.ticker.tick()
        self.finish()
        return [item.due_at.astimezone(self.zone).strftime("%d %H:%M %Z") for item in due]

    def walk(self, hours: float, step: int = 300) -> list[str]:
        """Tick every ``step`` seconds for so long."""
        found: list[str] = []
        for _ in range(int(hours * HOUR / step)):
            self.clock.advance(step)
            found += self.tick()
        return found


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T00:10", ["29 03:00 CEST"]),
        ("America/New_York", "2026-11-01T00:10", ["01 02:30 EST"]),
    ],
)
def test_a_daily_sync_runs_once_on_both_ends_of_summer_time(
    make_rig: Make, zone: str, start: str, expected: list[str]
) -> None:
    ticking = Ticking(make_rig, at(start, zone), "30 2 * * *", zone)
    assert ticking.walk(8, step=600) == expected


def test_no_tick_is_lost_or_doubled_when_several_ask(make_rig: Make) -> None:
    ticking = Ticking(make_rig, at("2026-11-24T12:00", "UTC"), "*/5 * * * *")
    others = [Ticker(ticking.rig.runtime.tools, ticking.rang.append) for _ in range(3)]
    count = 0
    for _ in range(20):
        ticking.clock.advance(150)
        count += len(ticking.tick()) + sum(len(other.tick()) for other in others)
    assert count == 10


def test_a_scheduler_that_looked_before_another_one_started_the_run_starts_none(
    make_rig: Make,
) -> None:
    ticking = Ticking(make_rig, at("2026-11-24T12:00", "UTC"), "*/5 * * * *")
    ticking.clock.advance(300)
    late = Ticker(ticking.rig.runtime.tools, ticking.rang.append)
    with ticking.rig.runtime.read() as session:
        seen = late._due(session)
    assert len(ticking.tick()) == 1
    late._due = lambda _session: seen  # type: ignore[method-assign]
    assert late.tick() == []
    assert [row.n for row in ticking.rig.query("SELECT count(*) AS n FROM run")] == [2]


def test_a_hub_that_was_down_catches_up_with_one_run(make_rig: Make) -> None:
    ticking = Ticking(make_rig, at("2026-11-24T12:00", "UTC"), "*/15 * * * *")
    assert ticking.walk(1) == ["24 12:15 UTC", "24 12:30 UTC", "24 12:45 UTC", "24 13:00 UTC"]
    ticking.rig.restart()
    ticking.clock.advance(9.2 * HOUR)
    ticking.ticker = Ticker(ticking.rig.runtime.tools, ticking.rang.append)
    assert ticking.tick() == ["24 22:00 UTC"]
    assert ticking.walk(0.5) == ["24 22:15 UTC", "24 22:30 UTC"]


def test_a_run_longer_than_its_interval_is_not_joined_by_a_second(make_rig: Make) -> None:
    ticking = Ticking(make_rig, at("2026-11-24T12:00", "UTC"), "*/5 * * * *")
    ticking.clock.advance(300)
    assert len(ticking.ticker.tick()) == 1
    for _ in range(10):
        ticking.clock.advance(300)
        assert ticking.ticker.tick() == []
    states = ticking.rig.query("SELECT status, count(*) AS n FROM run GROUP BY status")
    assert {row.status: row.n for row in states} == {"finished": 1, "waiting": 1, "skipped": 10}
    ticking.finish()
    ticking.clock.advance(300)
    assert len(ticking.tick()) == 1


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-3650)])
def test_after_the_clock_was_set_the_next_run_is_at_most_one_interval_away(
    make_rig: Make, by: timedelta
) -> None:
    ticking = Ticking(make_rig, at("2026-11-24T12:02", "UTC"), "*/15 * * * *")
    assert len(ticking.walk(1)) == 4
    ticking.clock.set_wall(ticking.clock.now() + by)
    assert len(ticking.walk(0.5)) in (2, 3)
    assert len(ticking.walk(1)) == 4


def test_what_a_full_run_reads_is_not_read_again_by_the_delta_of_the_same_moment(
    make_rig: Make,
) -> None:
    ticking = Ticking(make_rig, at("2026-11-24T01:50", "UTC"), "*/15 * * * *")
    ticking.execute("UPDATE schedule SET full_cron = '30 2 * * *'")
    modes: list[Any] = []
    for _ in range(12):
        ticking.clock.advance(300)
        modes += [(d.due_at.strftime("%H:%M"), d.mode) for d in ticking.ticker.tick()]
        ticking.finish()
    assert modes == [
        ("02:00", "incremental"), ("02:15", "incremental"), ("02:30", "full"),
        ("02:45", "incremental"),
    ]  # fmt: skip


@pytest.mark.parametrize("days", [0.04, 3650])
def test_what_waits_when_the_clock_is_set_back_does_not_wait_for_the_old_time(
    make_rig: Make, days: float
) -> None:
    """Messages were queued, and creates left open, while the clock was ahead."""
    rig = make_rig(features={"customer": {"schedule": "*/15 * * * *"}}, messages={"batch": False})
    ticker = Ticker(rig.runtime.tools, lambda _flow: None)
    true_now = rig.clock.now()
    rig.clock.set_wall(true_now + timedelta(days=days))
    rig.store.faults.replace([
        {"match": "POST /api/v3/io/companies", "nth": n, "fault": "answer_lost"} for n in (2, 4)
    ] + [{"match": "POST /api/v3/io/companies", "nth": n, "fault": "reset"} for n in (5, 6, 7, 8)])
    ticker.tick()
    rig.run()
    assert rig.messages("unknown")
    assert rig.messages("pending")
    rig.clock.set_wall(true_now + timedelta(minutes=1))
    rig.store.faults.replace([])
    ticker.tick()
    rig.quiesce(hours=0.5)
    assert rig.messages("unknown") == rig.messages("pending") == {}
    assert set(rig.companies()) == set(eligible(rig)) - set(rig.messages("parked"))
    assert rig.created_twice() == []
