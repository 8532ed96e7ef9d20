"""A backup of before is put back and the hub goes on: nothing is doubled, nothing lost (F53, R24)."""

from collections.abc import Iterable
from random import Random

import pytest
from crash_kit import CrashRig, Make, edits

from hub.config import Environment
from hub.runtime import restore
from hub.runtime.backup import make_backup

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3000)]

FLOWS = ("customer", "location", "contact", "inventory")
LOST = {"match": "POST /api/v3/io", "fault": "answer_lost"}


def before_the_backup(rig: CrashRig, rng: Random) -> None:
    """Some of the flows have run, one perhaps with an answer that was lost."""
    for flow in FLOWS[: rng.randint(0, 4)]:
        if rng.random() < 0.3:
            rig.store.faults.replace([LOST | {"nth": rng.randint(1, 3)}])
        rig.run(flow)
        rig.store.faults.replace([])


def after_the_backup(rig: CrashRig, rng: Random) -> None:
    """What the restored database will know nothing of."""
    # The customers always: an address that was changed before the first sync makes another user.
    if rng.random() < 0.2:
        rig.run("customer")
        if "C000003" not in rig.companies():  # they wait for a first one whose answer was lost
            rig.run("customer", wait=3600)
    else:
        rig.run(wait=rng.choice([0, 60, 3600]))
    edits(rig)
    if (
        rng.random() < 0.5
    ):  # changed, delivered and changed back: as in the backup, unlike the store
        name = next(r for r in rig.erp_rows() if r["CustomerID"] == "C000001")["CustomerName"]
        rig.put("Customer", "C000001", CustomerName="For A While")
        rig.run("customer")
        rig.put("Customer", "C000001", CustomerName=name)
    if rng.random() < 0.7:
        if rng.random() < 0.3:
            rig.store.faults.replace([LOST | {"nth": rng.randint(1, 4)}])
        rig.run(*FLOWS[: rng.randint(1, 4)])
        rig.store.faults.replace([])
    rig.clock.sleep(rng.choice([0, 90, 5000]))


def put_back(rig: CrashRig, seed: int) -> None:
    """Backup, life goes on, restore; then a person resumes."""
    rng = Random(seed)
    environment = Environment.load(rig.environ)
    file = rig.home / f"{seed}.backup"
    before_the_backup(rig, rng)
    make_backup(environment, rig.clock, file)
    after_the_backup(rig, rng)
    rig.restart()
    done = restore.restore_backup(environment, rig.clock, file)
    assert done.paused == ["B2B-US"]
    mark = rig.mark()
    rig.run()
    assert not rig.effects(mark), "a restored hub sends nothing until it is resumed"
    connector = rig.query("SELECT id FROM connector")[0].id
    rig.runtime.settings.set_paused(connector, "test", paused=False)


def series(make: Make, seeds: Iterable[int]) -> list[str]:
    rig = make(shared=False)
    rig.fresh()
    rig.run(wait=3600)
    edits(rig)
    rig.run(wait=3600)
    right = rig.contents()
    bad: list[str] = []
    for seed in seeds:
        rig.fresh()
        put_back(rig, seed)
        base = rig.judge(right)
        if not base.clean:
            bad.append(f"seed {seed}: {base}")
    return bad


def test_restored_twice(make_crash_rig: Make) -> None:
    """132: a create whose answer was lost is found with what it was changed to since the backup."""
    assert series(make_crash_rig, [3, 132]) == []


@pytest.mark.slow
def test_restored_three_hundred_times(make_crash_rig: Make) -> None:
    assert series(make_crash_rig, range(300)) == []
