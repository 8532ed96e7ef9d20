"""LOAD: an end that nobody knows is UNKNOWN, whatever it looks like."""

from collections.abc import Iterator
from typing import Any

from hub.sdk import ActionType, AmbiguousWrite, Direction, HubError, LoadItem, LoadResult, Outcome
from hub.testing.kit import Kit
from hub.testing.rules import broken, check
from hub.testing.wire import Sent
from hub.testing.world import World

FOREVER = 100_000
OPEN_ENDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("answer_lost", "was done and its answer lost", {}),
    ("reset", "was cut after it was sent", {}),
    ("truncate", "was answered by half an answer", {}),
    ("html", "was answered 200 with a web page", {}),
    ("slow", "was answered after its time-out", {"seconds": FOREVER}),
    ("status", "was answered 504 by a gateway", {"code": 504}),
)


@check(
    "unknown-when-ambiguous",
    "A write whose end is not known is UNKNOWN: answer lost, connection cut, half an answer, a web "
    "page, a time-out, a gateway's error.",
    "Let AmbiguousWrite of the session become UNKNOWN for the items of that call, and answer "
    "UNKNOWN for what cannot be read and for 5xx of a gateway: never RETRY, REJECTED or "
    "ConnectionTrouble after something was sent.",
)
def unknown_when_ambiguous(kit: Kit) -> None:
    """Let the write of a create, then of an update, end in each open way."""
    for action in kit.actions(Direction.LOAD):
        for update in (False, True) if action.creates else (True,):
            call = _write(kit, action, update=update)
            for fault, words, more in OPEN_ENDS:
                result = _tried(kit, action, call, fault, more, update=update)
                if result != Outcome.UNKNOWN.value:
                    kind = "update" if update else "create"
                    broken(f"A {kind} of {action.key} {words} and ended as {result}.")


def _item(world: World, client: Any, action: ActionType, *, update: bool) -> LoadItem:
    """Return a record that is new over there, or one that stands there already."""
    (item,) = world.new_items(client, action, 2)
    if update and action.creates:
        (done,) = world.delivered(client, action, [item])
        return world.item(client, action, 2, done.external_id)
    return item


def _write(kit: Kit, action: ActionType, *, update: bool) -> Sent:
    """Return the first write of a healthy delivery: the call that goes wrong later."""
    world = kit.world()
    with world.client() as client:
        item = _item(world, client, action, update=update)
        start = len(world.sent)
        world.load(client, action, [item])
        call = next((c for c in world.sent[start:] if c.writes), None)
    if call is None:
        broken(
            f"Delivering a record of {action.key} sent no call with writes=.",
            "Pass writes=[the items of this call] to http.request.",
        )
    return call


def _tried(
    kit: Kit, action: ActionType, call: Sent, fault: str, more: dict[str, Any], *, update: bool
) -> str:
    world = kit.world()
    with world.client() as client:
        item = _item(world, client, action, update=update)
        world.fault(fault, f"{call.method} {call.path}", **more)
        try:
            (result,) = world.load(client, action, [item])
        except AmbiguousWrite:
            return Outcome.UNKNOWN.value
        except HubError as error:
            return f"{type(error).__name__} ({error})"
        finally:
            world.heal()
    return result.outcome.value + (" that claims to be answered" if _claims(result) else "")


def _claims(result: LoadResult) -> bool:
    """``answered`` says that no hold is needed, which is wrong when no answer came."""
    return result.outcome is Outcome.UNKNOWN and result.answered


@check(
    "batch-survives-open-end",
    "When one call of a batch ends openly, the records of its other calls keep their own results.",
    "Where a batch takes several calls, catch AmbiguousWrite around each call; what was not sent "
    "any more is NOT_SENT.",
    "silver",
)
def batch_survives_open_end(kit: Kit) -> None:
    """Lose the first answer of a batch."""
    for action in kit.actions(Direction.LOAD):
        call = _write(kit, action, update=not action.creates)
        world = kit.world()
        with world.client() as client:
            items = world.new_items(client, action, *_numbers(action))
            world.fault("answer_lost", f"{call.method} {call.path}", nth=1)
            try:
                results = world.load(client, action, items)
            except AmbiguousWrite:
                sent = {i.key for c in world.sent for i in c.writes}
                if sent >= {item.key for item in items}:
                    continue
                broken(
                    f"hub_load of {action.key} raised for a batch of which not all was sent: "
                    "the hub cannot tell what is open."
                )
        for problem in _left(action, world, items, results):
            broken(problem)


def _numbers(action: ActionType) -> range:
    return range(1, min(3, action.batch_size) + 1)


def _left(
    action: ActionType, world: World, items: list[LoadItem], results: list[LoadResult]
) -> Iterator[str]:
    first = next(c for c in world.sent if c.writes and c.status is None)
    lost = {item.key for item in first.writes}
    for item, result in zip(items, results, strict=True):
        if item.key in lost and result.outcome is not Outcome.UNKNOWN:
            yield f"{action.key} {item.key} was in the lost call and ended as {result.outcome.value}."
        if item.key not in lost and result.outcome is Outcome.UNKNOWN:
            yield f"{action.key} {item.key} was not in the lost call but ended as unknown."
