"""EXTRACT: whole readings, where they resume, records by key."""

from datetime import timedelta

from hub.sdk import ActionType, Cursor, Direction, Record, parse_time
from hub.testing.kit import Kit
from hub.testing.rules import NotApplicable, broken, check
from hub.testing.world import World, since


def _all(world: World, client: object, action: ActionType) -> dict[str, Record]:
    records, _ = world.read(client, action)
    if not records:
        broken(
            f"The simulator has no records for extract:{action.key}.",
            "Fill the simulator with about as many rows as size['customers'] says.",
        )
    return records


@check(
    "reading-complete",
    "A full reading gives every record once per key, twice alike, with aware UTC stamps.",
    "Give each Record the key that the platform itself uses; modified_at comes from the "
    "platform's own stamp through hub.sdk.parse_time.",
)
def reading_complete(kit: Kit) -> None:
    """Read twice and compare."""
    for action in kit.actions(Direction.EXTRACT):
        world = kit.world()
        with world.client() as client:
            keys: list[str] = []
            for page in world.pages(client, action):
                for record in page.records:
                    _sound(action, record)
                    keys.append(record.key)
            again = _all(world, client, action)
        if doubled := {key for key in keys if keys.count(key) > 1}:
            broken(f"A quiet reading of {action.key} gave {min(doubled)} more than once.")
        if set(keys) != set(again):
            broken(f"Two readings of {action.key} gave different keys though nothing changed.")


def _sound(action: ActionType, record: Record) -> None:
    if not isinstance(record.key, str) or not record.key.strip():
        broken(f"{action.key} has a record with the key {record.key!r}.")
    moment = record.modified_at
    if moment is not None and moment.utcoffset() != timedelta():
        broken(f"{action.key} {record.key} has the stamp {moment!r}, which is not aware UTC.")
    if record.data is None and not record.deleted:
        broken(f"{action.key} {record.key} has no data, though the reading knows it.")


@check(
    "pages-resume",
    "A reading that stops after any page and resumes from that page's token gives the same records.",
    "Set Page.resume to the position of the last row that is on this page or before (inclusive), "
    "or to None where nothing is sure before the end.",
    "silver",
)
def pages_resume(kit: Kit) -> None:
    """Stop after each page once."""
    tried = False
    for action in kit.actions(Direction.EXTRACT):
        if not action.supports_delta:
            continue
        tried = True
        _resume(kit, action)
    if not tried:
        raise NotApplicable("no EXTRACT action type supports deltas")


def _resume(kit: Kit, action: ActionType) -> None:
    world = kit.world()
    with kit.small_pages(), world.client() as client:
        _spread(world, client, action)
        pages = list(world.pages(client, action))
        wanted = {record.key for page in pages for record in page.records}
        if sum(1 for p in pages if p.records) < 2 and world.sample(action).pages:
            broken(
                f"{len(wanted)} records of {action.key} came as one page, so that paging is not "
                "tried.",
                "Read the page size from a module constant PAGE_SIZE at the time of the call: the "
                f"kit lowers it. Or say pages=False in the sample extract:{action.key} when the "
                "platform always sends the whole list.",
            )
        if not any(page.resume for page in pages):
            broken(
                f"No page of {action.key} says where to resume, so that each run reads everything.",
                "At least the last page needs resume=Cursor(position, tie).",
            )
        got: set[str] = set()
        for number, page in enumerate(pages, 1):
            got |= {record.key for record in page.records}
            if page.resume is None:
                continue
            _check_cursor(action, page.resume)
            rest, _ = world.read(client, action, since(page.resume, 0))
            if lost := wanted - got - rest.keys():
                broken(
                    f"{action.key}: stopped after page {number} of {len(pages)} and resumed from "
                    f"its token, {len(lost)} of {len(wanted)} records never came: {min(lost)} …"
                )


def _spread(world: World, client: object, action: ActionType) -> None:
    """Give each record a stamp of its own, the newest one older than any lag."""
    for n, key in enumerate(_all(world, client, action), 1):
        world.clock.advance(60)
        world.edit(action, key, n)
    world.clock.advance(900)


def _check_cursor(action: ActionType, cursor: Cursor) -> None:
    try:
        parse_time(cursor.position)
    except (ValueError, TypeError, AttributeError):
        broken(
            f"{action.key} gave the cursor {cursor!r}.",
            "Cursor.position is the source's own time as ISO 8601 with a zone.",
        )


@check(
    "fetch-by-key",
    "Records asked for by key are those of the reading; a key that does not exist is deleted.",
    "Let hub_fetch return the same Record for a key as hub_extract does, and "
    "Record(key, None, deleted=True) for one that is not there.",
    "gold",
)
def fetch_by_key(kit: Kit) -> None:
    """Fetch some records and one that is not there."""
    actions = kit.actions(Direction.EXTRACT)
    if not kit.plugin.implements("hub_fetch"):
        broken("There is no hub_fetch: a retry and a webhook cannot get a single record.")
    for action in actions:
        world = kit.world()
        with world.client() as client:
            records = _all(world, client, action)
            wanted = sorted(records)[:3]
            missing = _missing(wanted[0])
            found = {r.key: r for r in kit.plugin.fetch(client, action, [*wanted, missing])}
        for key in wanted:
            if key not in found or found[key].deleted or found[key].data != records[key].data:
                broken(f"{action.key} {key} comes differently by key than in the reading.")
        if missing not in found or not found[missing].deleted:
            broken(
                f"The key {missing} of {action.key} does not exist, but did not come as deleted."
            )


def _missing(key: str) -> str:
    """Return a key of the same form that no platform will have."""
    turned = {"0": "9", "1": "9"}
    digits = "".join("9" if c.isdigit() else c for c in key)
    return digits if digits != key else "".join(turned.get(c, "Z") for c in key)
