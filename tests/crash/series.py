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


def disturbed(seed: int) -> list[dict[str, Any]]:
    """A quarter of the writes goes wrong, in every way that leaves open what was done."""
    chance = random.Random(seed)
    late = {"fault": "late", "after": chance.uniform(1, HOLD - 5)}
    kinds = (
        {"fault": "answer_lost"},
        late,
        {"fault": "truncate"},
        {"fault": "status", "code": 503},
    )
    # Where two would fire the first does: a little more than a quarter of a quarter each.
    return [
        {"match": match, "rate": 0.07, "seed": chance.randrange(10**6), **kind}
        for match in WRITES for kind in kinds
    ]  # fmt: skip


Kind = Callable[[int], list[dict[str, Any]]]


@dataclass(slots=True)
class Series:
    """What a series of seeds did: faults that fired, and the seeds that ended badly."""

    seeds: int = 0
    faults: int = 0
    bad: list[tuple[int, Base]] = field(default_factory=list)

    def add(self, seed: int, base: Base) -> None:
        """Count one seed; a bad one is told at once, for the next hours may be lost."""
        self.seeds += 1
        if not base.clean:
            self.bad.append((seed, base))
            print(f"    seed {seed}: {base}", flush=True)


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
    """One to three SIGKILLs by process id while the sync runs in another process, among trouble.

    The next hub starts at once, within the hold or after it. The moment is so many requests into
    the work, and a little later: chosen by the clock alone it would fall behind the end on a
    machine that has become faster, before the start on a busy one.
    """
    right = wanted(rig, changed=False)
    rig.fresh()
    assert not rig.killed_at(0)
    whole = rig.asked()
    done = Series()
    for seed in seeds:
        chance = random.Random(seed)
        rig.fresh()
        rig.store.faults.replace(disturbed(seed))
        times = 1 + seed % 3
        for _ in range(times):
            moment = rig.asked() + chance.randint(0, whole * 9 // 10 // times)
            process = rig.child()
            while rig.asked() < moment and process.is_alive():
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.01))
            assert process.pid is not None
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                done.faults += 1
            process.join(30)
            rig.clock.sleep(chance.choice((0, 1, 70, 400)))
        rig.store.faults.replace([])
        done.add(seed, rig.judge(right))
    return done
