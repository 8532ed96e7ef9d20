"""Killed, answered late, stalled."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

from crash_kit import Make, edits
from mutants import applied
from scenario_kit import Tally, at, compared, judged, renamed, scenario, take_over
from series import late, wanted
from sqlalchemy import text

from hub.gate.session import GateSession
from hub.runtime import build


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
        renamed(rig)

        def meanwhile() -> None:
            rig.put("Customer", "C000002", CustomerName="Second Name")
            take_over(rig)

        if disturbed:
            with at("settle.before_commit", meanwhile):
                rig.run()
        else:
            rig.put("Customer", "C000002", CustomerName="Second Name")
        rig.run(wait=3600)

    compared(rig, play, mutant, tally)
