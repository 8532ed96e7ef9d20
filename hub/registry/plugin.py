"""One plugin behind one private plugin manager: the only code that touches pluggy."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import ModuleType
from typing import Any, Literal

import pluggy

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


class PluginBroken(Exception):
    """The plugin cannot be used; the text is the reason shown on the Plugins page."""


class Plugin:
    """Typed calls into one plugin. A hook that is not implemented gives the empty answer."""

    def __init__(self, module: ModuleType, source: str) -> None:
        self.source = source
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        try:
            self._manager.register(module, name=module.__name__)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginBroken(str(error)) from None
        self._implemented = {caller.name for caller in self._manager.get_hookcallers(module) or ()}
        self._check()

    def _check(self) -> None:
        for name in REQUIRED:
            if name not in self._implemented:
                raise PluginBroken(f"the required hook {name} is missing")
        if self.info.sdk.split(".")[0] != SDK_VERSION.split(".")[0]:
            raise PluginBroken(
                f"it was written for SDK {self.info.sdk}, this hub has {SDK_VERSION}"
            )
        names = [spec.name for spec in self.parameters]
        if len(names) != len(set(names)):
            raise PluginBroken("two parameters have the same name")
        needed = {Direction.EXTRACT: "hub_extract", Direction.LOAD: "hub_load"}
        for action in self.actions.values():
            hook = needed[action.direction]
            if hook not in self._implemented:
                raise PluginBroken(f"action type {action.key} needs the hook {hook}")
        lookups = [s.name for s in (*self.parameters, *self.preferences) if s.lookup]
        if lookups and "hub_lookup" not in self._implemented:
            raise PluginBroken(f"{lookups[0]} has a lookup, but hub_lookup is missing")

    def implements(self, hook: str) -> bool:
        """True when the plugin has this hook."""
        return hook in self._implemented

    def _call(self, hook: str, **arguments: Any) -> Any:
        return getattr(self._manager.hook, hook)(**arguments)

    @cached_property
    def info(self) -> PluginInfo:
        """Who the plugin is."""
        info = self._call("hub_plugin_info")
        if not isinstance(info, PluginInfo):
            raise PluginBroken("hub_plugin_info did not return a PluginInfo")
        return info

    @cached_property
    def parameters(self) -> list[ParameterSpec]:
        """The connection's parameters in form order."""
        return list(self._call("hub_parameters") or ())

    @cached_property
    def preferences(self) -> list[ParameterSpec]:
        """Per-connector choices of this platform."""
        return list(self._call("hub_preferences") or ())

    @cached_property
    def actions(self) -> dict[str, ActionType]:
        """The plugin's operations by ``direction:key``."""
        found: list[ActionType] = list(self._call("hub_action_types") or ())
        return {f"{action.direction}:{action.key}": action for action in found}

    def action(self, key: str, direction: Direction) -> ActionType | None:
        """Return the action type for a flow key and direction, if the plugin has it."""
        return self.actions.get(f"{direction}:{key}")

    def mapping_defaults(self, action: ActionType) -> list[FieldRule]:
        """Return the default field rules of an action."""
        return list(self._call("hub_mapping_defaults", action=action) or ())

    def quotas(self, settings: Mapping[str, Any]) -> list[QuotaSpec]:
        """Return the vendor's limits."""
        return list(self._call("hub_quotas", settings=settings) or ())

    def open_client(
        self, settings: Mapping[str, Any], http: Http, state: ClientState
    ) -> AbstractContextManager[Any]:
        """Return the client's context manager."""
        manager: AbstractContextManager[Any] = self._call(
            "hub_open_client", settings=settings, http=http, state=state
        )
        return manager

    def test_connection(self, client: Any) -> Probe:
        """Make the cheapest authenticated call."""
        probe: Probe = self._call("hub_test_connection", client=client)
        return probe

    def health(self, client: Any) -> Health:
        """Return the connection's health; an empty one when the plugin does not say."""
        return self._call("hub_health", client=client) or Health(ok=True, detail="")

    def checks(self, client: Any, actions: Sequence[str]) -> list[Check]:
        """Return the initialization checks for these flow keys."""
        return list(self.each_check(client, actions))

    def each_check(self, client: Any, actions: Sequence[str]) -> Iterator[Check]:
        """Yield the initialization checks as they end, where the plugin makes them one by one."""
        return iter(self._call("hub_checks", client=client, actions=actions) or ())

    def lookup(self, client: Any, lookup: str, query: str = "") -> list[Choice]:
        """Return live choices."""
        return list(self._call("hub_lookup", client=client, lookup=lookup, query=query) or ())

    def extract(self, client: Any, action: ActionType, window: Window) -> Iterator[Page]:
        """Yield the source's pages."""
        pages: Iterator[Page] = self._call(
            "hub_extract", client=client, action=action, window=window
        )
        return iter(pages or ())

    def fetch(
        self,
        client: Any,
        action: ActionType,
        keys: Sequence[str],
        by: Literal["key", "parent"] = "key",
        preferences: Mapping[str, Any] | None = None,
    ) -> list[Record]:
        """Return records by their keys, or by their parents' keys."""
        return list(
            self._call(
                "hub_fetch",
                client=client,
                action=action,
                keys=keys,
                by=by,
                preferences=preferences or {},
            )
            or ()
        )

    def listing(
        self, client: Any, action: ActionType, window: Window, preferences: Mapping[str, Any]
    ) -> Iterator[list[Listed]]:
        """Yield the target's records, newest first, one page per call."""
        pages = self._call(
            "hub_list", client=client, action=action, window=window, preferences=preferences
        )
        return iter(pages or ())

    def match(
        self, client: Any, action: ActionType, items: Sequence[LoadItem]
    ) -> dict[str, list[Listed]]:
        """Search the items one by one, by stamp, then natural key."""
        return self._call("hub_match", client=client, action=action, items=items) or {}

    def load(
        self, client: Any, action: ActionType, batch: Sequence[LoadItem]
    ) -> Sequence[LoadResult]:
        """Deliver a batch."""
        results: Sequence[LoadResult] = self._call(
            "hub_load", client=client, action=action, batch=batch
        )
        return results

    def record_mapped(
        self, flow: str, record: Record, payload: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Let the plugin touch a mapped payload last; None leaves it as it is."""
        answers = self._call("hub_record_mapped", flow=flow, record=record, payload=payload)
        return answers[0] if answers else None

    def tell(self, hook: str, **arguments: Any) -> None:
        """Call a broadcast hook."""
        self._call(hook, **arguments)

    def simulator(self, clock: Any, seed: int, size: Mapping[str, Any]) -> Any:
        """Return a fresh simulator, or None when the plugin has none."""
        return self._call("hub_simulator", clock=clock, seed=seed, size=size)
