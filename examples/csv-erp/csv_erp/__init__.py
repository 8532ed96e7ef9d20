"""An ERP that exports CSV lists over HTTP, as the source of customers, contacts and stock."""

from csv_erp.hooks import (
    hub_action_types,
    hub_checks,
    hub_extract,
    hub_fetch,
    hub_lookup,
    hub_mapping_defaults,
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
    "hub_extract",
    "hub_fetch",
    "hub_lookup",
    "hub_mapping_defaults",
    "hub_open_client",
    "hub_parameters",
    "hub_plugin_info",
    "hub_quotas",
    "hub_simulator",
    "hub_test_connection",
]
