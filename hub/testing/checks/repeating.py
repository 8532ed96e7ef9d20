"""LOAD: search before create, the same again, the target's own list."""

from typing import Any

from hub.sdk import ActionType, Direction, Listed, LoadItem, Outcome, Window
from hub.testing.checks.loading import batch, only_creates
from hub.testing.kit import Kit
from hub.testing.rules import NotApplicable, broken, check


@check(
    "match-finds",
    "What was created is found by its stamp or natural key, exactly once; a stranger is not found.",
    "Stamp every create with item.key in a field that can be searched, and let hub_match search "
    "that field first, then the natural key. Compare the answer's value with the item's: a "
    "platform that ignores an unknown filter returns everything.",
    "silver",
)
def match_finds(kit: Kit) -> None:
    """Create, search, search something else."""
    actions = kit.actions(Direction.LOAD)
    if not kit.plugin.implements("hub_match"):
        raise NotApplicable("the plugin has no hub_match; the listing is used")
    for action in actions:
        world = kit.world()
        with world.client() as client:
            items = batch(world, client, action)
            done = world.delivered(client, action, items)
            found = kit.plugin.match(client, action, items)
            for item, bound in zip(items, done, strict=True):
                rows = list(found.get(item.key, ()))
                _once(action, item, rows, str(bound.external_id))
            if action.creates:
                (stranger,) = world.new_items(client, action, 8)
                if kit.plugin.match(client, action, [stranger]).get(stranger.key):
                    broken(f"{action.key} {stranger.key} was never sent but is found.")


def _once(action: ActionType, item: LoadItem, rows: list[Listed], external_id: str) -> None:
    ids = [row.external_id for row in rows]
    if ids != [external_id]:
        broken(
            f"{action.key} {item.key} was created as {external_id}, but the search finds "
            f"{', '.join(ids) or 'nothing'}."
        )
    if "stamp" in action.match_on and rows[0].stamp != item.key:
        broken(f"{action.key} {item.key} was found with the stamp {rows[0].stamp!r}, not its key.")


@check(
    "load-repeats",
    "The same record sent again with its id is updated or unchanged; nothing is created.",
    "With external_id set, update that record and nothing else; never create, search or guess.",
)
def load_repeats(kit: Kit) -> None:
    """Deliver twice."""
    for action in kit.actions(Direction.LOAD):
        world = kit.world()
        entity = world.sample(action).entity
        with world.client() as client:
            done = world.delivered(client, action, batch(world, client, action))
            before = world.created(entity)
            again = [
                world.item(client, action, n, item.external_id) for n, item in enumerate(done, 1)
            ]
            for result in world.deliver(client, action, again):
                if result.outcome not in (Outcome.UPDATED, Outcome.UNCHANGED):
                    broken(
                        f"{action.key} {result.key} sent again ended as {result.outcome.value}: "
                        f"{result.detail}"
                    )
        if more := world.created(entity)[len(before) :]:
            broken(f"{action.key} sent again with its id created {len(more)} more.")


@check(
    "listing-finds",
    "The target's list has every created record with its id and its stamp or natural key.",
    "Let hub_list yield Listed(external_id, stamp, natural_keys) for every record, a page per call.",
    "silver",
)
def listing_finds(kit: Kit) -> None:
    """Create and list."""
    actions = only_creates(kit)
    if not kit.plugin.implements("hub_list"):
        raise NotApplicable("the plugin has no hub_list; records are matched one by one")
    for action in actions:
        world = kit.world()
        with kit.small_pages(), world.client() as client:
            items = batch(world, client, action)
            done = world.delivered(client, action, items)
            listed = _listing(kit, client, action)
        for item in done:
            row = listed.get(str(item.external_id))
            if row is None:
                broken(f"{action.key} {item.key} was created, but the list does not have it.")
            if "stamp" in action.match_on and row.stamp != item.key:
                broken(f"{action.key} {item.key} is listed with the stamp {row.stamp!r}.")
            if "stamp" not in action.match_on and not row.natural_keys:
                broken(f"{action.key} {item.key} is listed without a natural key to know it by.")


def _listing(kit: Kit, client: Any, action: ActionType) -> dict[str, Listed]:
    pages = kit.plugin.listing(client, action, Window(), {})
    rows = [row for page in pages for row in page]
    ids = [row.external_id for row in rows]
    if len(set(ids)) < len(ids):
        broken(f"The list of {action.key} has {len(ids)} rows but {len(set(ids))} ids.")
    return {row.external_id: row for row in rows}
