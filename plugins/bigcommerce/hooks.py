"""The plugin's hooks: each hands over to the module that knows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

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
    ParameterSpec,
    PluginInfo,
    Probe,
    QuotaSpec,
    Role,
    Window,
    hookimpl,
)
from plugins.bigcommerce import (
    addresses,
    checks,
    companies,
    inventory,
    lookups,
    quotas,
    users,
)
from plugins.bigcommerce.actions import ACTIONS
from plugins.bigcommerce.client import Client, open_client
from plugins.bigcommerce.mapping import RULES
from plugins.bigcommerce.parameters import PARAMETERS

_LOAD = {
    "customer": companies.load,
    "location": addresses.load,
    "contact": users.load,
    "inventory": inventory.load,
}
_MATCH = {
    "customer": companies.match,
    "location": addresses.match,
    "contact": users.match,
    "inventory": inventory.match,
}
_PAGES = {
    "customer": companies.pages,
    "location": addresses.pages,
    "contact": users.pages,
}


@hookimpl
def hub_plugin_info() -> PluginInfo:
    """Return who this plugin is."""
    return PluginInfo(
        key="bigcommerce",
        label="BigCommerce B2B Edition",
        version="1.0.0",
        summary="Companies, addresses, users and stock of a BigCommerce store.",
        docs_url="https://docs.bigcommerce.com",
        sdk=SDK_VERSION,
        role=Role.STORE,
    )


@hookimpl
def hub_parameters() -> list[ParameterSpec]:
    """Return what a connection to a store needs."""
    return PARAMETERS


@hookimpl
def hub_action_types() -> list[ActionType]:
    """Return the deliveries that a store takes."""
    return ACTIONS


@hookimpl
def hub_mapping_defaults(action: ActionType) -> list[FieldRule]:
    """Return the default rules of a delivery."""
    return RULES.get(action.key, []) if action.direction is Direction.LOAD else []


@hookimpl
def hub_quotas(
    settings: Mapping[str, Any],  # noqa: ARG001 - every plan starts with the same numbers
) -> list[QuotaSpec]:
    """Return both quotas of a store; they do not depend on the settings."""
    return quotas.quotas()


@hookimpl
def hub_open_client(
    settings: Mapping[str, Any], http: Http, state: ClientState
) -> AbstractContextManager[Client]:
    """Return the client; with the access token nothing is sent to open or close it."""
    return open_client(settings, http, state)


@hookimpl
def hub_test_connection(client: Client) -> Probe:
    """Ask both APIs the cheapest question."""
    return checks.probe(client)


@hookimpl
def hub_health(client: Client) -> Health:
    """Return what is left of both quotas."""
    return checks.health(client)


@hookimpl
def hub_checks(client: Client, actions: Sequence[str]) -> Iterator[Check]:
    """Check by reading that these flows can work."""
    return checks.run(client, actions)


@hookimpl
def hub_lookup(client: Client, lookup: str, query: str) -> list[Choice]:
    """Return live choices."""
    return lookups.look_up(client, lookup, query)


@hookimpl
def hub_list(
    client: Client, action: ActionType, window: Window, preferences: Mapping[str, Any]
) -> Iterator[list[Listed]]:
    """Yield the store's records, newest first when ``window.since`` is set."""
    if action.key == "inventory":
        return inventory.pages(client, preferences)
    return _PAGES[action.key](client, window)


@hookimpl
def hub_match(
    client: Client, action: ActionType, items: Sequence[LoadItem]
) -> dict[str, list[Listed]]:
    """Search items by stamp, then natural key."""
    return _MATCH[action.key](client, items)


@hookimpl
def hub_load(client: Client, action: ActionType, batch: Sequence[LoadItem]) -> list[LoadResult]:
    """Deliver a batch of creates, of updates or of deletes."""
    return _LOAD[action.key](client, batch) if batch else []


@hookimpl
def hub_simulator(clock: Any, seed: int, size: Mapping[str, Any]) -> Any:
    """Return a fresh simulated store."""
    from plugins.bigcommerce.simulator import make_simulator  # noqa: PLC0415 - tests and demo only

    return make_simulator(clock=clock, seed=seed, **size)
