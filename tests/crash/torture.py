"""``make torture``: faults tried, what they did, and the same with each rule removed.

``python tests/crash/torture.py [SEEDS]``; 500 seeds of each kind without a number.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent)]

import scenarios  # noqa: E402 - found beside this file
from crash_kit import CrashRig  # noqa: E402 - these as well
from mutants import MUTANTS  # noqa: E402
from series import Series, answers, answers_lost, kills, lagging, late  # noqa: E402
from test_boundaries import begin, points_of  # noqa: E402

MEASURES = ("lost", "doubled", "backwards", "stuck", "wasted")
HEAD = f"{'':<42}{'tries':>6}{'faults':>8}" + "".join(f"{name:>11}" for name in MEASURES)


@contextmanager
def rigs() -> Iterator[Callable[..., CrashRig]]:
    """Make rigs, one at a time, in a folder that goes away."""
    made: list[CrashRig] = []
    with tempfile.TemporaryDirectory() as folder:

        def make(**options: Any) -> CrashRig:
            while made:
                made.pop().close()
            home = Path(tempfile.mkdtemp(dir=folder))
            made.append(CrashRig(home, **options))
            return made[-1]

        yield make
        for rig in made:
            rig.close()


def boundaries(rig: CrashRig, *, changed: bool) -> Series:
    """SIGKILL at every boundary of a run, one world each (F3)."""
    places = range(1, len(points_of(rig, changed=changed)) + 1)
    begin(rig, changed=changed)
    rig.run(wait=3600)
    right = rig.contents()
    done = Series()
    for nth in places:
        begin(rig, changed=changed)
        done.faults += rig.killed_at(nth)
        done.add(nth, rig.judge(right))
    return done


def show(name: str, done: Series) -> bool:
    """Print a row; True when every seed ended well."""
    sums = [sum(len(getattr(base, one)) for _, base in done.bad) for one in MEASURES]
    print(f"{name:<42}{done.seeds:>6}{done.faults:>8}" + "".join(f"{n:>11}" for n in sums),
          flush=True)  # fmt: skip
    for seed, base in done.bad[:5]:
        print(f"    seed {seed}: {base}")
    return not done.bad


def show_tally(name: str, tally: scenarios.Tally) -> None:
    """Print a row of one scenario."""
    counts = "".join(f"{getattr(tally, one):>11}" for one in MEASURES)
    print(f"{name:<42}{tally.tries:>6}{'':>8}{counts}  {'; '.join(tally.other)}".rstrip(),
          flush=True)  # fmt: skip


def main(seeds: int) -> int:
    """Print both tables. Returns the exit code: 1 when anything was harmed, or a mutant lives."""
    logging.disable(logging.CRITICAL)
    started, well = time.monotonic(), True
    print(f"WITH EVERY RULE, {seeds} seeds of each kind\n{HEAD}")
    with rigs() as make:
        for changed in (False, True):
            name = "F3 kill at every boundary, " + ("changes" if changed else "first sync")
            well &= show(name, boundaries(make(), changed=changed))
        for name, kind in (("F9 answers lost", answers_lost), ("F10 executed late", late),
                           ("F11 answers lost, search index behind", lagging)):  # fmt: skip
            well &= show(name, answers(make(shared=False), kind, range(seeds)))
        well &= show("F4 kill at a random moment", kills(make(), range(seeds)))
        for name in scenarios.SCENARIOS:
            tally = scenarios.run(name, make, None)
            well &= tally.clean
            show_tally(name, tally)
        print(f"\nWITH ONE RULE REMOVED\n{HEAD}")
        for name, mutant in MUTANTS.items():
            tally = scenarios.run(mutant.scenario, make, name)
            if tally.clean:
                well = False
                tally.other.append("NOT NOTICED")
            show_tally(f"{name} ({mutant.rule})", tally)
    print(f"\n{'All well' if well else 'Not well'}, {time.monotonic() - started:.0f} s")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
