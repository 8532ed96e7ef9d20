"""Trouble of connections, budgets, quotas, writers and clocks."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from apscheduler.schedulers import base as apscheduler_base
from apscheduler.triggers import interval as apscheduler_interval
from crash_kit import Make
from mutants import applied
from scenario_kit import Tally, judged, scenario, second_hub
from series import wanted
from sqlalchemy import text

from hub.engine.context import load_context
from hub.scheduler import loop
from hub.seams import SystemClock


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
                    time.sleep(0.001)  # the turn of another, whatever else the machine does
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
