"""Errors answer one question: what the hub does next."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hub.sdk import (
    ActionType,
    ConfigError,
    ConnectionTrouble,
    Direction,
    Kind,
    LoadResult,
    Outcome,
    RateLimited,
    Window,
)
from hub.testing.kit import Kit
from hub.testing.rules import NotApplicable, broken, check
from hub.testing.world import World

WRONG = "kit-wrong-value-1b9f7d"
NOWHERE = "http://127.0.0.1:1"
Read = Callable[[Any], Any]


@check(
    "wrong-secret-named",
    "A refused sign-in is an AuthError or ConfigError at the parameter that is to be corrected.",
    "Raise AuthError(text, parameter='…') for the platform's answer to a wrong password or token, "
    "and say in the text what to enter.",
)
def wrong_secret_named(kit: Kit) -> None:
    """Enter each secret wrongly."""
    known = {spec.name for spec in kit.plugin.parameters}
    secrets = [
        s.name for s in kit.plugin.parameters if s.secret and kit.world().settings.get(s.name)
    ]
    if not secrets:
        raise NotApplicable("the connection needs no secret")
    for name in secrets:
        world = kit.world()
        try:
            with world.client(**{name: WRONG}) as client:
                kit.plugin.test_connection(client)
        except ConfigError as error:
            if error.parameter not in known:
                broken(f"A wrong {name} is reported at the parameter {error.parameter!r}.")
        except Exception as error:
            broken(f"A wrong {name} is reported as {type(error).__name__}: {error}")
        else:
            broken(f"A wrong {name} passes the connection test.")


def _read(world: World, action: ActionType, client: Any) -> Any:
    return list(world.pages(client, action))


def _list(world: World, action: ActionType, client: Any) -> Any:
    return list(world.plugin.listing(client, action, Window(), {}))


def _reads(kit: Kit, world: World) -> Iterator[tuple[str, Read]]:
    """Yield the plugin's reads by what a person would call them."""
    plugin = kit.plugin
    yield "the connection test", plugin.test_connection
    for action in plugin.actions.values():
        if action.direction is Direction.EXTRACT:
            yield f"reading {action.key}", partial(_read, world, action)
        elif plugin.implements("hub_list") and action.creates:
            yield f"listing {action.key}", partial(_list, world, action)


@check(
    "quota-waits",
    "A spent quota is RateLimited with the seconds that the platform said, for reads and writes.",
    "Raise RateLimited(text, retry_after=…) for 429 (hub.sdk.retry_after reads the header), in "
    "hub_load too, unless something was sent: then NOT_SENT for the rest.",
)
def quota_waits(kit: Kit) -> None:
    """Refuse by 429 with all headers."""
    for words, limited in _throttled(kit, headers=True):
        if isinstance(limited, RateLimited) and not (limited.retry_after or 0) > 0:
            broken(f"{words}: the platform said how long to wait, RateLimited does not.")


@check(
    "quota-bare",
    "A 429 without any header or body is RateLimited as well, without invented seconds.",
    "Raise RateLimited(text) with retry_after=None when nothing was said: the hub then finds the "
    "pause itself.",
    "silver",
)
def quota_bare(kit: Kit) -> None:
    """Refuse by a bare 429."""
    for words, limited in _throttled(kit, headers=False):
        if isinstance(limited, RateLimited) and limited.retry_after is not None:
            broken(f"{words}: nothing was said of a wait, but retry_after={limited.retry_after}.")


def _throttled(kit: Kit, *, headers: bool) -> Iterator[tuple[str, Any]]:
    world = kit.world()
    for words, read in _reads(kit, world):
        with world.client() as client:
            world.fault("throttle", headers=headers)
            yield words, _limited(words, partial(read, client))
            world.heal()
    for action in kit.plugin.actions.values():
        if action.direction is not Direction.LOAD:
            continue
        world = kit.world()
        with world.client() as client:
            items = world.new_items(client, action, 1)
            world.fault("throttle", headers=headers)
            words = f"delivering {action.key}"
            yield words, _limited(words, partial(world.load, client, action, items))
            world.heal()


def _limited(words: str, call: Callable[[], Any]) -> Any:
    try:
        found = call()
    except RateLimited as error:
        return error
    except Exception as error:
        broken(f"{words} met 429 and raised {type(error).__name__}: {error}")
    results = found if isinstance(found, list) else []
    if results and all(
        isinstance(r, LoadResult) and r.outcome is Outcome.NOT_SENT for r in results
    ):
        return results
    broken(f"{words} met 429 and gave {found!r} as if nothing had happened.")


TROUBLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("reset", "was cut", {}),
    ("truncate", "was answered by half an answer", {}),
    ("html", "was answered 200 with a web page", {}),
    ("status", "was answered 503", {"code": 503}),
    ("slow", "was not answered in time", {"seconds": 100_000}),
)


@check(
    "trouble-classified",
    "A read that gets no usable answer is ConnectionTrouble: cut, half, a web page, 503, time-out, "
    "nobody at the address.",
    "Raise ConnectionTrouble for 5xx and for what cannot be read (answer.json() does so); let the "
    "errors of the session pass; never return an empty page for them.",
)
def trouble_classified(kit: Kit) -> None:
    """Let every read end in each of these ways."""
    first = kit.world()
    for number, (words, _) in enumerate(_reads(kit, first)):
        for fault, how, more in TROUBLE:
            world = kit.world()
            read = list(_reads(kit, world))[number][1]
            with world.client() as client:
                world.fault(fault, **more)
                problem = _trouble(partial(read, client))
                world.heal()
            if problem:
                broken(f"{words} {how}: {problem}.")
    world = kit.world()
    urls = {s.name: NOWHERE for s in kit.plugin.parameters if s.kind is Kind.URL}

    def reach() -> None:
        with world.client(**urls) as client:
            kit.plugin.test_connection(client)

    if problem := _trouble(reach):
        broken(f"Nobody is at the address: {problem}.")


def _trouble(call: Callable[[], Any]) -> str:
    try:
        found = call()
    except ConnectionTrouble:
        return ""
    except Exception as error:
        return f"{type(error).__name__} ({error}) instead of ConnectionTrouble"
    return f"{found!r} instead of ConnectionTrouble"[:200]
