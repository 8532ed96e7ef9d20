"""``make torture``: faults tried, what they did, and the same with each rule removed.

``python tests/crash/torture.py [SEEDS] [--rows F4,F9] [--from N] [--postgres]``; 500 seeds of each
kind without a number. ``--rows`` picks by the beginning of a row's name, ``mutants`` is the second
table. Everything lies in memory where there is room: a kill leaves a disk's cache as it is.
"""

import argparse
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

import pg  # noqa: E402 - found beside this folder
import quick  # noqa: E402
import scenarios  # noqa: E402 - found beside this file
from crash_kit import MEASURES, CrashRig, Make  # noqa: E402 - these as well
from mutants import MUTANTS  # noqa: E402
from series import Series, answers, answers_lost, kills, lagging, late  # noqa: E402
from test_boundaries import begin, points_of  # noqa: E402

WIDTH = 42
HEAD = (f"{'':<{WIDTH}}{'tries':>6}{'faults':>8}" + "".join(f"{name:>11}" for name in MEASURES)
        + f"{'seconds':>9}")  # fmt: skip
Row = Callable[[Make, range], Series]


@contextmanager
def rigs(postgres: bool) -> Iterator[Make]:
    """Make rigs, one at a time, in a folder that goes away; on a server of their own if wished."""
    made: list[CrashRig] = []
    cluster = pg.new_cluster() if postgres else None
    if cluster:
        pg.make_template(cluster.url)
    with tempfile.TemporaryDirectory(dir=quick.roomy_memory()) as folder:

        def make(**options: Any) -> CrashRig:
            while made:
                made.pop().close()
            home = Path(tempfile.mkdtemp(dir=folder))
            if cluster:
                options["database"] = pg.new_database(cluster.url)
            made.append(CrashRig(home, **options))
            return made[-1]

        try:
            yield make
        finally:
            for rig in made:
                rig.close()
            if cluster:
                pg.remove(cluster)


def boundaries(*, changed: bool, batch: bool) -> Row:
    """SIGKILL at every boundary of a run, one world each (F3); the seeds do not matter."""

    def tried(make: Make, _seeds: range) -> Series:
        rig = make(messages={"batch": batch, "threshold_count": 0})
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

    return tried


ROWS: dict[str, Row] = {
    **{
        f"F3 kill at every boundary, {what}, {how}": boundaries(changed=changed, batch=batch)
        for what, changed in (("first sync", False), ("changes", True))
        for how, batch in (("batches", True), ("singly", False))
    },
    "F9 answers lost": lambda make, seeds: answers(make(shared=False), answers_lost, seeds),
    "F10 executed late": lambda make, seeds: answers(make(shared=False), late, seeds),
    "F11 answers lost, search index behind":
        lambda make, seeds: answers(make(shared=False), lagging, seeds),
    "F4 1-3 kills, 25 % of writes disturbed": lambda make, seeds: kills(make(), seeds),
}  # fmt: skip


def show(name: str, done: Series, seconds: float) -> bool:
    """Print a row; True when every seed ended well."""
    sums = [sum(len(getattr(base, one)) for _, base in done.bad) for one in MEASURES]
    print(f"{name:<{WIDTH}}{done.seeds:>6}{done.faults:>8}" + "".join(f"{n:>11}" for n in sums)
          + f"{seconds:>9.0f}", flush=True)  # fmt: skip
    return not done.bad


def show_tally(name: str, tally: scenarios.Tally, seconds: float) -> None:
    """Print a row of one scenario."""
    counts = "".join(f"{getattr(tally, one):>11}" for one in MEASURES)
    print(f"{name:<{WIDTH}}{tally.tries:>6}{'':>8}{counts}{seconds:>9.0f}  "
          + "; ".join(tally.other), flush=True)  # fmt: skip


def all_rules(make: Make, picked: Callable[[str], bool], seeds: range) -> bool:
    """Print the first table; True when nothing was harmed."""
    well = True
    for name, row in ROWS.items():
        if picked(name):
            began = time.monotonic()
            well &= show(name, row(make, seeds), time.monotonic() - began)
    for name in filter(picked, scenarios.SCENARIOS):
        began = time.monotonic()
        tally = scenarios.run(name, make, None)
        well &= tally.clean
        show_tally(name, tally, time.monotonic() - began)
    return well


def one_rule_less(make: Make) -> bool:
    """Print the second table; True when the lack of every rule was noticed."""
    well = True
    for name, mutant in MUTANTS.items():
        began = time.monotonic()
        tally = scenarios.run(mutant.scenario, make, name)
        if tally.clean:
            well = False
            tally.other.append("NOT NOTICED")
        show_tally(f"{name} ({mutant.rule})", tally, time.monotonic() - began)
    return well


def told(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Try every fault, and again without each rule.")
    parser.add_argument("seeds", nargs="?", type=int, default=500)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--rows", default="", help="beginnings of names, with commas between")
    parser.add_argument("--postgres", action="store_true", help="the first table on PostgreSQL")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Print both tables. Returns the exit code: 1 when anything was harmed, or a mutant lives."""
    asked = told(arguments)
    beginnings = tuple(part.strip() for part in asked.rows.split(",") if part.strip())

    def picked(name: str) -> bool:
        return not beginnings or name.startswith(beginnings)

    logging.disable(logging.CRITICAL)
    started, well = time.monotonic(), True
    seeds = range(asked.first, asked.first + asked.seeds)
    with rigs(asked.postgres) as make:
        where = "PostgreSQL" if asked.postgres else "SQLite"
        print(f"WITH EVERY RULE, {where}, {asked.seeds} seeds of each kind\n{HEAD}", flush=True)
        well &= all_rules(make, picked, seeds)
        if picked("mutants") and not asked.postgres:
            print(f"\nWITH ONE RULE REMOVED\n{HEAD}", flush=True)
            well &= one_rule_less(make)
    print(f"\n{'All well' if well else 'Not well'}, {time.monotonic() - started:.0f} s")
    return 0 if well else 1


if __name__ == "__main__":
    del __file__  # else each child process would begin with all of the imports above
    sys.exit(main(sys.argv[1:]))
