"""Sign-in, sign-out, and the cheap questions of a connection."""

from hub.sdk import Direction, HubError, LeaseLost, Probe
from hub.sdk.simulation import SimulatedServer
from hub.testing.kit import Kit
from hub.testing.rules import NotApplicable, broken, check
from hub.testing.world import World


def _open(sim: SimulatedServer) -> int:
    return int(sim.stats_json()["open_signins"])


def _signs_in(world: World) -> bool:
    return bool(world.sim.stats_json()["signins"])


@check(
    "sign-out-always",
    "What was signed in is signed out by its last user, also when the work ended with an error.",
    "Sign out in the finally part of the client's context manager, when state.release() is true, "
    "and clear the state; a sign-in that fails half-way ends its session too.",
)
def sign_out_always(kit: Kit) -> None:
    """Leave the client in every way there is, and count."""
    for way, trouble in (
        ("after ordinary work", None),
        ("after an error of the hub", HubError("the work failed")),
        ("after an unexpected error", ZeroDivisionError("the work failed")),
        ("after a lost lease", LeaseLost("the claim was taken over")),
    ):
        world = kit.world()
        try:
            with world.client() as client:
                kit.plugin.test_connection(client)
                if not _signs_in(world):
                    raise NotApplicable("the platform has no sign-in that stays open")
                if trouble is not None:
                    raise trouble
        except type(trouble or NotApplicable()) as error:
            if error is not trouble:
                raise
        if left := _open(world.sim):
            broken(f"{left} sign-in stayed open {way}.")
        if world.state.data is not None:
            broken(f"The state still holds a session that was ended {way}.")
    _in_the_middle(kit)


def _in_the_middle(kit: Kit) -> None:
    world = kit.world()
    try:
        with world.client() as client:
            world.fault("status", code=503)
            try:
                for action in kit.plugin.actions.values():
                    if action.direction is Direction.EXTRACT:
                        world.read(client, action)
                kit.plugin.test_connection(client)
            finally:
                world.heal()
    except HubError:
        pass
    if left := _open(world.sim):
        broken(f"{left} sign-in stayed open after an outage in the middle of a reading.")


@check(
    "session-shared",
    "A session that the state holds is used again; nobody signs in beside it.",
    "Under state.single_flight(): load() first, sign in only when there is nothing, save() right "
    "after the sign-in's answer.",
    "silver",
)
def session_shared(kit: Kit) -> None:
    """Open a second client while the first is open."""
    world = kit.world()
    with world.client() as first:
        kit.plugin.test_connection(first)
        if not _signs_in(world):
            raise NotApplicable("the platform has no sign-in that stays open")
        if world.state.data is None:
            broken("After the sign-in nothing is saved: a killed process leaks its session.")
        with world.client() as second:
            kit.plugin.test_connection(second)
        count = int(world.sim.stats_json()["signins"])
        if count > 1:
            broken(f"Two clients of one connection signed in {count} times.")
        if not _open(world.sim):
            broken("The second client signed out the session that the first one still uses.")
        kit.plugin.test_connection(first)


@check(
    "connection-test",
    "The connection test makes an authenticated call and says what it reached; health and "
    "initialization checks answer on a healthy platform.",
    "hub_test_connection returns Probe(ok=True, detail=…) after one cheap authenticated call; "
    "hub_health returns Health; hub_checks yields Check rows, each failed one with a remedy.",
)
def connection_test(kit: Kit) -> None:
    """Ask a healthy platform."""
    world = kit.world()
    with world.client() as client:
        before = len(world.sent)
        probe = kit.plugin.test_connection(client)
        if not isinstance(probe, Probe) or not probe.ok or not probe.detail.strip():
            broken(f"The connection test of a healthy platform gave {probe!r}.")
        if len(world.sent) == before:
            broken("The connection test called nobody, so that it proves nothing.")
        if not kit.plugin.health(client).ok:
            broken("hub_health says that a healthy platform is not well.")
        keys = sorted({action.key for action in kit.plugin.actions.values()})
        for row in kit.plugin.checks(client, keys):
            if row.status == "failed":
                broken(f"The check {row.activity} fails on a healthy platform: {row.detail}")


@check(
    "lookups-live",
    "Every lookup gives at most 200 different choices, narrows them by the query, and an unknown "
    "one gives none.",
    "Let hub_lookup return Choice values for each lookup name that a parameter or preference has.",
    "gold",
)
def lookups_live(kit: Kit) -> None:
    """Ask for each list that a form asks for."""
    specs = (*kit.plugin.parameters, *kit.plugin.preferences)
    names = sorted({spec.lookup for spec in specs if spec.lookup})
    if not names:
        raise NotApplicable("no parameter has a lookup")
    world = kit.world()
    with world.client() as client:
        for name in names:
            found = kit.plugin.lookup(client, name)
            values = [choice.value for choice in found]
            if not found or len(found) > 200 or len(set(values)) < len(values):
                broken(
                    f"The lookup {name} gave {len(found)} choices, {len(set(values))} different."
                )
            if any(not choice.label.strip() for choice in found):
                broken(f"The lookup {name} has a choice without a label.")
            narrowed = kit.plugin.lookup(client, name, found[0].label)
            if found[0].value not in [choice.value for choice in narrowed]:
                broken(f"The lookup {name} does not find {found[0].label!r} by its own label.")
        if kit.plugin.lookup(client, "kit_no_such_list"):
            broken("A lookup that does not exist gave choices.")
