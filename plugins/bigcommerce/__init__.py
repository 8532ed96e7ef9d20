"""BigCommerce with B2B Edition as the store side of a connector."""

from plugins.bigcommerce.hooks import (
    hub_action_types,
    hub_checks,
    hub_health,
    hub_list,
    hub_load,
    hub_lookup,
    hub_mapping_defaults,
    hub_match,
    hub_open_client,
    hub_parameters,
    hub_plugin_info,
    hub_quotas,
    hub_simulator,
    hub_test_connection,
)

__all__ = [
    "hub_action_types",
    "hub_checks",
    "hub_health",
    "hub_list",
    "hub_load",
    "hub_lookup",
    "hub_mapping_defaults",
    "hub_match",
    "hub_open_client",
    "hub_parameters",
    "hub_plugin_info",
    "hub_quotas",
    "hub_simulator",
    "hub_test_connection",
]
