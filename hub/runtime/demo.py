"""The demo: both simulators with seeded data, a connector, syncs running, all on loopback."""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from hub.config import ConfigProblem
from hub.registry import Registry
from hub.runtime.demo_file import SEED, demo_file, secret_variables
from hub.runtime.runtime import Runtime, build
from hub.runtime.simulators import start_simulator
from hub.seams import Clock, SystemClock
from hub.settings.users import create_user

EMAIL = "admin@example.com"


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
