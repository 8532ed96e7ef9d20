"""F3: SIGKILL at the boundaries of a first sync and of a sync of changes, one case each."""

import pytest
from crash_kit import CrashRig, Make, edits

pytestmark = pytest.mark.crash


def begin(rig: CrashRig, *, changed: bool) -> None:
    rig.fresh()
    if changed:
        rig.run(wait=60)
        edits(rig)


def points_of(rig: CrashRig, *, changed: bool) -> list[str]:
    """The crash points that an undisturbed run passes, in order."""
    begin(rig, changed=changed)
    trace = rig.home / "trace"
    assert not rig.killed_at(0, trace)
    return trace.read_text().split()


def sweep(rig: CrashRig, places: list[int], *, changed: bool) -> int:
    """Kill at each of these boundaries in a world of its own; return how many kills there were."""
    begin(rig, changed=changed)
    rig.run(wait=3600)
    wanted = rig.contents()
    kills, bad = 0, []
    for nth in places:
        begin(rig, changed=changed)
        if not rig.killed_at(nth):
            continue
        kills += 1
        base = rig.judge(wanted)
        if not base.clean:
            bad.append((nth, base))
    print(f"{kills} kills; {len(bad)} ended badly")
    assert not bad, bad
    return kills


@pytest.mark.parametrize("changed", [False, True], ids=["first", "changes"])
def test_each_kind_of_boundary(make_crash_rig: Make, changed: bool) -> None:
    rig = make_crash_rig()
    points = points_of(rig, changed=changed)
    # Of each kind the last that a full list would meet is the one furthest into the work.
    places = sorted({name: n for n, name in enumerate(points, 1)}.values())
    print(f"{len(points)} boundaries, {len(places)} kinds")
    assert len(places) >= 10
    # Every other one, from another end in each sync; ``--slow`` kills at every boundary.
    assert sweep(rig, places[changed::2], changed=changed) >= 4


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "one_by_one"])
@pytest.mark.parametrize("changed", [False, True], ids=["first", "changes"])
def test_every_boundary(make_crash_rig: Make, changed: bool, batch: bool) -> None:
    rig = make_crash_rig(
        customers=8, items=10, messages={"batch": batch, "threshold_count": 0}
    )
    places = list(range(1, len(points_of(rig, changed=changed)) + 1))
    sweep(rig, places, changed=changed)
