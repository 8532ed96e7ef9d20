"""F28, F29, F30 with two processes of eight workers each, on PostgreSQL and a real clock."""

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from gate_child import CALLS, SECONDS
from gate_kit import answer, vendor

from hub.seams import SystemClock
from hub.store.database import Database
from hub.store.tables import Connection

pytestmark = pytest.mark.postgres
HERE = Path(__file__).parent
ARRIVES = 0.5
"""Seconds that a refusal may take to reach every process: what was sent meanwhile is on its way."""


class Shop:
    """A vendor with fixed windows that may refuse everything for a while (a storm)."""

    def __init__(self, form="reset", stranger=0, storms=()):
        self.form, self.stranger, self.storms = form, stranger, list(storms)
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.start, self.used = -1e9, 0
        self.served = self.refused = self.late = 0
        self.wait = (0.0, 0.0)
        self.windows = []

    def __call__(self, _request, _sock):
        with self.lock:
            now = time.monotonic()
            if self.wait[0] + ARRIVES < now < self.wait[1]:
                self.late += 1
            if now >= self.start + SECONDS:
                self.start, self.used = now, 0
                self.windows.append(0)
            if self.stranger:  # the other application takes one for each of ours
                self.used = min(CALLS, self.used + self.stranger)
            left = self.start + SECONDS - now
            storm = next((s for s in self.storms if 0 <= now - self.began - s[0] < s[1]), None)
            if storm is not None or self.used >= CALLS:
                self.refused += 1
                pause = left if storm is None else storm[0] + storm[1] - (now - self.began)
                return self.refusal(now, pause)
            self.used += 1
            self.served += 1
            self.windows[-1] += 1
            return answer(200, **self.head(left))

    def head(self, left):
        return {
            "X_Limit": CALLS, "X_Left": CALLS - self.used, "X_Reset_Ms": int(left * 1000)
        }  # fmt: skip

    def refusal(self, now, pause):
        said = {}
        if self.form == "seconds":
            pause = float(int(pause) + 1)
            said = {"Retry_After": int(pause)}
        elif self.form == "date":
            until = datetime.fromtimestamp(int(time.time() + pause) + 1, UTC)
            pause = until.timestamp() - time.time()
            said = {"Retry_After": format_datetime(until, usegmt=True)}
        elif self.form == "reset":
            said = {"X_Limit": CALLS, "X_Left": 0, "X_Reset_Ms": int(pause * 1000)}
        if said and now >= self.wait[1]:
            self.wait = (now, now + pause - 0.02)
        return answer(429, b"<html>" if self.form == "none" else b"{}", **said)


def storm(url, shop, seconds, threads=8, processes=2):
    database = Database(url, SystemClock())
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    with database.write() as session:
        session.add(
            Connection(id=1, key="erp", plugin="fake", created_at=moment, updated_at=moment)
        )
    database.close()
    with vendor(shop) as server:
        shop.began = time.monotonic()
        children = [
            subprocess.Popen(
                [sys.executable, str(HERE / "gate_child.py"), url, server.url, str(n),
                 str(seconds), str(threads)],
                stdout=subprocess.PIPE, text=True, env=dict(os.environ),
            )
            for n in range(processes)
        ]  # fmt: skip
        said = [json.loads(child.communicate(timeout=seconds + 60)[0]) for child in children]
    total = shop.served + shop.refused
    print(
        f"\n{shop.form}, stranger {shop.stranger}, storms {shop.storms}: served {shop.served}, "
        f"refused {shop.refused} ({100 * shop.refused / total:.1f} %), sent in a pause "
        f"{shop.late}, windows {shop.windows}, {said}"
    )
    return total


@pytest.mark.slow
def test_two_processes_of_eight_workers_stay_within_the_quota(pg_url):
    shop = Shop()
    total = storm(pg_url, shop, seconds=8)
    whole = shop.windows[1:-1]
    assert shop.refused <= 0.02 * total
    assert sum(whole) >= 0.9 * 0.9 * CALLS * len(whole), "the share is used"


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("form", ["seconds", "date", "reset", "none"])
def test_a_storm_of_refusals_is_waited_out_by_everybody(pg_url, form):
    """Three times everything is refused for 2 s, with the wait said in this form."""
    shop = Shop(form, storms=[(3, 2), (12, 2), (21, 2)])
    total = storm(pg_url, shop, seconds=30)
    assert shop.late == 0
    assert shop.refused <= 0.1 * total
    assert shop.served >= 0.3 * 0.9 * 30 * CALLS


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("form", ["reset", "none"])
def test_another_application_eats_half(pg_url, form):
    shop = Shop(form, stranger=1)
    total = storm(pg_url, shop, seconds=20)
    assert shop.late == 0
    assert shop.refused <= 0.02 * total
    whole = shop.windows[1:-1]
    assert sum(whole) >= 0.8 * 0.45 * CALLS * len(whole)
