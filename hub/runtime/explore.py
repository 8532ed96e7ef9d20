"""*Explore with simulators*: both vendors simulated inside this hub, connected for the visitor."""

import logging
from typing import TYPE_CHECKING, Any

import yaml

from hub.config import ConfigProblem
from hub.runtime.demo_file import SEED, demo_file, secret_variables
from hub.runtime.simulators import start_simulator
from hub.sdk.simulation import RunningSimulator
from hub.settings import ConnectionInput, ConnectorInput
from hub.store.tables import CommonConfiguration

if TYPE_CHECKING:
    from hub.runtime.runtime import Runtime

log = logging.getLogger(__name__)

PORTS = "explore_ports"
SIZE = {"customers": 120, "items": 400}


class Explore:
    """The simulators of this hub, if it was asked for them. They forget when it stops."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._running: list[RunningSimulator] = []

    def begin(self) -> int:
        """Start both simulators, connect and switch on the demo's connector; returns its id.

        Raises ``ConfigProblem`` when it cannot be switched on.
        """
        erp, store = self._start({})
        ports = {"acumatica": erp.port, "bigcommerce": store.port}
        with self._runtime.write() as session:
            session.merge(CommonConfiguration(name=PORTS, value=ports, version=0))
        connector_id = self._runtime.settings.save_connector(_input(erp, store), "explore")
        problems = self._runtime.activate(connector_id, "explore")
        if problems:
            raise ConfigProblem(" ".join(problems))
        return connector_id

    def resume(self) -> None:
        """After a restart: start them again where the connections look for them."""
        with self._runtime.read() as session:
            row = session.get(CommonConfiguration, PORTS)
        if row is None or not isinstance(row.value, dict):
            return
        try:
            self._start(row.value)
        except ConfigProblem as problem:
            log.warning("The simulators did not start again: %s", problem)

    def stop(self) -> None:
        """Close their ports."""
        for simulator in self._running:
            simulator.stop()
        self._running = []

    def _start(self, ports: dict[str, int]) -> tuple[RunningSimulator, RunningSimulator]:
        started: list[RunningSimulator] = []
        for plugin in ("acumatica", "bigcommerce"):
            simulator = start_simulator(
                self._runtime.registry,
                self._runtime.clock,
                plugin,
                seed=SEED,
                size=SIZE,
                port=int(ports.get(plugin, 0)),
            )
            self._running.append(simulator)
            started.append(simulator)
        return started[0], started[1]


def _input(erp: RunningSimulator, store: RunningSimulator) -> ConnectorInput:
    """The demo's file as one input, secrets sealed instead of referred to."""
    document: dict[str, Any] = yaml.safe_load(demo_file(erp, store))
    secrets = {f"env:{name}": value for name, value in secret_variables(erp, store).items()}

    def side(key: str) -> ConnectionInput:
        part = document["connections"][key]
        values = {name: secrets.get(str(v), v) for name, v in part["parameters"].items()}
        return ConnectionInput(f"explore-{key}", part["plugin"], values, own_network=True)

    part = document["connectors"]["B2B-US"]
    return ConnectorInput(
        "EXPLORE",
        name="Explore with simulators",
        erp=side("erp"),
        store=side("store"),
        preferences=part["preferences"],
        logging=part["logging"],
        values=part["values"],
        features={key: each["schedule"] for key, each in part["features"].items()},
    )
