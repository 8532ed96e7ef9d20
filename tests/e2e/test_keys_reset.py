"""``hub keys reset`` beside a hub at work is refused and changes nothing; alone it does its work."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pg import free_port
from rig import Rig
from test_two_hubs import answers

from hub.config import ConfigProblem
from hub.seams import SystemClock
from hub.settings import presence
from hub.settings.keys import reset_keys
from hub.vault import Redactor

Make = Callable[..., Rig]


def reset(rig: Rig) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub", "keys", "reset", "--yes"],
        env=rig.environ, text=True, capture_output=True, check=False,
    )  # fmt: skip


def to_sign_in(rig: Rig) -> int:
    rows = rig.query("SELECT id FROM connection WHERE state = 'needs_sign_in'")
    return len(rows)


def test_a_serving_hub_refuses_it_and_goes_on_with_its_key(make_rig: Make) -> None:
    rig = make_rig(customers=2, items=1)
    key_file = rig.runtime.environment.key_file
    key = key_file.read_bytes()
    rig.restart()
    port = free_port()
    hub = subprocess.Popen(
        [sys.executable, "-m", "hub", "run", "--port", str(port)], env=rig.environ, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        answers(port)
        refused = reset(rig)
    finally:
        hub.send_signal(signal.SIGTERM)
        hub.communicate(timeout=40)
    assert refused.returncode == 2, refused
    assert f"A hub works on this database (process {hub.pid} on " in refused.stderr
    assert "Stop it, then run `hub keys reset` again. Nothing was changed." in refused.stderr
    assert "Traceback" not in refused.stderr
    assert key_file.read_bytes() == key
    assert to_sign_in(rig) == 0
    rig.restart()
    done = reset(rig)
    assert done.returncode == 0, done
    assert "Enter the secrets of each connection again" in done.stdout
    assert key_file.read_bytes() != key
    assert key_file.with_name("secret.keys.old").read_bytes() == key
    assert to_sign_in(rig) == 2
    rig.restart()
    assert reset(rig).returncode == 0
    assert key_file.with_name("secret.keys.old").read_bytes() == key, "older backups need it"


def test_a_command_that_is_at_work_beside_it_refuses_it_too(make_rig: Make) -> None:
    rig = make_rig(customers=2, items=1)
    key_file = rig.runtime.environment.key_file
    key = key_file.read_bytes()
    rig.restart()
    with closing(sqlite3.connect(rig.home / "home" / "hub.db")) as other:
        other.execute("SELECT count(*) FROM flow").fetchall()
        refused = reset(rig)
    assert refused.returncode == 2
    assert "Another process has the database open" in refused.stderr
    assert key_file.read_bytes() == key


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub", "keys", "reset", "--yes"],
        env={"HUB_HOME": f"{tmp_path}/none", "PATH": "/usr/bin"}, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "There is no database" in done.stderr


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("part", ["web", "worker", "scheduler"])
def test_each_part_alone_on_postgresql_refuses_it(make_rig: Make, part: str) -> None:
    rig = make_rig(customers=2, items=1, clock=SystemClock())
    key_file = rig.runtime.environment.key_file
    key = key_file.read_bytes()
    rig.restart()
    port = ["--port", "0"] if part == "web" else []
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", part, *port], env=rig.environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert "Hub is at" in (said := process.stdout.readline()) or "is running" in said, said
        refused = reset(rig)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
    assert refused.returncode == 2, refused
    assert f"A hub works on this database (process {process.pid} on " in refused.stderr
    assert key_file.read_bytes() == key
    assert reset(rig).returncode == 0, "a part that has ended is not in the way"


@pytest.mark.postgres
def test_pages_alone_say_that_they_serve_and_count_as_no_worker(make_rig: Make) -> None:
    rig = make_rig(customers=2, items=1)
    pages = rig.runtime
    pages.start_serving(clock=False, workers=0)
    with pytest.raises(ConfigProblem, match="A hub works on this database"):
        reset_keys(pages.database, pages.environment, Redactor())
    with pages.read() as session:
        now_ms = pages.tools.now_ms()
        assert presence.serving_owners(session, now_ms) == [pages.owner]
        assert not presence.serving_owners(session, now_ms, delivering=True)
    assert pages.stop_serving()
    assert not rig.query("SELECT owner FROM lease")
