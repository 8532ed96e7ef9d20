"""F32, F33: several schedulers on one database: each tick has one run, on both databases."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from rig import REGISTRY, Rig
from sqlalchemy import text

from hub.runtime import Runtime, build
from hub.scheduler import Ticker
from hub.seams import Rng

Make = Callable[..., Rig]
SCHEDULERS = 4
BOTH = pytest.mark.parametrize(
    "server", [False, pytest.param(True, marks=pytest.mark.postgres)], ids=["sqlite", "postgresql"]
)


@contextmanager
def schedulers(rig: Rig) -> Iterator[list[Ticker]]:
    """As many hubs as there are schedulers, each with connections of its own."""
    hubs: list[Runtime] = [
        build(rig.environ, clock=rig.clock, rng=Rng(n), registry=REGISTRY)
        for n in range(SCHEDULERS)
    ]
    try:
        yield [Ticker(hub.tools, lambda _flow: None) for hub in hubs]
    finally:
        for hub in hubs:
            hub.close()


def execute(rig: Rig, sql: str) -> None:
    with rig.runtime.write() as session:
        session.execute(text(sql))


def all_tick(tickers: list[Ticker]) -> list[BaseException]:
    """Let all of them tick at the same moment."""
    errors: list[BaseException] = []
    together = threading.Barrier(len(tickers))

    def one(ticker: Ticker) -> None:
        together.wait()
        try:
            ticker.tick()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(ticker,)) for ticker in tickers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def begin(make_rig: Make) -> Rig:
    """A flow of every minute, whose first run is over."""
    rig = make_rig(customers=1, items=1, features={"customer": {"schedule": "* * * * *"}})
    execute(rig, "UPDATE schedule SET full_cron = ''")
    Ticker(rig.runtime.tools, lambda _flow: None).tick()
    execute(rig, "DELETE FROM run")
    return rig


def ticks(rig: Rig, number: int) -> tuple[int, list[BaseException]]:
    errors: list[BaseException] = []
    with schedulers(rig) as tickers:
        for _ in range(number):
            rig.clock.sleep(60)
            errors += all_tick(tickers)
            execute(rig, "UPDATE run SET status = 'finished' WHERE status = 'waiting'")
    rows = rig.query("SELECT due_at, status FROM run ORDER BY due_at")
    print(f"\n{SCHEDULERS} schedulers, {number} ticks: {len(rows)} runs, {len(errors)} errors")
    assert {row.status for row in rows} == {"finished"}
    gaps = {b.due_at - a.due_at for a, b in pairwise(rows)}
    assert gaps == {60_000}, "every minute once"
    return len(rows), errors


@BOTH
def test_four_schedulers_make_one_run_per_tick(make_rig: Make, server: bool) -> None:
    assert ticks(begin(make_rig), 10) == (10, [])


@pytest.mark.slow
@pytest.mark.timeout(600)
@BOTH
def test_four_schedulers_make_500_runs_of_500_ticks(make_rig: Make, server: bool) -> None:
    assert ticks(begin(make_rig), 500) == (500, [])


@BOTH
def test_a_hundred_missed_ticks_are_one_run_and_a_long_run_stays_alone(
    make_rig: Make, server: bool
) -> None:
    rig = begin(make_rig)
    with schedulers(rig) as tickers:
        rig.clock.sleep(timedelta(minutes=100).total_seconds())
        assert all_tick(tickers) == []
        assert [row.status for row in rig.query("SELECT status FROM run")] == ["waiting"]
        execute(rig, "UPDATE run SET status = 'running'")
        for _ in range(5):
            rig.clock.sleep(60)
            assert all_tick(tickers) == []
        rows = rig.query("SELECT status, count(*) AS n FROM run GROUP BY status")
        assert {row.status: row.n for row in rows} == {"running": 1, "skipped": 5}
        execute(rig, "UPDATE run SET status = 'finished' WHERE status = 'running'")
        rig.clock.sleep(60)
        assert all_tick(tickers) == []
        assert len(rig.query("SELECT 1 FROM run WHERE status = 'waiting'")) == 1
