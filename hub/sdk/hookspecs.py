"""Every hook a connector can implement. All are addressed to one plugin, except the broadcasts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

import pluggy

from hub.sdk.http import ClientState, Http
from hub.sdk.types import (
    ActionType,
    Check,
    Choice,
    FieldRule,
    Health,
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
)

PROJECT = "hub"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def hub_plugin_info() -> PluginInfo | None:
    """Return who this plugin is. Required; pure."""


@hookspec(firstresult=True)
def hub_parameters() -> list[ParameterSpec] | None:
    """Return the connection's parameters in form order. Required; pure."""


@hookspec(firstresult=True)
def hub_action_types() -> list[ActionType] | None:
    """Return the operations this plugin offers. Required; pure."""


@hookspec(firstresult=True)
def hub_preferences() -> list[ParameterSpec] | None:
    """Return per-connector choices that this platform offers."""


@hookspec(firstresult=True)
def hub_mapping_defaults(action: ActionType) -> list[FieldRule] | None:
    """Return the default field rules: native to canonical (EXTRACT), canonical to native (LOAD)."""


@hookspec(firstresult=True)
def hub_migrate_settings(version: str, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return settings of an older version in today's shape."""


@hookspec(firstresult=True)
def hub_quotas(settings: Mapping[str, Any]) -> list[QuotaSpec] | None:
    """Return every limit of the vendor. Required; a call may match several."""


@hookspec(firstresult=True)
def hub_open_client(
    settings: Mapping[str, Any], http: Http, state: ClientState
) -> AbstractContextManager[Any] | None:
    """Return a context manager that signs in on enter and out on exit. Required."""


@hookspec(firstresult=True)
def hub_test_connection(client: Any) -> Probe | None:
    """Make the cheapest authenticated call. Required. Raises AuthError, ConfigError …."""


@hookspec(firstresult=True)
def hub_health(client: Any) -> Health | None:
    """Return quota left, licence slots and the like."""


@hookspec(firstresult=True)
def hub_checks(client: Any, actions: Sequence[str]) -> Iterable[Check] | None:
    """Check by reading only that the flows ``actions`` can work: the rows of Initialization.

    A generator lets the page show how long each took, and lets one be repeated alone.
    """


@hookspec(firstresult=True)
def hub_lookup(client: Any, lookup: str, query: str) -> list[Choice] | None:
    """Return live choices, at most 200."""


@hookspec(firstresult=True)
def hub_extract(client: Any, action: ActionType, window: Window) -> Iterator[Page] | None:
    """Yield pages of records; each page says where a later reading may resume."""


@hookspec(firstresult=True)
def hub_fetch(
    client: Any,
    action: ActionType,
    keys: Sequence[str],
    by: Literal["key", "parent"],
    preferences: Mapping[str, Any],
) -> list[Record] | None:
    """Return records by their own keys, or all children of parents, in the fewest calls.

    With ``by="key"`` a key that does not exist comes back as ``Record(key, None, deleted=True)``.
    """


@hookspec(firstresult=True)
def hub_list(
    client: Any, action: ActionType, window: Window, preferences: Mapping[str, Any]
) -> Iterator[list[Listed]] | None:
    """Yield the target's records, one page per call; ``window.since`` limits to those created
    since then where the platform can, ``window.changed`` to those created or changed since.
    """


@hookspec(firstresult=True)
def hub_match(
    client: Any, action: ActionType, items: Sequence[LoadItem]
) -> dict[str, list[Listed]] | None:
    """Search each item by stamp, then natural key. Two hits mean "exists twice over there"."""


@hookspec(firstresult=True)
def hub_load(client: Any, action: ActionType, batch: Sequence[LoadItem]) -> list[LoadResult] | None:
    """Deliver; return one result per item in the same order. Never raises for one bad record."""


@hookspec(firstresult=True)
def hub_simulator(clock: Any, seed: int, size: Mapping[str, Any]) -> Any:
    """Return a fresh simulator of this platform, running on ``clock``."""


@hookspec
def hub_record_mapped(flow: str, record: Record, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Broadcast, chain: a site's own last touch on a payload; None leaves it as it is."""


@hookspec
def hub_run_finished(summary: Mapping[str, Any]) -> None:
    """Broadcast: a run ended. A failure is logged, never propagated."""


@hookspec
def hub_message_parked(message: Mapping[str, Any]) -> None:
    """Broadcast: a message needs a person."""
