"""What is done to a hub while one of its rules is missing, and what is counted afterwards."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from apscheduler.schedulers import base as apscheduler_base
from apscheduler.triggers import interval as apscheduler_interval
from crash_kit import Base, CrashRig, Make, edits
from mutants import applied
from rig import REGISTRY
from series import late, wanted
from sqlalchemy import text

from hub.engine.context import load_context
from hub.engine.reading import Reading, read_source
from hub.gate.session import GateSession
from hub.runtime import Runtime, build
from hub.scheduler import loop
from hub.seams import Rng, SystemClock, set_crash_hook


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
        for name in ("lost", "doubled", "backwards", "stuck", "wasted"):
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


# -- killed


def killed(
    make: Make, mutant: str | None, tally: Tally, point: str, times: tuple[int, ...], *,
    changed: bool = False, before: tuple[str, ...] = (), faults: tuple[dict[str, Any], ...] = (),
) -> None:  # fmt: skip
    """Kill at the nth passing of one crash point, one world per n; then recover and judge."""
    rig = make()
    right = wanted(rig, changed=changed)
    for nth in times:
        rig.fresh()
        if changed or before:
            rig.run(*before, wait=60)
        if changed:
            edits(rig)
        rig.store.faults.replace(list(faults))
        rig.mutant = mutant or ""
        rig.killed_at_point(point, nth)
        with applied(mutant):
            rig.run()
            rig.clock.sleep(400)
            judged(rig, right, tally)


@scenario("killed before a page is stored")
def _killed_at_page(make: Make, mutant: str | None, tally: Tally) -> None:
    killed(make, mutant, tally, "page.before_commit", (1, 2, 3), changed=True)


@scenario("killed between settlements")
def _killed_at_settlement(make: Make, mutant: str | None, tally: Tally) -> None:
    """Counts what was written more often than without the kill, too."""
    rig = make()

    def begin() -> None:
        rig.fresh()
        rig.run(wait=60)
        edits(rig)

    begin()
    mark = rig.mark()
    rig.run(wait=3600)
    right, usual = rig.contents(), len(rig.effects(mark))
    for nth in (1, 2, 3, 4):
        begin()
        mark = rig.mark()
        rig.mutant = mutant or ""
        rig.killed_at_point("settle.after_commit", nth)
        with applied(mutant):
            rig.run(wait=3600)
            tally.wasted += max(0, len(rig.effects(mark)) - usual)
            judged(rig, right, tally)


@scenario("killed in mid-batch")
def _killed_in_batch(make: Make, mutant: str | None, tally: Tally) -> None:
    killed(make, mutant, tally, "call.after_answer", (1, 3))


@scenario("killed while a create runs late")
def _killed_while_late(make: Make, mutant: str | None, tally: Tally) -> None:
    fault = {"match": "POST /api/v3/io/addresses", "fault": "late", "after": 60}
    killed(make, mutant, tally, "settle.before_commit", (1, 2, 3), before=("customer",),
           faults=(fault,))  # fmt: skip


# -- answers


@scenario("answers late")
def _answers_late(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)
    right = wanted(rig, changed=False)
    for seed in range(12):
        rig.fresh()
        with applied(mutant):
            rig.store.faults.replace(late(seed))
            rig.run(wait=3600)
            judged(rig, right, tally)


@scenario("changed while unknown")
def _changed_while_unknown(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)

    def play(*, disturbed: bool) -> None:
        rig.fresh()
        rig.run("customer", wait=60)
        if disturbed:
            rig.store.faults.replace([{"match": "POST /api/v3/io/addresses", "fault": "late",
                                       "after": 75, "nth": 2}])  # fmt: skip
        rig.run("location")
        for row in rig.erp_rows("CustomerLocation"):
            with rig.erp.lock:
                rig.erp.put_row("CustomerLocation", f"{row['Customer']}/{row['LocationID']}",
                                {"LocationName": f"Now {row['LocationID']}"})  # fmt: skip
        rig.run("location")
        rig.run(wait=3600)

    play(disturbed=False)
    right = rig.contents()
    with applied(mutant):
        if mutant:
            rig.fresh()
            for home in (rig.home / "saved", rig.home / "home"):
                forget_index(home)
        play(disturbed=True)
        judged(rig, right, tally)


def forget_index(home: Path) -> None:
    """Without the rule there is no unique index over the running rows either."""
    runtime = build({"HUB_HOME": str(home)})
    with runtime.database.begin() as connection:
        connection.execute(text("DROP INDEX IF EXISTS message_running"))
    runtime.close()


# -- stalled


@scenario("stalled before the send")
def _stalled_before_send(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)
    right = wanted(rig, changed=False)
    rig.fresh()
    rig.run("customer", wait=60)
    original = GateSession._permit
    stalled: list[bool] = []

    def permit(self: GateSession, call: Any) -> Any:
        if call.method == "POST" and "addresses" in call.path and not stalled:
            stalled.append(True)
            take_over(rig)
        return original(self, call)

    with applied(mutant), patch.object(GateSession, "_permit", permit):
        rig.run("location")
        assert stalled
        judged(rig, right, tally)


@scenario("stalled before the settlement")
def _stalled_before_settlement(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False, features={"customer": {}})

    def play(*, disturbed: bool) -> None:
        rig.fresh()
        rig.run(wait=60)
        rig.put("Customer", "C000002", CustomerName="First Name")

        def meanwhile() -> None:
            rig.put("Customer", "C000002", CustomerName="Second Name")
            take_over(rig)

        if disturbed:
            with at("settle.before_commit", meanwhile):
                rig.run()
        else:
            rig.put("Customer", "C000002", CustomerName="Second Name")
        rig.run(wait=3600)

    play(disturbed=False)
    right = rig.contents()
    with applied(mutant):
        play(disturbed=True)
        judged(rig, right, tally)


# -- order of readings


def read(rig: CrashRig, flow: str, *, between: Callable[[], None] = lambda: None) -> None:
    """A second reading of a flow beside the one under way, as a webhook's fetch would be.

    ``between`` happens after the source was asked and before the page is stored.
    """
    tools = rig.runtime.tools
    context = load_context(tools, rig.flow_id(flow))
    source = context.source
    with tools.gate.open(source.facts, source.plugin, source.settings) as opened:
        pages = list(source.plugin.extract(opened.client, source.action, window(context)))
        between()
        with patch.object(type(source.plugin), "extract", lambda *_a: iter(pages)):
            read_source(tools, context, opened.client, Reading(full=True), run_id=0,
                        should_stop=lambda: False, on_page=lambda *_a: None)  # fmt: skip


def window(context: Any) -> Any:
    from hub.sdk import Window

    return Window(preferences=context.preferences, lag=context.lag_seconds)


@scenario("changed while in flight")
def _changed_in_flight(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False, features={"customer": {}})

    def play(*, disturbed: bool) -> None:
        rig.fresh()
        rig.run(wait=60)
        rig.put("Customer", "C000002", CustomerName="First Name")

        def meanwhile() -> None:
            rig.put("Customer", "C000002", CustomerName="Second Name")
            read(rig, "customer")
            rig.clock.sleep(1000)  # further than any overlap reaches back
            read(rig, "customer")

        if disturbed:
            with at("call.after_answer", meanwhile):
                rig.run()
        else:
            meanwhile()
        rig.run(wait=3600)

    play(disturbed=False)
    right = rig.contents()
    with applied(mutant):
        play(disturbed=True)
        judged(rig, right, tally)


@scenario("older fetch after newer poll")
def _older_fetch(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False, features={"customer": {}})

    def play(*, disturbed: bool) -> None:
        rig.fresh()
        rig.run(wait=60)
        rig.put("Customer", "C000002", CustomerName="First Name")

        def newer() -> None:
            rig.put("Customer", "C000002", CustomerName="Second Name")
            read(rig, "customer")

        if disturbed:
            read(rig, "customer", between=newer)
        else:
            newer()
        rig.runtime.mover.deliver(rig.flow_id("customer"))

    play(disturbed=False)
    right = rig.contents()
    with applied(mutant):
        play(disturbed=True)
        tally.backwards += rig.contents() != right
        tally.tries += 1


class Behind:
    """The clock of a machine that is so many seconds behind."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def now(self) -> datetime:
        return self._clock.now() - timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return float(self._clock.monotonic())

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


@scenario("hub's clock ahead")
def _clock_ahead(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)

    def play() -> None:
        rig.fresh()
        rig.erp.clock = Behind(rig.clock, 900)
        rig.run(wait=60)
        edits(rig)
        rig.run(wait=3600)

    play()
    right = rig.contents()
    with applied(mutant):
        play()
        judged(rig, right, tally)


@scenario("committed late")
def _committed_late(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)
    rig.fresh()
    rig.run(wait=60)
    rig.put("Customer", "C000002", CustomerName="Saved Late")
    rig.run(wait=3600)
    right = rig.contents()
    with applied(mutant):
        rig.fresh()
        rig.run(wait=60)
        rig.erp.faults.replace([{"match": "* /", "fault": "late_commit", "seconds": 200}])
        rig.put("Customer", "C000002", CustomerName="Saved Late")
        rig.clock.sleep(30)
        rig.run()
        rig.clock.sleep(180)
        rig.erp.faults.replace([])
        rig.erp.rows("Customer")
        rig.run()
        judged(rig, right, tally)


@scenario("rows leave while paging")
def _rows_leave(make: Make, mutant: str | None, tally: Tally) -> None:
    from mutants import small_pages

    rig = make(shared=False, customers=14, features={"customer": {}})

    def play(*, early: bool) -> None:
        rig.fresh()
        if early:
            rig.erp.delete_row("Customer", "C000001")
        execute, left = rig.erp.execute, []

        def heard(request: Any) -> Any:
            answer = execute(request)
            if "/Customer" in request.path and request.method == "GET" and not left and not early:
                left.append(True)
                rig.erp.delete_row("Customer", "C000001")
            return answer

        rig.erp.execute = heard
        rig.run(wait=3600)

    with small_pages():
        play(early=True)
        right = rig.contents()
    with small_pages() if mutant is None else applied(mutant):
        play(early=False)
        found = rig.contents()
    tally.lost += sum(key not in found for key in right)
    tally.tries += 1


# -- connection and budgets


@scenario("store says wait for days")
def _store_down(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)
    right = wanted(rig, changed=False)
    rig.fresh()
    with applied(mutant):
        rig.store.faults.replace([{"match": "POST /", "fault": "status", "code": 429,
                                   "headers": {"Retry-After": "30"}, "body": ""}])  # fmt: skip
        for _ in range(24):
            rig.run()
            rig.clock.sleep(3 * 3600)
        parked = len(rig.messages("parked"))
        rig.store.faults.replace([])
        rig.clock.sleep(3600)
        rig.run(wait=8 * 3600)
        usual = len([m for m in rig.messages("parked").values() if m.attempts <= 1])
        tally.also(parked > usual, f"{parked - usual} healthy records parked")
        judged(rig, right, tally)


@scenario("store down, counted calls")
def _calls_while_down(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)
    rig.fresh()
    with applied(mutant):
        rig.store.faults.replace([{"match": "* /", "fault": "status", "code": 503}])
        before = sum(rig.store.stats.requests.values())
        for _ in range(120):
            rig.run()
            rig.clock.sleep(60)
        calls = sum(rig.store.stats.requests.values()) - before
    tally.tries += 1
    tally.also(calls > 60, f"{calls} calls to a store that was down for two hours")


@scenario("one poison in a batch")
def _one_poison(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False, customers=14, features={"customer": {}})

    def play() -> None:
        rig.fresh()
        execute = rig.store.execute

        def refusing(request: Any) -> Any:
            if request.method == "POST" and b"C000005" in (request.body or b""):
                from hub.sdk.simulation import SimResponse

                said = {"code": 422, "data": {}, "meta": {"message": "companyPhone is wrong"}}
                return SimResponse.json(said, 422)
            return execute(request)

        rig.store.execute = refusing
        rig.run(wait=3600)

    play()
    right = rig.contents()
    with applied(mutant):
        play()
        found = rig.contents()
    tally.tries += 1
    tally.lost += sum(key not in found for key in right)


@scenario("bindings lost")
def _bindings_lost(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)
    right = wanted(rig, changed=False)
    with rig.runtime.database.begin() as connection:
        connection.execute(text("DELETE FROM binding"))
        connection.execute(text("UPDATE flow_state SET content_hash = NULL, canonical_hash = NULL"))
    with applied(mutant):
        rig.run(mode="full", wait=3600)
        judged(rig, right, tally)


@scenario("two processes, one quota")
def _one_quota(make: Make, mutant: str | None, tally: Tally) -> None:
    """A vendor that tells nothing of its quota in its answers."""
    rig = make(shared=False, store={"quotas": {"b2b": (20, 30.0)}})
    execute = rig.store.execute

    def silent(request: Any) -> Any:
        answer = execute(request)
        answer.headers[:] = [(n, v) for n, v in answer.headers if not n.lower().startswith("x-")]
        return answer

    rig.store.execute = silent
    with applied(mutant), second_hub(rig) as other:
        hubs = [rig.runtime.tools, other.tools]
        context = load_context(hubs[0], rig.flow_id("customer"))
        target = context.target
        for turn in range(80):
            with hubs[turn % 2].gate.open(target.facts, target.plugin, target.settings) as opened:
                opened.client.read("b2b", "/companies", (("limit", "1"),))
        refused = rig.store.stats.refused
    tally.tries += 1
    tally.also(refused, f"{refused} calls refused")


@scenario("eight writers")
def _eight_writers(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False)
    database, failed = rig.runtime.database, []
    count, rounds = 8, 25
    with database.begin() as connection:
        connection.execute(text("INSERT INTO lease (name, owner, until) VALUES ('n', '0', 0)"))

    def add() -> None:
        for _ in range(rounds):
            try:
                with database.begin() as connection:
                    seen = connection.execute(
                        text("SELECT owner FROM lease WHERE name = 'n'")
                    ).scalar_one()
                    connection.execute(text("UPDATE lease SET owner = :next WHERE name = 'n'"),
                                       {"next": str(int(seen) + 1)})  # fmt: skip
            except Exception as error:
                failed.append(error)

    with applied(mutant):
        threads = [threading.Thread(target=add) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with database.begin() as connection:
        made = int(connection.execute(text("SELECT owner FROM lease WHERE name='n'")).scalar_one())
    tally.tries += 1
    tally.also(failed, f"{len(failed)} of {count * rounds} transactions failed")
    tally.also(made != count * rounds - len(failed), "increments lost without an error")


@scenario("clock set back an hour")
def _clock_set_back(_make: Make, mutant: str | None, tally: Tally) -> None:
    shift = timedelta()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + shift

    class SetBack(SystemClock):
        def now(self) -> datetime:
            return super().now() + shift

    ticks: list[float] = []
    with (
        applied(mutant),
        patch.object(apscheduler_base, "datetime", Shifted),
        patch.object(apscheduler_interval, "datetime", Shifted),
        patch.object(loop, "TICK_SECONDS", 0.1),
        patch.object(loop, "WATCH_SECONDS", 0.1),
    ):
        clock = loop.SchedulerLoop(SetBack(), lambda: ticks.append(time.monotonic()))
        clock.start()
        time.sleep(0.5)
        shift = timedelta(hours=-1)
        time.sleep(0.3)
        before = len(ticks)
        time.sleep(0.9)
        clock.stop()
    tally.tries += 1
    tally.also(len(ticks) == before, "the clock stood still after it was set back")
