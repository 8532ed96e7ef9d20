"""Two hubs started by accident on one SQLite database: one serves, the other says so."""

import logging
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable

import pytest
from pg import free_port
from rig import REGISTRY, Rig
from sqlalchemy import text

from hub.runtime import AlreadyServing, build
from hub.runtime.serving import SERVING_MS
from hub.seams import Rng
from hub.settings.users import create_user

Make = Callable[..., Rig]


def answers(port: int) -> None:
    """Wait until a hub answers."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the hub does not answer")


def test_of_two_started_at_once_one_serves_and_the_other_ends_with_a_sentence(
    make_rig: Make,
) -> None:
    rig = make_rig(customers=1, items=1)
    rig.restart()
    ports: dict[int, int] = {}
    hubs = []
    for _ in range(2):
        port = free_port()
        hub = subprocess.Popen(
            [sys.executable, "-m", "hub", "run", "--port", str(port)], env=rig.environ,
            text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        ports[hub.pid] = port
        hubs.append(hub)
    said = []
    while not said:
        for hub in hubs:
            if hub.poll() is not None:
                said.append((hub.returncode, hub.communicate()[1]))
                hubs.remove(hub)
                break
        else:
            time.sleep(0.05)
    (serving,) = hubs
    assert serving.poll() is None
    answers(ports[serving.pid])  # before that it may not know yet how to end
    serving.terminate()
    assert serving.wait(35) == 0
    serving.communicate()
    for code, words in said:
        assert code == 2
        assert f"Another hub (process {serving.pid} on " in words
        assert "Stop it first" in words
        assert "Traceback" not in words


def test_a_hub_that_was_held_up_rests_while_another_one_serves(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A suspended host: its lease ran out, a second hub was started, then the first one wakes."""
    rig = make_rig(customers=3, items=1)
    create_user(rig.runtime.write, rig.clock, "admin@hub.example", "a-long-enough-password")
    first = rig.runtime
    second = build(rig.environ, clock=rig.clock, rng=Rng(2), registry=REGISTRY)
    second.owner = "elsewhere:boot:2:1"
    monkeypatch.setattr("hub.runtime.serving.SchedulerLoop.start", lambda _self: None)
    first.start_serving(workers=1)
    assert first.serving is not None
    with pytest.raises(AlreadyServing, match="serves this database already"):
        second.start_serving(workers=1)
    rig.clock.sleep(SERVING_MS / 1000 + 1)
    second.start_serving(workers=1)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            rig.clock.sleep(20)
            second.serving._tick()  # type: ignore[union-attr]  # it serves
            first.serving._tick()
    (line,) = [record.getMessage() for record in caplog.records if "rests" in record.getMessage()]
    assert "process 2 on elsewhere" in line
    assert first.alive() == (False, "Another hub serves this database; this one rests")
    with rig.runtime.read() as session:
        found = session.execute(text("SELECT owner FROM lease WHERE name = 'serving'")).scalars()
        assert list(found) == [second.owner]
    second.stop_serving()
    rig.clock.sleep(20)
    first.serving._tick()
    assert first.serving._yielded is False, "it goes on when the other one has ended"
    first.stop_serving()
    second.close()
