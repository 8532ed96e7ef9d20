"""A simulator that forgives proves nothing: it is as strict as the platform."""

from collections import Counter

from hub.sdk import ConfigError, Direction, VirtualClock
from hub.sdk.simulation.faults import STATE, TRANSPORT
from hub.testing.checks.loading import batch, only_creates
from hub.testing.kit import SEED, SIZE, Kit
from hub.testing.rules import NotApplicable, broken, check
from hub.testing.wire import Sent
from hub.testing.world import World


@check(
    "simulator-strict",
    "The simulator answers a path or method that the platform does not have with an error.",
    "Add a route for what the platform has, and nothing that answers everything; keep unknown() "
    "of SimulatedServer or return the platform's own 404.",
)
def simulator_strict(kit: Kit) -> None:
    """Ask for what nobody has."""
    world = kit.world()
    calls = _calls(kit, world)
    paths = {"/kit/no/such/path"} | {call.path + "/kit-no-such" for call in calls}
    for path in sorted(paths):
        status = world.sim.call("GET", path).status
        if status < 400 and not 300 <= status < 400:
            broken(f"The simulator answers GET {path} with {status}.")


def _calls(kit: Kit, world: World) -> list[Sent]:
    """Return the calls of ordinary work, beyond sign-in and sign-out."""
    with world.client() as client:
        start = len(world.sent)
        kit.plugin.test_connection(client)
        for action in kit.plugin.actions.values():
            if action.direction is Direction.EXTRACT:
                world.read(client, action)
            else:
                world.load(client, action, world.new_items(client, action, 1))
        return world.sent[start:]


@check(
    "simulator-asks-sign-in",
    "The simulator refuses calls without sign-in values, as the platform does.",
    "Check the token or session in dispatch() before a handler runs, and answer 401 as the "
    "platform does.",
)
def simulator_asks_sign_in(kit: Kit) -> None:
    """Send what the plugin sent, without its headers."""
    world = kit.world()
    if not any(spec.secret for spec in kit.plugin.parameters):
        raise NotApplicable("the connection needs no secret")
    calls = _calls(kit, world)
    open_ones = [c for c in calls if world.sim.call(c.method, c.target, {}, c.body).status < 300]
    if len(open_ones) == len(calls):
        call = calls[0]
        broken(f"The simulator answers {call.method} {call.path} without any sign-in.")
    for call in open_ones:
        if call.writes:
            broken(f"The simulator takes {call.method} {call.path} without any sign-in.")


@check(
    "simulator-journal",
    "The journal has one entry per record, with its id, also for a bulk call and for a refusal.",
    "Call journal.append(entity, key, external_id, effect, request.seq) once for each record that "
    "a request creates, updates, deletes or refuses.",
    "silver",
)
def simulator_journal(kit: Kit) -> None:
    """Create a batch and count."""
    for action in only_creates(kit):
        world = kit.world()
        entity = world.sample(action).entity
        with world.client() as client:
            items = batch(world, client, action)
            start = len(world.sim.journal.after(0))
            done = world.delivered(client, action, items)
        entries = [e for e in world.sim.journal.after(start) if e["entity"] == entity]
        made = Counter(str(e["external_id"]) for e in entries if e["effect"] == "created")
        if made != Counter(str(item.external_id) for item in done):
            broken(
                f"{len(items)} records of {action.key} were created; the journal has "
                f"{sum(made.values())} entries of {entity} for it."
            )
        if any(int(e["request"]) < 1 for e in entries):
            broken("The journal does not say which request had the effect.")


@check(
    "simulator-fresh",
    "Each call of hub_simulator gives a fresh simulator on the given clock, the same for the same "
    "seed.",
    "Keep all state in the simulator object, nothing at module level; take time from the clock and "
    "chance from self.rng.",
)
def simulator_fresh(kit: Kit) -> None:
    """Work in one, look at another."""
    first = kit.simulator(VirtualClock())
    entities = sorted({sample.entity for sample in first.samples.values()})
    before = {entity: first.rows(entity) for entity in entities}
    world = kit.world()
    _calls(kit, world)
    for action in kit.plugin.actions.values():
        if action.direction is Direction.EXTRACT:
            with world.client() as client:
                records, _ = world.read(client, action)
            world.edit(action, min(records), 3)
    again = kit.simulator(VirtualClock())
    for entity in entities:
        if again.rows(entity) != before[entity]:
            broken(f"A new simulator does not start afresh: {entity} differs.")
    if again.journal.after(0):
        broken("A new simulator starts with a journal that is not empty.")
    if again.clock is first.clock:
        broken("The simulator does not run on the clock that it was given.")
    if again is kit.plugin.simulator(again.clock, SEED, SIZE):
        broken("hub_simulator gives the same object again.")


@check(
    "simulator-faults",
    "The faults that every simulator has are known by name and happen; a misspelt one is refused.",
    "Derive from SimulatedServer and call its receive path; use request.dropped_fields() and the "
    "fault index_lag in the handlers of writes and searches.",
    "silver",
)
def simulator_faults(kit: Kit) -> None:
    """Set faults by name and look."""
    world = kit.world()
    if missing := {*TRANSPORT, *STATE} - world.sim.faults.known.keys():
        broken(f"The simulator does not know the fault {min(missing)}.")
    try:
        world.sim.faults.replace([{"fault": "kit_no_such_fault"}])
    except ConfigError:
        pass
    else:
        broken("The simulator takes a fault that does not exist.")
    world.fault("status", code=418)
    if world.sim.call("GET", "/kit").status != 418:
        broken("The fault status does not happen.")
    world.heal()
    if kit.plugin.implements("hub_match"):
        for action in kit.actions(Direction.LOAD):
            if action.creates:
                _index_lag(kit, action.key)


def _index_lag(kit: Kit, key: str) -> None:
    action = kit.plugin.action(key, Direction.LOAD)
    if action is None:
        return
    world = kit.world()
    with world.client() as client:
        (item,) = world.new_items(client, action, 2)
        world.fault("index_lag", seconds=60)
        world.load(client, action, [item])
        early = world.find(client, action, item)
        world.heal()
        world.clock.advance(61)
        late = world.find(client, action, item)
    if early or len(late) != 1:
        broken(
            f"With index_lag=60 a created {key} is found {len(early)} times at once and "
            f"{len(late)} times after 61 s, instead of 0 and 1."
        )
