"""Web, workers and scheduler as processes of their own on one PostgreSQL, stopped and cut off."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pg import free_port
from pg_proxy import PgProxy
from rig import Rig
from test_processes import HUB, answers, arrived

from hub.seams import SystemClock
from hub.settings.users import create_user

Make = Callable[..., Rig]
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not HUB.exists(), reason="hub is not installed beside this Python"),
]
AWAY = 300.0


@contextmanager
def parts(rig: Rig, *names: str) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Start the parts; all of them must still run at the end, and end well on SIGTERM."""
    rig.environ["HUB_WORKERS"] = "3"
    running = {name: begin(rig, name) for name in names}
    try:
        yield running
        assert {name: part.poll() for name, part in running.items()} == dict.fromkeys(running)
    finally:
        for part in running.values():
            part.send_signal(signal.SIGTERM)
        for part in running.values():
            part.wait(40)
        said = {file.name: file.read_text() for file in rig.home.glob("*.stderr")}
    codes = {name: part.returncode for name, part in running.items()}
    assert set(codes.values()) == {0}, (codes, said)
    traced = {name: text.count("Traceback") for name, text in said.items()}
    print({name: (len(text), traced[name]) for name, text in said.items()})
    assert sum(traced.values()) == 0, said
    assert max(map(len, said.values())) < 50_000, said


def begin(rig: Rig, name: str) -> subprocess.Popen[str]:
    """Start a part; what it says goes to a file, since a full pipe would stop it."""
    number = len(list(rig.home.glob("*.stderr")))
    with (rig.home / f"{number}-{name.split(maxsplit=1)[0]}.stderr").open("w") as said:
        return subprocess.Popen(
            [str(HUB), *name.split("#", maxsplit=1)[0].split()], env=rig.environ, text=True,
            stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip


def until(seconds: float, reached: Callable[[], bool]) -> float:
    """Wait until so; returns the seconds that it took."""
    began = time.monotonic()
    while not reached():
        if time.monotonic() - began > seconds:
            pytest.fail(f"not within {seconds:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - began


def at_rest(rig: Rig) -> None:
    assert rig.created_twice() == []
    assert rig.query("SELECT key FROM message WHERE status IN ('in_flight','unknown')") == []
    assert rig.query("SELECT token FROM claim") == []
    assert rig.query("SELECT name FROM lease WHERE name NOT LIKE 'serving:%'") == []
    assert rig.erp.stats_json()["open_signins"] == 0


def with_user(rig: Rig) -> Rig:
    create_user(rig.runtime.write, rig.clock, "admin@hub.example", "a-long-enough-password")
    return rig


def slow_store(rig: Rig, seconds: float) -> None:
    rig.store.faults.replace([{"match": "* /api/v3/io/", "fault": "slow", "seconds": seconds}])


def test_a_database_that_is_away_for_five_minutes_needs_no_restart(
    make_rig: Make, new_pg: Callable[..., str]
) -> None:
    """F44."""
    proxy = PgProxy(new_pg())
    rig = with_user(make_rig(database=proxy.url, customers=40, items=10, clock=SystemClock(),
                             messages={"batch": False}))  # fmt: skip
    port = free_port()
    slow_store(rig, 0.3)
    with parts(rig, f"web --port {port}", "worker", "scheduler") as running:
        page = f"http://127.0.0.1:{port}"
        until(30, lambda: answers(f"{page}/readyz") == 200)
        until(30, lambda: len(rig.companies()) > 5)
        proxy.leave()
        before = len(rig.companies())
        seen: dict[str, set[int | None]] = {"/healthz": set(), "/readyz": set(), "/sign-in": set()}
        away = time.monotonic()
        while time.monotonic() - away < AWAY:
            for path, codes in seen.items():
                codes.add(answers(page + path))
            time.sleep(1)
        sent_meanwhile = len(rig.companies()) - before
        assert all(part.poll() is None for part in running.values())
        proxy.come_back()
        took = until(90, lambda: answers(f"{page}/readyz") == 200)
        until(240, lambda: arrived(rig))
        until(240, lambda: not rig.query("SELECT 1 FROM run WHERE status = 'running'"))
        until(240, lambda: not rig.query("SELECT 1 FROM message WHERE status <> 'done' "
              "AND status IN ('pending','in_flight','unknown')"))  # fmt: skip
    print(f"\naway {AWAY:.0f} s: answers {seen}, sent meanwhile {sent_meanwhile}, ready again after "
          f"{took:.1f} s, {len(rig.companies())} companies, none doubled")  # fmt: skip
    assert sent_meanwhile <= 3
    assert seen["/healthz"] == {200}
    assert seen["/readyz"] == seen["/sign-in"] == {503}
    at_rest(rig)
    proxy.close()


def test_sigterm_in_mid_batch_ends_soon_and_gives_everything_back(make_rig: Make) -> None:
    """F38."""
    rig = with_user(make_rig(customers=30, items=10, clock=SystemClock()))
    slow_store(rig, 4.0)
    with parts(rig, "worker", "scheduler") as running:
        until(60, lambda: bool(rig.query("SELECT 1 FROM message WHERE status = 'in_flight'")))
        time.sleep(1)
        began = time.monotonic()
        running["worker"].send_signal(signal.SIGTERM)
        running["worker"].wait(40)
        took = time.monotonic() - began
        assert running["worker"].returncode == 0
        left = rig.query("SELECT status, attempts FROM message WHERE status <> 'done'")
        signed_in = rig.erp.stats_json()["open_signins"]
        claims = len(rig.query("SELECT token FROM claim"))
        print(f"\nSIGTERM: ended after {took:.1f} s, vendor sessions {signed_in}, claims {claims}, "
              f"waiting {len(left)}")  # fmt: skip
        assert took <= 30
        assert signed_in == claims == 0
        assert {row.status for row in left}.isdisjoint({"in_flight"})
        assert all(row.attempts == 0 for row in left if row.status == "pending")
        rig.store.faults.replace([])
        running["worker"] = begin(rig, "worker")
        until(90, lambda: arrived(rig))
        until(60, lambda: not rig.query("SELECT 1 FROM run WHERE status IN ('running','waiting')"))
    at_rest(rig)


def test_a_rolling_restart_of_three_workers_loses_and_doubles_nothing(make_rig: Make) -> None:
    """F39 without webhooks: one after the other, in mid-load; the last time by SIGKILL."""
    rig = with_user(make_rig(customers=60, items=20, clock=SystemClock(), messages={"batch": False}))
    slow_store(rig, 0.15)
    names = ["worker#1", "worker#2", "worker#3"]
    with parts(rig, *names, "scheduler") as running:
        until(60, lambda: len(rig.companies()) > 3)
        for how in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            for name in names:
                running[name].send_signal(how)
                running[name].wait(40)
                running[name] = begin(rig, "worker")
                time.sleep(2)
        took = until(200, lambda: arrived(rig))
        until(200, lambda: not rig.query("SELECT 1 FROM run WHERE status IN ('running','waiting')"))
        until(200, lambda: not rig.query("SELECT 1 FROM message WHERE status IN "
              "('pending','in_flight','unknown')"))  # fmt: skip
        print(f"\n9 restarts: all there {took:.0f} s later, {len(rig.companies())} companies, "
              f"{len(rig.users())} users, doubled {rig.created_twice()}")  # fmt: skip
    at_rest(rig)
