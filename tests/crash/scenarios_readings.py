"""Readings that overtake each other, late commits, clocks apart, moving pages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from crash_kit import CrashRig, Make, edits
from mutants import applied
from scenario_kit import Tally, at, compared, judged, renamed, scenario

from hub.engine.context import load_context
from hub.engine.reading import Reading, read_source


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
        renamed(rig)

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

    compared(rig, play, mutant, tally)


@scenario("older fetch after newer poll")
def _older_fetch(make: Make, mutant: str | None, tally: Tally) -> None:
    rig = make(shared=False, features={"customer": {}})

    def play(*, disturbed: bool) -> None:
        renamed(rig)

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
