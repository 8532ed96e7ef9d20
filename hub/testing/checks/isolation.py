"""No secret in any text, and nothing by own means."""

import base64
import contextlib
import io
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from hub.gate.client_state import secrets_in
from hub.registry import guard
from hub.sdk import Direction, HubError
from hub.testing.checks.errors import WRONG
from hub.testing.checks.loading import bad_item
from hub.testing.kit import Kit
from hub.testing.rules import broken, check
from hub.testing.watch import own_means, sources, watched
from hub.testing.world import World

FORMATTER = logging.Formatter()


class _Lines(logging.Handler):
    """Keeps every line of the log as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.prints: list[str] = []
        """What the hub's guard caught on its way to the standard output."""

    def emit(self, record: logging.LogRecord) -> None:
        text = FORMATTER.format(record)
        self.texts.append(text)
        if record.name == guard.__name__ and " printed in " in text:
            self.prints.append(text)


@contextlib.contextmanager
def _listening() -> Iterator[_Lines]:
    root, lines = logging.getLogger(), _Lines()
    before = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(lines)
        root.setLevel(before)


def tour(kit: Kit, world: World) -> Iterator[tuple[str, str]]:
    """Use everything that the plugin offers; yield (where, text) of all that a person may see."""
    plugin = kit.plugin
    with world.client() as client:
        yield "repr of the client", repr(client)
        yield "the connection test", repr(plugin.test_connection(client))
        yield "hub_health", repr(plugin.health(client))
        for action in plugin.actions.values():
            if action.direction is Direction.EXTRACT:
                world.read(client, action)
                continue
            items = world.new_items(client, action, 1)
            yield f"the results of {action.key}", repr(world.load(client, action, items))
            if world.sample(action).refused:
                yield from _refused(world, client, action)


def _refused(world: World, client: Any, action: Any) -> Iterator[tuple[str, str]]:
    bad, _ = bad_item(world, client, action)
    try:
        yield f"a refusal of {action.key}", repr(world.load(client, action, [bad]))
    except HubError as error:
        yield f"an error of {action.key}", _whole(error)


def _whole(error: BaseException) -> str:
    return repr(error) + "".join(traceback.format_exception_only(error))


def _troubles(kit: Kit, wrong: list[str]) -> Iterator[tuple[str, str]]:
    for name in wrong:
        world = kit.world()
        try:
            with world.client(**{name: WRONG}) as client:
                kit.plugin.test_connection(client)
        except Exception as error:
            yield f"the error for a wrong {name}", _whole(error)
    broken_ways: tuple[tuple[str, dict[str, Any]], ...] = (
        ("status", {"code": 400}),
        ("status", {"code": 500}),
        ("html", {}),
    )
    for fault, more in broken_ways:
        world = kit.world()
        try:
            with world.client() as client:
                world.fault(fault, **more)
                try:
                    kit.plugin.test_connection(client)
                finally:
                    world.heal()
        except Exception as error:
            yield f"the error after {fault}", _whole(error)


def _forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        base64.b64encode(secret.encode()).decode().rstrip("="),
        json.dumps(secret)[1:-1],
    }


@check(
    "no-secret-shown",
    "No secret stands in a result, an error, a log line, a print, a repr or a URL.",
    "Leave secrets out of every text, send them in headers or a body instead of the URL, and give "
    "a client that keeps one a repr without it (dataclass: field(repr=False)).",
)
def no_secret_shown(kit: Kit) -> None:
    """Work, fail, and search every text for every secret."""
    world = kit.world()
    names = [s.name for s in kit.plugin.parameters if s.secret and world.settings.get(s.name)]
    printed = io.StringIO()
    with _listening() as lines, contextlib.redirect_stdout(printed):
        texts = [*tour(kit, world), *_troubles(kit, names)]
    texts += [("a log line", text) for text in lines.texts]
    texts += [("the standard output", printed.getvalue())]
    texts += [(f"the address of {c.method} {c.path}", c.target) for c in world.sent]
    secrets = [str(world.settings[name]) for name in names] + [WRONG]
    secrets += [text for data in world.state.seen for text in secrets_in(data)]
    for secret in secrets:
        for form in _forms(secret):
            for where, text in texts:
                if form in text:
                    broken(f"A secret stands in {where}.")


@check(
    "own-means-source",
    "The source has no HTTP session, thread, clock, sleep or lots of its own, and imports of the "
    "hub only hub.sdk.",
    "Use the http, the clock and the Rng that the hub hands over; time stamps come from the "
    "platform's answers. What only the simulator needs belongs into its own module simulator.",
)
def own_means_source(kit: Kit) -> None:
    """Read the source without running it."""
    for path in sources(kit.module):
        for seen in own_means(path):
            broken(f"{seen}.")


@check(
    "own-means-at-work",
    "While it works, the plugin starts no thread, sleeps never, opens no connection and prints "
    "nothing.",
    "Call the platform only through the http of hub_open_client, let the hub wait, and log through "
    "logging instead of print.",
)
def own_means_at_work(kit: Kit) -> None:
    """Use everything under watch."""
    world = kit.world()
    seen: list[str] = []
    with watched(kit.module.__name__, seen), _listening() as lines:
        for _ in tour(kit, world):
            pass
    for text in (*seen, *lines.prints):
        broken(f"{text}.")
