"""Lost answers, late execution and kills at random moments, by seed: lost 0, doubled 0 (F4, F9-F11).

``--slow`` runs 200 seeds of each kind instead of 20.
"""

import os
import random
import signal
import time
from typing import Any

import pytest
from crash_kit import CrashRig, Make, edits

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3000)]

SEEDS = 20
HOLD = 90
WRITES = ("POST /api/v3/io/", "PUT /api/v3/io/")


def answers_lost(seed: int) -> list[dict[str, Any]]:
    """The store does what was asked, and the answer is cut off."""
    return [
        {"match": match, "rate": 0.35, "seed": seed * 10 + n, "fault": "answer_lost"}
        for n, match in enumerate(WRITES)
    ]


def late(seed: int) -> list[dict[str, Any]]:
    """Cut at once; done between 1 s and hold − 5 s after the client gave up."""
    chance = random.Random(seed)
    return [
        {"match": match, "rate": 0.1, "seed": chance.randrange(10**6), "fault": "late",
         "after": chance.uniform(1, HOLD - 5)}
        for match in WRITES for _ in range(3)
    ]  # fmt: skip


def lagging(seed: int) -> list[dict[str, Any]]:
    """Answers lost while the search index stays up to 30 s behind."""
    lag = {"match": "* /", "fault": "index_lag", "seconds": random.Random(seed).uniform(1, 30)}
    return [*answers_lost(seed), lag]


def series(config: pytest.Config, seeds: int = SEEDS) -> range:
    return range(seeds * 10 if config.getoption("--slow") else seeds)


def wanted(rig: CrashRig, *, changed: bool) -> dict[tuple[str, str], Any]:
    rig.fresh()
    rig.run(wait=3600)
    if changed:
        edits(rig)
        rig.run(wait=3600)
    return rig.contents()


@pytest.mark.parametrize(("kind", "seeds"), [(answers_lost, 20), (late, 20), (lagging, 6)])
def test_no_answer_loses_or_doubles_anything(
    make_crash_rig: Make, request: pytest.FixtureRequest, kind: Any, seeds: int
) -> None:
    rig = make_crash_rig(shared=False, customers=6, items=4)
    right = {changed: wanted(rig, changed=changed) for changed in (False, True)}
    bad, cut = [], 0
    for seed in series(request.config, seeds):
        changed = seed % 2 == 1
        rig.fresh()
        rig.store.faults.replace(kind(seed))
        rig.run(wait=3600)
        if changed:
            edits(rig)
            rig.run(wait=3600)
        rig.store.faults.replace([])
        cut += rig.store.stats.by_status[0]
        base = rig.judge(right[changed])
        if not base.clean:
            bad.append((seed, base))
    print(f"{kind.__name__}: {cut} answers cut, {len(bad)} seeds ended badly")
    assert cut > seeds
    assert not bad, bad


def test_a_kill_at_a_random_moment(make_crash_rig: Make, request: pytest.FixtureRequest) -> None:
    """SIGKILL by process id while the sync runs in another process; two kills on every third seed.

    The moment is so many requests into the work, and a little later: chosen by the clock alone it
    would fall behind the end on a machine that has become faster, before the start on a busy one.
    """
    rig = make_crash_rig()
    right = wanted(rig, changed=False)
    rig.fresh()
    assert not rig.killed_at(0)
    whole = rig.asked()
    bad, kills = [], 0
    for seed in series(request.config):
        chance = random.Random(seed)
        rig.fresh()
        for _ in range(1 + (seed % 3 == 0)):
            moment = rig.asked() + chance.randint(0, whole - whole // 10)
            process = rig.child()
            while rig.asked() < moment and process.is_alive():
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.01))
            assert process.pid is not None
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
            process.join(30)
        base = rig.judge(right)
        if not base.clean:
            bad.append((seed, base))
    print(f"{kills} kills, {len(bad)} seeds ended badly")
    assert kills >= SEEDS * 3 // 4
    assert not bad, bad
