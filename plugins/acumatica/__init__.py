"""Acumatica ERP as the source of customers, locations, contacts and stock."""

from plugins.acumatica.hooks import (
    hub_action_types,
    hub_checks,
    hub_extract,
    hub_fetch,
    hub_health,
    hub_lookup,
    hub_mapping_defaults,
    hub_open_client,
    hub_parameters,
    hub_plugin_info,
    hub_preferences,
    hub_quotas,
    hub_simulator,
    hub_test_connection,
)

__all__ = [
    "hub_action_types",
    "hub_checks",
    "hub_extract",
    "hub_fetch",
    "hub_health",
    "hub_lookup",
    "hub_mapping_defaults",
    "hub_open_client",
    "hub_parameters",
    "hub_plugin_info",
    "hub_preferences",
    "hub_quotas",
    "hub_simulator",
    "hub_test_connection",
]
