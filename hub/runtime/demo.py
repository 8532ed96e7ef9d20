"""The demo: both simulators with seeded data, a connector, syncs running, all on loopback."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hub.config import ConfigProblem
from hub.registry import Registry
from hub.runtime.runtime import Runtime, build
from hub.runtime.simulators import start_simulator
from hub.sdk.simulation import RunningSimulator
from hub.seams import Clock, SystemClock
from hub.settings.users import create_user

EMAIL = "admin@example.com"
CLASSES = ["DEALER", "DISTRIB", "KEYACCT"]
SEED = 7


class Demo:
    """A throw-away hub in a temporary home; ``close`` leaves nothing behind."""

    def __init__(self, customers: int, items: int, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.home = Path(tempfile.mkdtemp(prefix="integration-hub-demo-"))
        self.password = secrets.token_urlsafe(12)
        size = {"customers": customers, "items": items}
        registry = Registry()
        self.erp = start_simulator(registry, self.clock, "acumatica", seed=SEED, size=size)
        self.store = start_simulator(registry, self.clock, "bigcommerce", seed=SEED, size=size)
        environ = {
            **os.environ,
            **secret_variables(self.erp, self.store),
            "HUB_HOME": str(self.home),
        }
        for name in ("HUB_DATABASE_URL", "HUB_SECRET_KEYS"):
            environ.pop(name, None)
        self.runtime: Runtime = build(environ, clock=self.clock, keep_alive=True, registry=registry)

    def configure(self) -> None:
        """Create the sign-in and the connector, checked and switched on.

        Raises ``ConfigProblem`` when the connector cannot be switched on.
        """
        runtime = self.runtime
        create_user(runtime.write, runtime.clock, EMAIL, self.password)
        report = runtime.settings.apply(
            demo_file(self.erp, self.store),
            who="demo",
            activate=lambda connector_id: runtime.activate(connector_id, "demo"),
        )
        if not report.ok:
            raise ConfigProblem(" ".join(report.problems + report.failed))

    def close(self) -> None:
        """Stop everything and remove the temporary home."""
        self.runtime.stop_serving()
        self.runtime.close()
        self.erp.stop()
        self.store.stop()
        shutil.rmtree(self.home, ignore_errors=True)


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
