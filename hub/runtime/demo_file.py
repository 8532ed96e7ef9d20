"""The demo's configuration: what the simulated wholesaler syncs."""

from collections.abc import Mapping
from typing import Any

import yaml

from hub.sdk.simulation import RunningSimulator

CLASSES = ["DEALER", "DISTRIB", "KEYACCT"]
SEED = 7


def secret_variables(erp: RunningSimulator, store: RunningSimulator) -> dict[str, str]:
    """Return the environment variables that the demo's file refers to."""
    return {
        "DEMO_ERP_PASSWORD": str(erp.sim.settings(erp.url)["password"]),
        "DEMO_STORE_TOKEN": str(store.sim.settings(store.url)["access_token"]),
    }


def demo_file(erp: RunningSimulator, store: RunningSimulator) -> str:
    """Return the demo's configuration file."""
    erp_values = {**erp.sim.settings(erp.url), "password": "env:DEMO_ERP_PASSWORD"}
    store_values = {**store.sim.settings(store.url), "access_token": "env:DEMO_STORE_TOKEN"}
    connector = {
        "name": "Wholesale US",
        "erp": "erp",
        "store": "store",
        "active": True,
        "preferences": {"customer_classes": CLASSES, "order_types": ["SO"]},
        "values": {"price_class": {"WHOLESALE": 1, "RETAIL": 2, "VIP": 3}},
        "logging": {"info": True, "error": True, "warning": True},
        "features": {
            "customer": {"schedule": "*/2 * * * *"},
            "location": {"schedule": "*/2 * * * *"},
            "contact": {"schedule": "*/2 * * * *"},
            "inventory": {"schedule": "*/5 * * * *"},
        },
    }
    document: Mapping[str, Any] = {
        "connections": {
            "erp": {"plugin": "acumatica", "own_network": True, "parameters": erp_values},
            "store": {"plugin": "bigcommerce", "own_network": True, "parameters": store_values},
        },
        "connectors": {"B2B-US": connector},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
