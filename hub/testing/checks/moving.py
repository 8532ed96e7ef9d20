"""EXTRACT: deltas over a source that moves."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hub.sdk import ActionType, Cursor, Direction, parse_time
from hub.testing.kit import Kit
from hub.testing.rules import NotApplicable, broken, check
from hub.testing.world import World, since

LATE = 200
"""Seconds by which a commit is late; less than the overlap of 300 (R8)."""


def _deltas(kit: Kit) -> Iterator[ActionType]:
    actions = [a for a in kit.actions(Direction.EXTRACT) if a.supports_delta]
    if not actions:
        raise NotApplicable("no EXTRACT action type supports deltas")
    yield from actions


def _cursor(action: ActionType, resume: Cursor | None) -> Cursor:
    if resume is None:
        broken(
            f"A full reading of {action.key} ends without a token, so that there is no delta.",
            "Give at least the last page resume=Cursor(position, tie).",
        )
    return resume


@check(
    "delta-ties",
    "Records with one and the same stamp are all read, also across pages and at the very border.",
    "Ask for stamps at or after window.since (≥, never >), order by stamp and key, and page on by "
    "both: a page that goes on after the stamp alone loses the rest of that moment.",
    "silver",
)
def delta_ties(kit: Kit) -> None:
    """Edit everything in one moment and read from just that moment."""
    for action in _deltas(kit):
        world = kit.world()
        with world.client() as client:
            records, _ = world.read(client, action)
            world.clock.advance(900)
            moment = world.clock.now()
            for n, key in enumerate(sorted(records), 1):
                world.edit(action, key, n)
            with kit.small_pages():
                found, _ = world.read(client, action, moment)
        if lost := records.keys() - found.keys():
            broken(
                f"{len(records)} records of {action.key} were changed in one moment; a reading "
                f"since that moment missed {len(lost)}: {min(lost)} …"
            )


@check(
    "delta-late-commits",
    "A cursor stays behind the source's clock by the lag, so that late commits are read next time.",
    "Compute resume from the server's time at the start of the reading (http.server_now, or the "
    "Date of the first answer) minus window.lag; a row's stamp may only make it earlier.",
    "silver",
)
def delta_late_commits(kit: Kit) -> None:
    """Look at the cursor; then commit late, where the simulator can."""
    for action in _deltas(kit):
        world = kit.world()
        with world.client() as client:
            records, _ = world.read(client, action)
            key = min(records)
            world.clock.advance(900)
            world.edit(action, key, 1)
            _, resume = world.read(client, action)
            _behind(world, action, _cursor(action, resume))
            world.clock.advance(900)
            world.edit(action, key, 3)
            _, later = world.read(client, action, since(_cursor(action, resume)))
            _behind(world, action, _cursor(action, later))
            if "late_commit" in world.sim.faults.known:
                _late(world, client, action, key, _cursor(action, resume))


def _behind(world: World, action: ActionType, cursor: Cursor) -> None:
    position = parse_time(cursor.position)
    if position > world.clock.now() - timedelta(seconds=60):
        broken(
            f"The cursor of {action.key} stands at {position:%H:%M:%S} though it was "
            f"{world.clock.now():%H:%M:%S} there: less than the lag of 60 s behind."
        )


def _late(world: World, client: object, action: ActionType, key: str, resume: Cursor) -> None:
    world.fault("late_commit", seconds=LATE)
    world.clock.advance(600)
    world.edit(action, key, 2)
    world.clock.advance(LATE / 2)
    _, later = world.read(client, action, since(resume))
    world.clock.advance(LATE)
    found, _ = world.read(client, action, since(_cursor(action, later)))
    if key not in found:
        broken(f"{action.key} {key} was committed {LATE} s late and never read.")


@check(
    "pages-moving",
    "Rows that are edited or deleted while pages are read hide no other row.",
    "Page by key or by (stamp, key) where the platform orders by it; else overlap the pages and "
    "step back until the last rows of the page before reappear.",
    "silver",
)
def pages_moving(kit: Kit) -> None:
    """Between two pages, delete a row that was read and edit one that was not."""
    for action in kit.actions(Direction.EXTRACT):
        world = kit.world()
        sample = world.sample(action)
        if sample.change is None:
            world.edit(action, "", 1)
        with world.client() as client:
            before, _ = world.read(client, action)
            world.clock.advance(900)
            with kit.small_pages():
                _Moves(world, action, sorted(before)).read(client)


class _Moves:
    """A reading during which others work."""

    def __init__(self, world: World, action: ActionType, keys: list[str]) -> None:
        self.world, self.action, self.keys = world, action, keys
        self.deleted: set[str] = set()
        self.edited: set[str] = set()
        self.started: datetime = world.clock.now()

    def read(self, client: object) -> None:
        got: set[str] = set()
        for page in self.world.pages(client, self.action):
            got |= {record.key for record in page.records}
            self.move(got)
        if lost := set(self.keys) - got - self.deleted - self.edited:
            broken(
                f"While {self.action.key} was read, {len(self.deleted)} rows were deleted and "
                f"{len(self.edited)} edited; {len(lost)} others never came: {min(lost)}."
            )
        if not self.action.supports_delta:
            return
        self.world.clock.advance(900)
        delta, _ = self.world.read(client, self.action, self.started)
        if lost := self.edited - delta.keys() - self.deleted:
            broken(f"{min(lost)} of {self.action.key} was edited during a reading and never read.")

    def move(self, got: set[str]) -> None:
        self.world.clock.advance(1)
        read = sorted(got & set(self.keys) - self.deleted - self.edited)
        # Never more than the last two: a row that was hidden must stay visibly lost.
        ahead = [k for k in self.keys[-2:] if k not in got | self.edited]
        if ahead:
            self.world.edit(self.action, ahead[-1], 40 + len(self.edited))
            self.edited.add(ahead[-1])
        for key in read[:2] if ahead else ():
            row = self.world.sample(self.action)
            try:
                with self.world.sim.lock:
                    self.world.sim.delete_row(row.entity, row.row_key(key))
            except KeyError:
                continue
            self.deleted.add(key)
