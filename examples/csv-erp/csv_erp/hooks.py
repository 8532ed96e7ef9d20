"""The plugin's hooks; each hands over to the module that does the work."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from csv_erp import actions, checks, mapping, parameters, reading
from csv_erp.client import Client, open_client
from hub.sdk import (
    SDK_VERSION,
    ActionType,
    Check,
    Choice,
    ClientState,
    Clock,
    FieldRule,
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


@hookimpl
def hub_plugin_info() -> PluginInfo:
    """Return who this plugin is."""
    return PluginInfo(
        key="csv_erp",
        label="CSV exports",
        version="1.0.0",
        summary="Reads customers, ship-to addresses, contacts and stock from CSV lists over HTTP.",
        docs_url="https://example.com/hub-connector-csv-erp",
        sdk=SDK_VERSION,
        role=Role.ERP,
    )


@hookimpl
def hub_parameters() -> list[ParameterSpec]:
    """Return the connection's parameters."""
    return parameters.parameters()


@hookimpl
def hub_action_types() -> list[ActionType]:
    """Return the four readings."""
    return actions.action_types()


@hookimpl
def hub_mapping_defaults(action: ActionType) -> list[FieldRule]:
    """Return the default rules, column to canonical field."""
    return mapping.defaults(action)


@hookimpl
def hub_quotas(settings: Mapping[str, Any]) -> list[QuotaSpec]:
    """Return the calls per minute that the ERP's administrator allows."""
    return parameters.quotas(settings)


@hookimpl
def hub_open_client(
    settings: Mapping[str, Any], http: Http, state: ClientState
) -> AbstractContextManager[Client]:
    """Return the client's context manager; a key in each call means nothing to sign out of."""
    return open_client(settings, http, state)


@hookimpl
def hub_test_connection(client: Client) -> Probe:
    """Read one customer."""
    return checks.test_connection(client)


@hookimpl
def hub_checks(client: Client, actions: Sequence[str]) -> Iterator[Check]:
    """Yield one row per export that the flows need."""
    return checks.checks(client, actions)


@hookimpl
def hub_lookup(client: Client, lookup: str, query: str) -> list[Choice]:
    """Return the customer classes that occur; other lists this ERP does not have."""
    return checks.customer_classes(client, query) if lookup == "customer_classes" else []


@hookimpl
def hub_extract(client: Client, action: ActionType, window: Window) -> Iterator[Page]:
    """Yield the pages of a whole list: it carries no time stamps."""
    return reading.extract(client, action, window)


@hookimpl
def hub_fetch(
    client: Client,
    action: ActionType,
    keys: Sequence[str],
    by: Literal["key", "parent"],
    preferences: Mapping[str, Any],  # noqa: ARG001 - nothing here depends on them
) -> list[Record]:
    """Return records by key, or all children of customers."""
    return reading.fetch(client, action, keys, by)


@hookimpl
def hub_simulator(clock: Clock, seed: int, size: Mapping[str, Any]) -> Any:
    """Return a fresh simulated ERP; its code is loaded only here."""
    from csv_erp.simulator import make_simulator  # noqa: PLC0415 - tests and demo only

    return make_simulator(clock=clock, seed=seed, **size)
