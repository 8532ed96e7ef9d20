"""The installed hub as processes of their own, beside each other on one home."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rig import CONNECTOR, Rig, eligible

from hub.seams import SystemClock
from hub.settings.users import create_user

Make = Callable[..., Rig]
HUB = Path(sys.executable).with_name("hub")

pytestmark = [
    pytest.mark.skipif(not HUB.exists(), reason="hub is not installed beside this Python"),
    pytest.mark.timeout(120),
]


def start(rig: Rig, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(HUB), *arguments], env=rig.environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def made(rig: Rig, process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """What a ``hub sync --json`` printed, and what it said beside it."""
    out, said = process.communicate(timeout=90)
    assert process.returncode in (0, 3), (process.returncode, out, said)
    return json.loads(out)["flows"], said


@contextmanager
def serving(rig: Rig) -> Iterator[str]:
    """``hub run`` on a free port, until it answers; stopped as an operator would."""
    create_user(rig.runtime.write, rig.clock, "admin@hub.example", "a-long-enough-password")
    rig.restart()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start(rig, "run", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            if answers(f"{url}/readyz") is not None:
                break
            time.sleep(0.1)
        else:
            pytest.fail("hub run does not answer")
        yield url
    finally:
        process.terminate()
        try:
            process.communicate(timeout=35)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def answers(url: str) -> int | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def arrived(rig: Rig) -> bool:
    """Everybody who has an e-mail is in the store."""
    return set(rig.companies()) == {
        key for key, row in eligible(rig).items()
        if row["MainContact"]["Email"] or (row.get("PrimaryContact") or {}).get("Email")
    }  # fmt: skip


def test_two_syncs_started_at_once_double_nothing_and_the_second_says_that_it_waits(
    make_rig: Make,
) -> None:
    rig = make_rig(customers=10, items=5, clock=SystemClock(),
                   features={"customer": {}, "location": {}})  # fmt: skip
    rig.restart()
    rig.store.faults.replace([{"match": "POST /api/v3/io/", "fault": "slow", "seconds": 0.1}])
    both = [start(rig, "sync", CONNECTOR, "--json") for _ in range(2)]
    ended = [made(rig, process) for process in both]
    assert rig.created_twice() == []
    assert arrived(rig)
    for flow, number in (("customer", len(rig.companies())), ("location", len(rig.addresses()))):
        assert sum(flows[flow]["created"] for flows, _ in ended) == number
    assert any("another hub process is running this sync" in said for _, said in ended)
    assert rig.erp.stats.max_open_signins == 1
    assert rig.erp.stats_json()["open_signins"] == 0, "the last one signed out"


def test_service_command_line_and_connection_test_keep_one_quota_and_one_sign_in(
    make_rig: Make,
) -> None:
    rig = make_rig(customers=14, items=5, clock=SystemClock(), messages={"batch": False},
                   features={"customer": {}, "contact": {}},
                   store={"quotas": {"b2b": (20, 1), "core": (20, 1)}})  # fmt: skip
    with serving(rig):
        sync = start(rig, "sync", CONNECTOR, "--json")
        tests = []
        for _ in range(2):
            tests.append(start(rig, "test", CONNECTOR, "--json"))
            time.sleep(0.5)
        for test in tests:
            out, said = test.communicate(timeout=60)
            assert test.returncode == 0, (out, said)
        made(rig, sync)
        for _ in range(150):
            if arrived(rig):
                break
            time.sleep(0.2)
    stats = rig.store.stats_json()
    print({key: quota["windows"] for key, quota in stats["quotas"].items()}, stats["refused"])
    assert stats["refused"] == 0
    assert len(stats["quotas"]["b2b"]["windows"]) > 2, "the quota was used up, so it was tried"
    assert rig.erp.stats.max_open_signins == 1
    assert rig.erp.stats_json()["open_signins"] == 0
    assert rig.created_twice() == []
    assert arrived(rig)


@pytest.mark.slow
def test_pages_answer_while_the_erp_takes_twenty_seconds_per_answer(make_rig: Make) -> None:
    rig = make_rig(customers=3, items=3, clock=SystemClock(), features={"customer": {}})
    with serving(rig) as url:
        rig.erp.faults.replace([{"match": "* /", "fault": "slow", "seconds": 20}])
        sync = start(rig, "sync", CONNECTOR, "--json")
        slowest = 0.0
        while sync.poll() is None:
            for path in ("/healthz", "/sign-in", "/"):
                began = time.monotonic()
                assert answers(url + path) in (200, 302, 303, 401)
                slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.5)
        assert slowest < 2.0
        made(rig, sync)
    assert arrived(rig)


def test_a_sync_with_an_erp_that_is_down_ends_soon_and_says_what_to_do(make_rig: Make) -> None:
    rig = make_rig(customers=3, items=3, clock=SystemClock())
    rig.restart()
    rig.erp_server.stop()
    process = start(rig, "sync", CONNECTOR, "--json")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert json.loads(out)["flows"]["customer"]["created"] == 0
    (line,) = [text for text in said.splitlines() if "customer" in text]
    assert "location" in line, "said once for all"
    assert "Nothing was lost" in line
    assert re.search(r"127\.0\.0\.1:\d+", line)
    assert "Traceback" not in said
