"""One connector under test, and as many fresh worlds (simulator, clock, session) as checks need."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from hub.gate.transport import Transport
from hub.registry.plugin import Plugin
from hub.sdk import ActionType, Direction, VirtualClock
from hub.sdk.simulation import RunningSimulator, SimulatedServer, serve
from hub.testing.rules import Broken, NotApplicable
from hub.testing.world import World

SEED = 7
SIZE = {"customers": 12, "items": 8, "quotas": None}
"""What ``hub_simulator`` is asked for: small, and without limits of calls."""
SMALL_PAGE = 5
"""Rows of a page while paging is tried, set as ``PAGE_SIZE`` in the plugin's modules."""

NO_SIMULATOR = (
    "Implement hub_simulator(clock, seed, size): return an object of a class derived from "
    "hub.sdk.simulation.SimulatedServer, a fresh one at each call."
)


class Kit:
    """A connector under test. ``plugin`` is a module or its dotted name.

    Raises ``ImportError`` when there is no such module. ``close`` frees the loopback port.
    """

    def __init__(self, plugin: str | ModuleType) -> None:
        self.module = importlib.import_module(plugin) if isinstance(plugin, str) else plugin
        self._plugin: Plugin | None = None
        self._server: RunningSimulator | None = None
        self._transport: Transport | None = None

    @property
    def plugin(self) -> Plugin:
        """The typed face of the plugin. Raises ``PluginBroken`` where the hub would refuse it."""
        if self._plugin is None:
            self._plugin = Plugin(self.module, "contract kit")
        return self._plugin

    @property
    def transport(self) -> Transport:
        """The gate's transport, one for all worlds."""
        if self._transport is None:
            self._transport = Transport()
        return self._transport

    def simulator(self, clock: VirtualClock, **size: Any) -> SimulatedServer:
        """Return a fresh simulator of the plugin."""
        sim = self.plugin.simulator(clock, SEED, {**SIZE, **size})
        if not isinstance(sim, SimulatedServer):
            kind = type(sim).__name__
            raise Broken(f"hub_simulator gave {kind} instead of a SimulatedServer.", NO_SIMULATOR)
        return sim

    def world(self, **size: Any) -> World:
        """Return a fresh simulator with all that a client of it needs, served on loopback."""
        clock = VirtualClock()
        sim = self.simulator(clock, **size)
        if self._server is None:
            self._server = serve(sim)
        self._server.replace(sim)
        return World(self.plugin, sim, clock, self._server.url, self.transport)

    def actions(self, direction: Direction) -> list[ActionType]:
        """Return the plugin's action types of one direction.

        Raises ``NotApplicable`` when there is none.
        """
        found = [a for a in self.plugin.actions.values() if a.direction is direction]
        if not found:
            words = "reads" if direction is Direction.EXTRACT else "delivers"
            raise NotApplicable(f"no action type of the plugin {words} ({direction.name})")
        return found

    @contextmanager
    def small_pages(self) -> Iterator[None]:
        """While it lasts, ``PAGE_SIZE`` of the plugin's own modules is small."""
        name = self.module.__name__
        own = [
            module
            for path, module in tuple(sys.modules.items())
            if (path == name or path.startswith(name + "."))
            and "simulator" not in path
            and isinstance(getattr(module, "PAGE_SIZE", None), int)
        ]
        before = [module.PAGE_SIZE for module in own]
        for module in own:
            module.PAGE_SIZE = SMALL_PAGE  # type: ignore[attr-defined]
        try:
            yield
        finally:
            for module, size in zip(own, before, strict=True):
                module.PAGE_SIZE = size  # type: ignore[attr-defined]

    def close(self) -> None:
        """Close the port and all connections."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._server is not None:
            self._server.stop()
            self._server = None
