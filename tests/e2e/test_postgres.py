"""The same flows on PostgreSQL, and what only a server can do: two hubs, restarts, moving in."""

import os
import subprocess
import sys
import threading

import pg
import pytest
from rig import REGISTRY, eligible
from sqlalchemy import text
from test_changes import (  # noqa: F401 - the same tests, on PostgreSQL by this file's mark
    test_a_contact_whose_email_changed_keeps_its_user,
)
from test_first_sync import test_a_small_change_writes_exactly_that  # noqa: F401
from test_interruptions import at_point  # noqa: F401 - a fixture
from test_interruptions import test_ctrl_c_in_mid_create_is_an_unknown_end as ctrl_c_in_mid_create

from hub.dispatch.postgres import PostgresBell
from hub.runtime import build
from hub.runtime.sync import Sync
from hub.seams import Rng, SystemClock
from hub.store.copying import copy_all
from hub.store.database import Database, DatabaseProblem

pytestmark = pytest.mark.postgres


def test_two_hubs_on_one_database_deliver_each_record_once(make_rig):
    rig = make_rig()
    other = build(rig.environ, clock=rig.clock, rng=Rng(8), registry=REGISTRY, keep_alive=True)
    threads = [
        threading.Thread(target=lambda hub=hub: Sync(hub, "B2B-US").run())
        for hub in (rig.runtime, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    other.close()
    rig.quiesce()
    assert rig.created_twice() == []
    assert set(eligible(rig)) <= set(rig.companies())


@pytest.mark.slow
def test_a_server_that_restarts_under_load_loses_nothing(make_rig):
    """F42, F44: the same hub goes on by itself, and what was acknowledged is there."""
    cluster = pg.new_cluster(fsync=True)
    try:
        for name in ("hub", "calm"):
            pg.execute(cluster.url(), f"CREATE DATABASE {name}")
        rig = make_rig(database=cluster.url("hub"), customers=30)
        stop = threading.Event()

        def work():
            while not stop.is_set():
                try:
                    rig.run()
                except Exception:
                    stop.wait(0.2)

        thread = threading.Thread(target=work)
        thread.start()
        for _ in range(2):
            stop.wait(0.7)
            cluster.stop()
            stop.wait(0.3)
            cluster.start()
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
        rig.clock.advance(1000)
        rig.run()
        rig.run()
        undisturbed = make_rig(database=cluster.url("calm"), customers=30)
        undisturbed.run()
        undisturbed.run()
        assert sorted(rig.companies()) == sorted(undisturbed.companies())
        assert sorted(rig.users()) == sorted(undisturbed.users())
        assert sorted(rig.addresses()) == sorted(undisturbed.addresses())
        assert rig.created_twice() == []
        assert rig.query("SELECT 1 FROM message WHERE status IN ('in_flight','unknown')") == []
        assert rig.query("SELECT 1 FROM claim") == []
        assert rig.query("SELECT 1 FROM run WHERE status = 'running'") == []
        rig.close()
        undisturbed.close()
    finally:
        pg.remove(cluster)


def test_an_installation_moves_to_postgresql(make_rig, new_pg, tmp_path):
    url = new_pg(empty=True)
    os.environ.pop("HUB_DATABASE_URL", None)
    rig = make_rig(database=f"sqlite:///{tmp_path / 'hub.db'}")
    rig.sync()
    counts = _copy(rig, url)
    assert counts["message"] > 0
    with pytest.raises(DatabaseProblem, match="not empty"):
        _copy(rig, url)
    rig.restart()
    rig.environ["HUB_DATABASE_URL"] = url
    mark = rig.mark()
    rig.sync(mode="full")
    assert rig.effects(mark) == []
    rig.put("Customer", "C000002", CustomerName="Renamed Two")
    assert rig.sync()["customer"]["updated"] == 1


def _copy(rig, url):
    target = Database(url, SystemClock())
    try:
        return copy_all(rig.runtime.database, target)
    finally:
        target.close()


@pytest.mark.slow
def test_worker_and_scheduler_apart_run_what_is_due_and_ring_each_other(make_rig):
    """Two processes as an operator starts them; SIGTERM ends both with exit code 0."""
    rig = make_rig(clock=SystemClock(), customers=3, items=3)
    with rig.runtime.write() as session:
        session.execute(
            text(
                'INSERT INTO "user" (email, password_hash, role, disabled, time_zone, created_at) '
                "VALUES ('a@example.com', 'x', 'admin', false, '', 0)"
            )
        )
    parts = [
        subprocess.Popen(
            [sys.executable, "-m", "hub", part], env=rig.environ, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for part in ("worker", "scheduler")
    ]  # fmt: skip
    try:
        for _ in range(150):
            done = rig.query("SELECT DISTINCT flow_id FROM run WHERE status = 'finished'")
            if len(done) == 4:
                break
            rig.clock.sleep(0.2)
    finally:
        for part in parts:
            part.terminate()
        said = [part.communicate(timeout=40)[1] for part in parts]
    assert [part.returncode for part in parts] == [0, 0], said
    assert len(done) == 4, said
    assert rig.created_twice() == []
    assert rig.companies()
    assert rig.query("SELECT name FROM lease") == []


def test_eight_writers_meet_no_lock_and_no_lost_count(pg_url):
    """F41: read, decide, write in each of eight threads; a plain read-then-write would lose some."""
    database = Database(pg_url, SystemClock())
    with database.begin() as connection:
        connection.execute(text("INSERT INTO lease VALUES ('count', 'x', 0)"))

    def count():
        for _ in range(20):
            with database.write() as session:
                found = session.execute(text("SELECT until FROM lease")).scalar_one()
                session.execute(text("UPDATE lease SET until = :n"), {"n": found + 1})

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.execute(text("SELECT until FROM lease")).scalar_one() == 160
    database.close()


def test_the_victim_of_a_deadlock_tries_again(pg_url):
    """F45."""
    database = Database(pg_url, SystemClock())
    with database.begin() as connection:
        connection.execute(text("INSERT INTO lease VALUES ('a', 'x', 0), ('b', 'x', 0)"))
    meet = threading.Barrier(2, timeout=10)
    tried = []

    def swap(first, second):
        def work(connection):
            tried.append(first)
            for name in (first, second):
                connection.execute(
                    text("UPDATE lease SET until = until + 1 WHERE name = :n"), {"n": name}
                )
                if len(tried) <= 2 and name == first:
                    meet.wait()

        database.run(work)

    threads = [threading.Thread(target=swap, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.execute(text("SELECT sum(until) FROM lease")).scalar_one() == 4
    assert len(tried) == 3
    database.close()


def test_the_doorbell_rings_in_another_process_and_sweeps_after_a_cut(pg_url):
    database = Database(pg_url, SystemClock())
    heard, rang, swept = [], threading.Event(), threading.Semaphore(0)
    bell = PostgresBell(
        database.engine, database.clock, lambda flow: (heard.append(flow), rang.set()), swept.release
    )
    bell.start()
    assert swept.acquire(timeout=10)
    PostgresBell(database.engine, database.clock).ring(7)
    assert rang.wait(10)
    assert heard == [7]
    pg.execute(
        pg_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'",
    )
    assert swept.acquire(timeout=10)
    bell.stop()
    database.close()


def test_ctrl_c_in_mid_create_is_an_unknown_end(make_rig, at_point):  # noqa: F811 - the fixture's name
    """One of the six moments; HUB_TEST_DATABASE=postgres tries them all."""
    ctrl_c_in_mid_create(make_rig, at_point, "call.after_answer", True)


@pytest.mark.parametrize(
    "part",
    ["worker", *(pytest.param(part, marks=pytest.mark.slow) for part in ("web", "scheduler"))],
)
def test_the_parts_say_why_they_need_a_server(part, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "hub", part], capture_output=True, text=True, timeout=60,
        env={"HUB_HOME": str(tmp_path), "PATH": os.environ["PATH"]}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "PostgreSQL" in done.stderr
    assert "hub run" in done.stderr
