"""One plugin behind one private plugin manager: the only code that touches pluggy."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import Any, Literal, TypeVar

import pluggy

from hub.registry import answers
from hub.registry.answers import FETCHED, FEW, one
from hub.registry.guard import Face, PluginBug, each, few, inside, kind_of, ours, told, wrong
from hub.sdk import (
    SDK_VERSION,
    ActionType,
    Check,
    Choice,
    ClientState,
    Direction,
    FieldRule,
    Health,
    Http,
    Listed,
    LoadItem,
    LoadResult,
    Page,
    ParameterSpec,
    PluginInfo,
    Probe,
    QuotaSpec,
    Record,
    Window,
    hookspecs,
)

REQUIRED = (
    "hub_plugin_info",
    "hub_parameters",
    "hub_action_types",
    "hub_quotas",
    "hub_open_client",
    "hub_test_connection",
)

Value = TypeVar("Value")


class PluginBroken(Exception):
    """The plugin cannot be used; the text is the reason shown on the Plugins page."""


class Plugin:
    """Typed calls into one plugin. A hook that is not implemented gives the empty answer.

    Every answer is checked; a wrong one, an attempt to end the process and, but for ``load``,
    whatever else goes wrong in a hook raise ``PluginBug``, which is a ``HubError``.
    """

    def __init__(self, module: Any, source: str) -> None:
        self.source = source
        name = str(getattr(module, "__name__", type(module).__name__)).rsplit(".", 1)[-1]
        self.face = Face(name)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        try:
            self._manager.register(module, name=name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginBroken(_misspelt(error)) from None
        self._implemented = {caller.name for caller in self._manager.get_hookcallers(module) or ()}
        try:
            self._check()
        except PluginBug as bug:
            raise PluginBroken(bug.reason) from None

    def _check(self) -> None:
        for name in REQUIRED:
            if name not in self._implemented:
                raise PluginBroken(f"the required hook {name} is missing")
        self.face.name = self.info.key
        if self.info.sdk.split(".")[0] != SDK_VERSION.split(".")[0]:
            raise PluginBroken(
                f"it was written for SDK {self.info.sdk}, this hub has {SDK_VERSION}"
            )
        _no_twice("parameters", "name", [spec.name for spec in self.parameters])
        _no_twice("preferences", "name", [spec.name for spec in self.preferences])
        _no_twice("action types", "key and direction", list(self._keys))
        needed = {Direction.EXTRACT: "hub_extract", Direction.LOAD: "hub_load"}
        for action in self.actions.values():
            hook = needed[action.direction]
            if hook not in self._implemented:
                raise PluginBroken(f"action type {action.key} needs the hook {hook}")
            self.mapping_defaults(action)
        lookups = [s.name for s in (*self.parameters, *self.preferences) if s.lookup]
        if lookups and "hub_lookup" not in self._implemented:
            raise PluginBroken(f"{lookups[0]} has a lookup, but hub_lookup is missing")

    @property
    def name(self) -> str:
        """How its faults name it: its key."""
        return self.face.name

    def implements(self, hook: str) -> bool:
        """True when the plugin has this hook."""
        return hook in self._implemented

    def _call(self, hook: str, *, raw: bool = False, **arguments: Any) -> Any:
        with inside(self.face, hook, raw=raw):
            return getattr(self._manager.hook, hook)(**arguments)

    def _list(
        self, hook: str, kind: type[Value], *, limit: int = FEW, **arguments: Any
    ) -> list[Value]:
        values = few(self.face, hook, self._call(hook, **arguments), limit)
        return [one(self.name, hook, value, kind) for value in values]

    @cached_property
    def info(self) -> PluginInfo:
        """Who the plugin is."""
        return one(self.name, "hub_plugin_info", self._call("hub_plugin_info"), PluginInfo)

    @cached_property
    def parameters(self) -> list[ParameterSpec]:
        """The connection's parameters in form order."""
        return self._list("hub_parameters", ParameterSpec)

    @cached_property
    def preferences(self) -> list[ParameterSpec]:
        """Per-connector choices of this platform."""
        return self._list("hub_preferences", ParameterSpec)

    @cached_property
    def _all_actions(self) -> list[ActionType]:
        return self._list("hub_action_types", ActionType)

    @property
    def _keys(self) -> Iterator[str]:
        return (f"{action.direction}:{action.key}" for action in self._all_actions)

    @cached_property
    def actions(self) -> dict[str, ActionType]:
        """The plugin's operations by ``direction:key``."""
        return dict(zip(self._keys, self._all_actions, strict=True))

    def action(self, key: str, direction: Direction) -> ActionType | None:
        """Return the action type for a flow key and direction, if the plugin has it."""
        return self.actions.get(f"{direction}:{key}")

    def mapping_defaults(self, action: ActionType) -> list[FieldRule]:
        """Return the default field rules of an action."""
        return self._list("hub_mapping_defaults", FieldRule, action=action)

    def quotas(self, settings: Mapping[str, Any]) -> list[QuotaSpec]:
        """Return the vendor's limits."""
        return self._list("hub_quotas", QuotaSpec, settings=settings)

    def open_client(
        self, settings: Mapping[str, Any], http: Http, state: ClientState
    ) -> AbstractContextManager[Any]:
        """Return the client's context manager."""
        manager = self._call("hub_open_client", settings=settings, http=http, state=state)
        if not isinstance(manager, AbstractContextManager):
            what = f"a context manager was expected, not {kind_of(manager)}"
            wrong(self.name, "hub_open_client", what)
        return _Client(self.face, manager)

    def test_connection(self, client: Any) -> Probe:
        """Make the cheapest authenticated call."""
        hook = "hub_test_connection"
        return one(self.name, hook, self._call(hook, client=client), Probe)

    def health(self, client: Any) -> Health:
        """Return the connection's health; an empty one when the plugin does not say."""
        said = self._call("hub_health", client=client)
        return Health(True, "") if said is None else one(self.name, "hub_health", said, Health)

    def checks(self, client: Any, actions: Sequence[str]) -> list[Check]:
        """Return the initialization checks for these flow keys."""
        return few(self.face, "hub_checks", self.each_check(client, actions), FEW)

    def each_check(self, client: Any, actions: Sequence[str]) -> Iterator[Check]:
        """Yield the initialization checks as they end, where the plugin makes them one by one."""
        said = self._call("hub_checks", client=client, actions=actions)
        return each(self.face, "hub_checks", said, lambda v: one(self.name, "hub_checks", v, Check))

    def lookup(self, client: Any, lookup: str, query: str = "") -> list[Choice]:
        """Return live choices."""
        return self._list("hub_lookup", Choice, client=client, lookup=lookup, query=query)

    def extract(self, client: Any, action: ActionType, window: Window) -> Iterator[Page]:
        """Yield the source's pages."""
        said = self._call("hub_extract", client=client, action=action, window=window)
        return each(self.face, "hub_extract", said, answers.Pages(self.name))

    def fetch(
        self,
        client: Any,
        action: ActionType,
        keys: Sequence[str],
        by: Literal["key", "parent"] = "key",
        preferences: Mapping[str, Any] | None = None,
    ) -> list[Record]:
        """Return records by their keys, or by their parents' keys."""
        said = self._call(
            "hub_fetch", client=client, action=action, keys=keys, by=by,
            preferences=preferences or {},
        )  # fmt: skip
        found = few(self.face, "hub_fetch", said, FETCHED)
        return [answers.record(self.name, "hub_fetch", value) for value in found]

    def listing(
        self, client: Any, action: ActionType, window: Window, preferences: Mapping[str, Any]
    ) -> Iterator[list[Listed]]:
        """Yield the target's records, newest first, one page per call."""
        said = self._call(
            "hub_list", client=client, action=action, window=window, preferences=preferences
        )
        return each(self.face, "hub_list", said, answers.ListedPages(self.name))

    def match(
        self, client: Any, action: ActionType, items: Sequence[LoadItem]
    ) -> dict[str, list[Listed]]:
        """Search the items one by one, by stamp, then natural key."""
        hook = "hub_match"
        said = self._call(hook, client=client, action=action, items=items)
        if said is not None and not isinstance(said, Mapping):
            wrong(self.name, hook, f"a mapping was expected, not {kind_of(said)}")
        return {
            str(key): [
                answers.listed(self.name, hook, hit) for hit in few(self.face, hook, hits, FEW)
            ]
            for key, hits in (said or {}).items()
        }

    def load(
        self, client: Any, action: ActionType, batch: Sequence[LoadItem]
    ) -> Sequence[LoadResult]:
        """Deliver a batch. What goes wrong in it passes as it is: the sender sorts it."""
        said = self._call("hub_load", raw=True, client=client, action=action, batch=batch)
        return answers.results(self.name, said)

    def record_mapped(
        self, flow: str, record: Record, payload: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Let the plugin touch a mapped payload last; None leaves it as it is."""
        said = self._call("hub_record_mapped", flow=flow, record=record, payload=payload)
        if not said:
            return None
        if not isinstance(said[0], dict):
            wrong(self.name, "hub_record_mapped", f"a dict was expected, not {kind_of(said[0])}")
        return dict(said[0])

    def tell(self, hook: str, **arguments: Any) -> None:
        """Call a broadcast hook."""
        self._call(hook, **arguments)

    def simulator(self, clock: Any, seed: int, size: Mapping[str, Any]) -> Any:
        """Return a fresh simulator, or None when the plugin has none."""
        with inside(self.face, "hub_simulator", raw=True):
            return self._manager.hook.hub_simulator(clock=clock, seed=seed, size=size)


class _Client:
    """A client's context manager: signing in and out are calls into the plugin too."""

    def __init__(self, face: Face, manager: AbstractContextManager[Any]) -> None:
        self._face, self._manager = face, manager

    def __enter__(self) -> Any:
        with inside(self._face, "hub_open_client"):
            return self._manager.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        try:
            with inside(self._face, "hub_open_client", raw=True):
                return self._manager.__exit__(kind, error, trace)
        except Exception as other:
            if other is error or ours(other):
                raise
            wrong(self._face.name, "hub_open_client", f"signing out, {told(other)}")


def _misspelt(error: pluggy.PluginValidationError) -> str:
    text = str(error)
    if text.startswith("unknown hook"):
        hook = text.split("'")[1]
        return f"there is no hook {hook}: its name is misspelt, or it is of another SDK"
    wants = re.search(r"for hook '(\w+)'.*Argument\(s\) {(.*)} are declared", text, re.DOTALL)
    if wants:
        return f"its {wants[1]} wants {wants[2]}, which that hook is not given"
    return " ".join(text.split())


def _no_twice(what: str, by: str, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise PluginBroken(f"two {what} have the same {by}: {twice[0]}")
