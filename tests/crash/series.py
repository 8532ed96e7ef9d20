"""Lost answers, late execution and kills at random moments, seed by seed (F4, F9-F11)."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from crash_kit import Base, CrashRig, edits

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


Kind = Callable[[int], list[dict[str, Any]]]


@dataclass(slots=True)
class Series:
    """What a series of seeds did: faults that fired, and the seeds that ended badly."""

    seeds: int = 0
    faults: int = 0
    bad: list[tuple[int, Base]] = field(default_factory=list)

    def add(self, seed: int, base: Base) -> None:
        """Count one seed."""
        self.seeds += 1
        if not base.clean:
            self.bad.append((seed, base))


def wanted(rig: CrashRig, *, changed: bool) -> dict[tuple[str, str], Any]:
    rig.fresh()
    rig.run(wait=3600)
    if changed:
        edits(rig)
        rig.run(wait=3600)
    return rig.contents()


def answers(rig: CrashRig, kind: Kind, seeds: Iterable[int]) -> Series:
    """Answers of the store go wrong; odd seeds go on with changes of every kind."""
    right: dict[bool, Any] = {}
    done = Series()
    for seed in seeds:
        changed = seed % 2 == 1
        if changed not in right:
            right[changed] = wanted(rig, changed=changed)
        rig.fresh()
        rig.store.faults.replace(kind(seed))
        rig.run(wait=3600)
        if changed:
            edits(rig)
            rig.run(wait=3600)
        rig.store.faults.replace([])
        done.faults += rig.store.stats.by_status[0]
        done.add(seed, rig.judge(right[changed]))
    return done


def kills(rig: CrashRig, seeds: Iterable[int]) -> Series:
    """SIGKILL by process id while the sync runs in another process; two on every third seed.

    The moment is so many requests into the work, and a little later: chosen by the clock alone it
    would fall behind the end on a machine that has become faster, before the start on a busy one.
    """
    right = wanted(rig, changed=False)
    rig.fresh()
    assert not rig.killed_at(0)
    whole = rig.asked()
    done = Series()
    for seed in seeds:
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
                done.faults += 1
            process.join(30)
        done.add(seed, rig.judge(right))
    return done
