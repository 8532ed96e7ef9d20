"""The nightly cleaning cuts SQLite's write-ahead log to nothing, beside readers and writers (R21)."""

import logging
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.runtime.runtime import build
from hub.scheduler import Cleaning
from hub.seams import Rng, VirtualClock

BIG = 8_000_000


@pytest.fixture
def hub(tmp_path):
    runtime = build({"HUB_HOME": str(tmp_path / "home")}, clock=VirtualClock(), rng=Rng(1))
    yield runtime
    runtime.close()


def log_size(hub):
    path = hub.environment.home / "hub.db-wal"
    return path.stat().st_size if path.exists() else 0


def swell(hub):
    """What a long reader leaves behind: a log as large as all that was written meanwhile."""
    with hub.database.engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM flow")).all()
        with hub.database.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS filler (a TEXT)"))
            connection.execute(
                text("INSERT INTO filler VALUES (:a)"), [{"a": "x" * 4_000}] * (BIG // 4_000)
            )
    with hub.database.begin() as connection:  # SQLite's own checkpoint leaves the file as it is
        connection.execute(text("DELETE FROM filler"))
    assert log_size(hub) >= BIG


def a_night_later(hub):
    cleaning = Cleaning(hub.tools)
    assert cleaning.clean_if_due() is None  # the first look only notes the day
    hub.clock.advance(timedelta(days=1).total_seconds())
    return cleaning.clean_if_due()


def test_the_log_is_nothing_after_the_nightly_cleaning(hub):
    swell(hub)
    assert a_night_later(hub) == 0
    assert log_size(hub) == 0
    with hub.database.begin() as connection:
        connection.execute(text("INSERT INTO filler VALUES ('after')"))
    with hub.read() as session:
        assert session.execute(text("SELECT a FROM filler")).scalars().all() == ["after"]
        assert session.execute(text("PRAGMA busy_timeout")).scalar() == 5_000


def test_a_reader_without_end_costs_writers_no_wait_and_is_said(hub, caplog):
    swell(hub)
    stop, waits = threading.Event(), []

    def writer():
        while not stop.is_set():
            began = time.perf_counter()
            with hub.database.begin() as connection:
                connection.execute(text("INSERT INTO filler VALUES ('beside')"))
            waits.append(time.perf_counter() - began)
            time.sleep(0.01)

    thread = threading.Thread(target=writer)
    with hub.database.engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM filler")).all()
        thread.start()
        with caplog.at_level(logging.WARNING):
            assert a_night_later(hub) == 0
        stop.set()
        thread.join()
    assert "could not be cut short" in caplog.text
    print(f"longest write beside it {max(waits) * 1000:.0f} ms of {len(waits)}")
    assert max(waits) < 2
    hub.clock.advance(timedelta(days=1).total_seconds())
    Cleaning(hub.tools).clean_if_due()
    assert log_size(hub) == 0
