"""Broken connectors: each is the toy with one function done wrong, and one rule that must see it."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

from hub.testing.kit import Kit

TOY = "tests.contract.toy"


@dataclass(frozen=True)
class Broken:
    """``wrong`` says in words what the function does wrong."""

    check: str
    wrong: str
    target: str
    function: Callable[..., Any] | None
    module: str = TOY

    @contextmanager
    def kit(self) -> Iterator[Kit]:
        """The kit over this broken connector."""
        kit = Kit(self.module)
        try:
            if self.function is None:
                yield kit
                return
            owner, name = find(self.target)
            with patch.object(owner, name, self.function, create=name.startswith("__")):
                yield kit
        finally:
            kit.close()


BROKEN: dict[str, Broken] = {}
FURTHER: list[Broken] = []


def find(target: str) -> tuple[Any, str]:
    """``client.Client.leave`` as the class and the name of its function."""
    *outer, name = target.split(".")
    place: Any = importlib.import_module(TOY)
    for part in outer:
        inner = getattr(place, part, None)
        if inner is None or isinstance(inner, FunctionType):
            inner = importlib.import_module(f"{TOY}.{part}")
        place = inner
    return place, name


def _within(function: Callable[..., Any], *, inside: bool) -> Callable[..., Any]:
    if not inside:
        return function
    made = FunctionType(function.__code__, vars(importlib.import_module(TOY)), function.__name__)
    # What pluggy reads of a hook.
    made.__dict__.update(function.__dict__)
    return made


def breaks(check: str, target: str, *, inside: bool = False) -> Callable[..., Any]:
    """Register a function that takes the place of the toy's. ``inside``: it runs as code of there."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        assert check not in BROKEN, f"two broken connectors for {check}"
        made = _within(function, inside=inside)
        BROKEN[check] = Broken(check, str(function.__doc__), target, made)
        return function

    return register


def another(check: str, target: str, *, inside: bool = False) -> Callable[..., Any]:
    """Register a further way to break a rule; the reference shows the one of ``breaks``."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        made = _within(function, inside=inside)
        FURTHER.append(Broken(check, str(function.__doc__), target, made))
        return function

    return register


def whole(check: str, module: ModuleType) -> None:
    """Register a module that is broken in its source."""
    BROKEN[check] = Broken(check, str(module.__doc__), "", None, module.__name__)


def load() -> dict[str, Broken]:
    """Return all of them by the rule that each breaks."""
    for name in ("describing", "reading", "loading", "failing", "simulating", "further"):
        importlib.import_module(f"{__name__}.{name}")
    whole("own-means-source", importlib.import_module(f"{__name__}.own_session"))
    return BROKEN
