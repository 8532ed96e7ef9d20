"""LOAD: one result per record, bad ones alone, every write named."""

from dataclasses import replace
from typing import Any

from hub.sdk import ActionType, Direction, HubError, LoadItem, LoadResult, Outcome
from hub.testing.kit import Kit
from hub.testing.rules import NotApplicable, broken, check
from hub.testing.world import World


def batch(world: World, client: Any, action: ActionType, count: int = 3) -> list[LoadItem]:
    """Return healthy records: as many as one batch of the action may hold, at most ``count``."""
    most = min(count, action.batch_size)
    return world.new_items(client, action, *range(1, most + 1))


@check(
    "results-in-order",
    "hub_load returns one result per record in the order of the batch, and each record arrives "
    "once.",
    "Build the list of results from the batch itself: one per item, CREATED with the platform's id "
    "for a new one. Where a bulk answer does not tie ids to records, answer UNKNOWN with "
    "answered=True; the hub then searches.",
)
def results_in_order(kit: Kit) -> None:
    """Deliver healthy batches and compare with the journal."""
    for action in kit.actions(Direction.LOAD):
        world = kit.world()
        with world.client() as client:
            items = batch(world, client, action)
            before = len(world.created(world.sample(action).entity))
            done = world.delivered(client, action, items)
        ids = [item.external_id for item in done]
        if len(set(ids)) < len(ids):
            broken(f"Two records of {action.key} got the same id: {', '.join(map(str, ids))}.")
        made = world.created(world.sample(action).entity)[before:]
        if action.creates and len(made) != len(items):
            broken(
                f"{len(items)} records of {action.key} made {len(made)} rows.",
                "Send each record once. If the rows are right, let the simulator write one "
                "journal entry per record.",
            )


def bad_item(world: World, client: Any, action: ActionType) -> tuple[LoadItem, str]:
    """Return a record that the platform refuses, and the field that it complains of."""
    sample = world.sample(action)
    if not sample.refused:
        broken(
            f"The sample load:{action.key} does not say what this platform refuses.",
            "Give it refused={field: bad value} and refused_field='…', the field that the platform "
            "complains of (left out where it names none).",
        )
    (item,) = world.new_items(client, action, 9)
    payload = {**item.payload, **sample.refused}
    return replace(item, payload=payload), sample.refused_field


@check(
    "bad-record-isolated",
    "A record that the platform refuses never raises, and its batch-mates arrive.",
    "Catch what concerns one record and answer REJECTED for it; raise only what concerns the whole "
    "connection, and after the first sent record answer NOT_SENT for the rest instead.",
)
def bad_record_isolated(kit: Kit) -> None:
    """Put a bad record among good ones, alone and in the middle."""
    for action in kit.actions(Direction.LOAD):
        world = kit.world()
        with world.client() as client:
            bad, _ = bad_item(world, client, action)
            for items in ([bad], _around(batch(world, client, action), bad)):
                _deliver(world, client, action, items, bad)


def _around(good: list[LoadItem], bad: LoadItem) -> list[LoadItem]:
    return [*good[:1], bad, *good[1:2]] if len(good) > 1 else [bad]


def _deliver(
    world: World, client: Any, action: ActionType, items: list[LoadItem], bad: LoadItem
) -> None:
    try:
        results = world.deliver(client, action, items)
    except HubError as error:
        broken(
            f"hub_load of {action.key} raised for one bad record: {type(error).__name__} {error}"
        )
    for item, result in zip(items, results, strict=True):
        arrived = result.outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)
        if item is bad and result.outcome is not Outcome.REJECTED:
            broken(f"The bad record of {action.key} ended as {result.outcome.value}.")
        if item is not bad and not arrived:
            broken(
                f"A good record of {action.key} beside a bad one ended as {result.outcome.value}: "
                f"{result.detail}"
            )


@check(
    "rejection-names-field",
    "A refused record comes back as REJECTED with the platform's words at the field it complains of.",
    "Fill LoadResult.detail with the platform's own sentence and field_errors with {field: text}, "
    "by the names of the payload.",
    "silver",
)
def rejection_names_field(kit: Kit) -> None:
    """Send what the sample says is refused."""
    for action in kit.actions(Direction.LOAD):
        world = kit.world()
        with world.client() as client:
            bad, field = bad_item(world, client, action)
            (result,) = world.deliver(client, action, [bad])
        _names(action, result, field)


def _names(action: ActionType, result: LoadResult, field: str) -> None:
    if result.outcome is not Outcome.REJECTED:
        broken(f"The refused record of {action.key} ended as {result.outcome.value}.")
    if not result.detail.strip():
        broken(f"The refusal of {action.key} has no detail: a person cannot see why.")
    if field and not str(result.field_errors.get(field, "")).strip():
        named = ", ".join(result.field_errors) or "none"
        broken(f"The refusal of {action.key} does not name the field {field} (named: {named}).")


@check(
    "writes-named",
    "Every call that changes records names exactly them by writes=.",
    "Pass writes=[the items of this call] to http.request for every create, update and delete; "
    "reads=True is for inquiries and sign-in alone.",
)
def writes_named(kit: Kit) -> None:
    """Compare the journal with what the calls said of themselves."""
    for action in kit.actions(Direction.LOAD):
        world = kit.world()
        with world.client() as client:
            items = batch(world, client, action)
            start = len(world.sim.journal.after(0))
            world.delivered(client, action, items)
        for entry in world.sim.journal.after(start):
            number = int(entry["request"])
            if not 1 <= number <= len(world.sent):
                continue
            call = world.sent[number - 1]
            if not call.writes:
                broken(
                    f"{call.method} {call.path} {entry['effect']} a record but went out without "
                    "writes=: the hub has no intent on disk for it."
                )
            if strange := {i.key for i in call.writes} - {i.key for i in items}:
                broken(
                    f"{call.method} {call.path} names {min(strange)}, which is not in the batch."
                )


@check(
    "empty-batch",
    "An empty batch gives no results and makes no call.",
    "Return [] for an empty batch before anything is sent.",
    "gold",
)
def empty_batch(kit: Kit) -> None:
    """Deliver nothing."""
    for action in kit.actions(Direction.LOAD):
        world = kit.world()
        with world.client() as client:
            before = len(world.sent)
            results = world.load(client, action, [])
            if results or len(world.sent) > before:
                broken(f"hub_load of {action.key} did something with an empty batch.")


def only_creates(kit: Kit) -> list[ActionType]:
    """Return the LOAD action types that create records. Raises ``NotApplicable``: none does."""
    found = [a for a in kit.actions(Direction.LOAD) if a.creates]
    if not found:
        raise NotApplicable("no LOAD action type creates records")
    return found
