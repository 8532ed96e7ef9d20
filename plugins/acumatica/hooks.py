"""The plugin's hooks; each hands over to the module that does the work."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from hub.sdk import (
    SDK_VERSION,
    ActionType,
    Check,
    Choice,
    ClientState,
    Clock,
    FieldRule,
    Health,
    Http,
    Page,
    ParameterSpec,
    PluginInfo,
    Probe,
    QuotaSpec,
    Record,
    Role,
    Window,
    hookimpl,
)
from plugins.acumatica import actions, checks, extract, lookups, mapping, parameters
from plugins.acumatica.client import AcumaticaClient, open_client


@hookimpl
def hub_plugin_info() -> PluginInfo:
    """Return who this plugin is."""
    return PluginInfo(
        key="acumatica",
        label="Acumatica ERP",
        version="1.0.0",
        summary="Reads customers, locations, contacts and stock by the contract-based REST API.",
        docs_url="https://help.acumatica.com/",
        sdk=SDK_VERSION,
        role=Role.ERP,
    )


@hookimpl
def hub_parameters() -> list[ParameterSpec]:
    """Return the connection's parameters."""
    return parameters.parameters()


@hookimpl
def hub_preferences() -> list[ParameterSpec]:
    """Return nothing: the connector's own preferences cover what this platform offers."""
    return []


@hookimpl
def hub_action_types() -> list[ActionType]:
    """Return the four extractions."""
    return actions.action_types()


@hookimpl
def hub_mapping_defaults(action: ActionType) -> list[FieldRule]:
    """Return the default rules, native to canonical."""
    return mapping.defaults(action)


@hookimpl
def hub_quotas(settings: Mapping[str, Any]) -> list[QuotaSpec]:
    """Return the licence's limits."""
    return parameters.quotas(settings)


@hookimpl
def hub_open_client(
    settings: Mapping[str, Any], http: Http, state: ClientState
) -> AbstractContextManager[AcumaticaClient]:
    """Return the client's context manager; it shares one session and signs out at the end."""
    return open_client(settings, http, state)


@hookimpl
def hub_test_connection(client: AcumaticaClient) -> Probe:
    """Read version and one record."""
    return checks.test_connection(client)


@hookimpl
def hub_health(client: AcumaticaClient) -> Health:
    """Return build, tenant and endpoint version."""
    return checks.health(client)


@hookimpl
def hub_checks(client: AcumaticaClient, actions: Sequence[str]) -> Iterator[Check]:
    """Yield the rows of Initialization."""
    return checks.checks(client, actions)


@hookimpl
def hub_lookup(client: AcumaticaClient, lookup: str, query: str) -> list[Choice]:
    """Return live choices; an unknown list has none."""
    return lookups.lookup(client, lookup, query) if lookup in lookups.LOOKUPS else []


@hookimpl
def hub_extract(client: AcumaticaClient, action: ActionType, window: Window) -> Iterator[Page]:
    """Yield the pages of a reading."""
    return extract.extract(client, action, window)


@hookimpl
def hub_fetch(
    client: AcumaticaClient,
    action: ActionType,
    keys: Sequence[str],
    by: Literal["key", "parent"],
    preferences: Mapping[str, Any],
) -> list[Record]:
    """Return records by key, or all children of customers."""
    return extract.fetch(client, action, keys, by, preferences)


@hookimpl
def hub_simulator(clock: Clock, seed: int, size: Mapping[str, Any]) -> Any:
    """Return a fresh simulated instance; the server's code is loaded only here."""
    from plugins.acumatica.simulator import make_simulator  # noqa: PLC0415 - tests and demo only

    return make_simulator(clock=clock, seed=seed, **size)
