"""How a scenario is set up and counted: what is done to a hub while one of its rules is missing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from crash_kit import MEASURES, Base, CrashRig, Make
from mutants import applied
from rig import REGISTRY

from hub.runtime import Runtime, build
from hub.seams import Rng, set_crash_hook


@dataclass(slots=True)
class Tally:
    """What a scenario counted. ``other``: harm that is none of the five measures, in words."""

    tries: int = 0
    lost: int = 0
    doubled: int = 0
    backwards: int = 0
    stuck: int = 0
    wasted: int = 0
    other: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True when nothing was harmed."""
        return not (self.lost + self.doubled + self.backwards + self.stuck + self.wasted
                    or self.other)  # fmt: skip

    def add(self, base: Base) -> None:
        """Count one try."""
        self.tries += 1
        for name in MEASURES:
            setattr(self, name, getattr(self, name) + len(getattr(base, name)))

    def also(self, harmed: object, words: str) -> None:
        """Count a harm of another kind."""
        if harmed:
            self.other.append(words)


Scenario = Callable[[Make, str | None, Tally], None]
SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str) -> Callable[[Scenario], Scenario]:
    """Register a scenario under the words that the table shows."""

    def keep(function: Scenario) -> Scenario:
        SCENARIOS[name] = function
        return function

    return keep


def run(name: str, make: Make, mutant: str | None) -> Tally:
    """Run a scenario with all rules (``mutant`` None) or without one."""
    tally = Tally()
    try:
        SCENARIOS[name](make, mutant, tally)
    except AssertionError:
        raise
    except Exception as error:
        if mutant is None:
            raise
        tally.other.append(f"{type(error).__name__}: {str(error)[:80]}")
    finally:
        set_crash_hook(None)
    return tally


def judged(rig: CrashRig, right: Any, tally: Tally) -> None:
    """Let the hub recover and count."""
    set_crash_hook(None)
    rig.store.faults.replace([])
    tally.add(rig.judge(right))


@contextmanager
def at(point: str, action: Callable[[], None], nth: int = 1) -> Iterator[None]:
    """Do something once, when a crash point is passed for the nth time."""
    passed = 0

    def hook(name: str) -> None:
        nonlocal passed
        if name == point:
            passed += 1
            if passed == nth:
                set_crash_hook(None)
                action()

    set_crash_hook(hook)
    try:
        yield
    finally:
        set_crash_hook(None)


@contextmanager
def second_hub(rig: CrashRig) -> Iterator[Runtime]:
    """Another hub on the same home."""
    runtime = build(rig.environ, clock=rig.clock, rng=Rng(2), registry=REGISTRY, keep_alive=True)
    try:
        yield runtime
    finally:
        runtime.close()


def take_over(rig: CrashRig) -> None:
    """The first hub stood still so long that a second one did its work."""
    from hub.runtime.sync import Sync

    rig.clock.sleep(400)
    with second_hub(rig) as other:
        other.mover.sweep()
        Sync(other, "B2B-US").run()


def renamed(rig: CrashRig) -> None:
    """A synced world in which one customer was renamed a first time."""
    rig.fresh()
    rig.run(wait=60)
    rig.put("Customer", "C000002", CustomerName="First Name")


def compared(rig: CrashRig, play: Callable[..., None], mutant: str | None, tally: Tally) -> None:
    """Play without the disturbance for the right end, then with it and without the rule."""
    play(disturbed=False)
    right = rig.contents()
    with applied(mutant):
        play(disturbed=True)
        judged(rig, right, tally)
