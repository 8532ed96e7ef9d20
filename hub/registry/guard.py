"""What keeps a call into a plugin from reaching past it: exits, prints, faults of any kind."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Literal, NoReturn, TextIO, TypeVar

from hub.registry import watch
from hub.sdk import HubError

log = logging.getLogger(__name__)

PRINTED = 500
"""Characters of one print that are logged."""

OURS = {"hub", "sqlalchemy"}
"""What the hub's own rooms raise is for the hub, wherever it passes through."""

Value = TypeVar("Value")


class PluginBug(HubError):
    """The plugin did what no plugin may do. The text names it and the hook; nothing was lost."""

    remedy = "Update the plugin, or tell its author. Nothing was lost; the messages wait."

    def __init__(self, name: str, hook: str, what: str, *, grave: bool = False) -> None:
        super().__init__(f"The plugin {name} failed in {hook}: {what}.")
        self.name = name
        self.reason = f"{hook}: {what}"
        """The same without the name and the full stop."""
        self.grave = grave
        """True: it is put in quarantine for this."""


class _Here(threading.local):
    depth = 0
    name = ""
    hook = ""


_here = _Here()


class _Caught:
    """Standard output that sends a plugin's prints to the log; everybody else's pass."""

    def __init__(self, real: TextIO) -> None:
        self.real = real

    def write(self, text: str) -> int:
        if not _here.depth:
            return self.real.write(text)
        if text.strip():
            log.info("Plugin %s printed in %s: %s", _here.name, _here.hook, text[:PRINTED])
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def _refusing(real: Callable[..., Any]) -> Callable[..., Any]:
    def end(*arguments: Any) -> Any:
        if _here.depth:
            raise SystemExit(*arguments)
        return real(*arguments)

    end.__wrapped__ = real  # type: ignore[attr-defined]
    return end


def watch_exits() -> None:
    """From now on ``os._exit`` and ``os.abort`` inside a plugin's hook raise ``SystemExit``."""
    for name in ("_exit", "abort"):
        if not hasattr(getattr(os, name), "__wrapped__"):
            setattr(os, name, _refusing(getattr(os, name)))


class inside:  # noqa: N801 - reads as a word: with inside(...)
    """While it lasts this thread works in a plugin's hook.

    What leaves it is a ``HubError``, what the hub's own rooms raise, or ``PluginBug``; with
    ``raw`` other exceptions pass as they are, for the caller who sorts them himself.
    """

    __slots__ = ("_before", "_face", "_hook", "_raw")

    def __init__(self, face: "Face", hook: str, *, raw: bool = False) -> None:
        self._face, self._hook, self._raw = face, hook, raw
        self._before = ("", "")

    def __enter__(self) -> None:
        self._before = (_here.name, _here.hook)
        _here.name, _here.hook = self._face.name, self._hook
        if not _here.depth:
            watch.enter(self._face.name, self._hook)
        _here.depth += 1
        if not isinstance(sys.stdout, _Caught):
            sys.stdout = _Caught(sys.stdout)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> Literal[False]:
        _here.depth -= 1
        if not _here.depth:
            watch.leave()
        _here.name, _here.hook = self._before
        if error is not None:
            self._sort(error)
        return False

    def _sort(self, error: BaseException) -> None:
        interrupted = isinstance(error, watch.Interrupted)
        if not interrupted and (ours(error) or isinstance(error, StopIteration)):
            return
        if interrupted or isinstance(error, SystemExit):
            what = "it did not come back" if interrupted else "it tried to end the process"
            bug = PluginBug(self._face.name, self._hook, what, grave=True)
            if self._face.on_grave is not None:
                self._face.on_grave(bug)
            raise bug from None
        main = threading.current_thread() is threading.main_thread()
        alien = isinstance(error, GeneratorExit) or (
            isinstance(error, KeyboardInterrupt) and not main
        )
        if alien or (isinstance(error, Exception) and not self._raw):
            log.error("Plugin %s failed in %s", self._face.name, self._hook, exc_info=error)
            raise PluginBug(self._face.name, self._hook, told(error)) from error


@dataclass(slots=True)
class Face:
    """Whose hooks are called: the plugin's name, and who is told when it has to be stopped."""

    name: str
    on_grave: Callable[[PluginBug], None] | None = None


def ours(error: BaseException) -> bool:
    """True for what a connector is meant to raise, and for faults of the hub's own rooms."""
    return isinstance(error, HubError) or type(error).__module__.split(".")[0] in OURS


def told(error: BaseException) -> str:
    """Return an exception in one line, without a full stop."""
    text = " ".join(str(error)[:2_000].split())[:300].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def few(face: Face, hook: str, values: Any, limit: int) -> list[Any]:
    """Return what a hook gave as a list. Raises ``PluginBug`` for no list, or an endless one."""
    if values is None:
        return []
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        wrong(face.name, hook, f"a list was expected, not {kind_of(values)}")
    with inside(face, hook):
        found = list(islice(values, limit + 1))
    if len(found) > limit:
        wrong(face.name, hook, f"it returned more than {limit:,} entries")
    return found


def each(face: Face, hook: str, values: Any, check: Callable[[Any], Value]) -> Iterator[Value]:
    """Yield what a hook yields, each one checked. Raises ``PluginBug``."""
    if values is None:
        return
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        wrong(face.name, hook, f"an iterator was expected, not {kind_of(values)}")
    with inside(face, hook):
        iterator = iter(values)
    while True:
        with inside(face, hook):
            try:
                value = next(iterator)
            except StopIteration:
                return
        yield check(value)


def wrong(name: str, hook: str, what: str) -> NoReturn:
    """Raise ``PluginBug`` for an answer that is not what the hook promises."""
    raise PluginBug(name, hook, what)


def kind_of(value: Any) -> str:
    """Return the type of a value in words that its author knows."""
    return "None" if value is None else type(value).__name__
