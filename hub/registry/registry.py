"""Discovery: bundled plugins first, then the entry-point group ``hub.connectors``."""

import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from hub.registry.plugin import Plugin, PluginBroken
from hub.sdk import Direction, Record, Role

BUNDLED = {"acumatica": "plugins.acumatica", "bigcommerce": "plugins.bigcommerce"}
"""From a bare checkout entry points are empty, so bundled plugins are named here too."""

GROUP = "hub.connectors"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """One plugin that was found: usable, or quarantined with a reason."""

    name: str
    module: str
    distribution: str
    version: str
    plugin: Plugin | None
    reason: str = ""


class Registry:
    """All plugins of this installation; a broken one never keeps the others from working."""

    def __init__(self, bundled: Mapping[str, str] = BUNDLED) -> None:
        self.found: dict[str, Found] = {}
        points = {point.name: point for point in entry_points(group=GROUP)}
        for name, module in bundled.items():
            self.found[name] = self._load(name, module, points.get(name))

    def _load(self, name: str, module: str, point: EntryPoint | None) -> Found:
        dist = point.dist.name if point and point.dist else "integration-hub"
        version = point.dist.version if point and point.dist else ""
        try:
            plugin = Plugin(importlib.import_module(module), source=dist)
        except Exception as error:
            reason = str(error) if isinstance(error, PluginBroken) else repr(error)
            log.exception("Plugin %s is quarantined: %s", name, reason)
            return Found(name, module, dist, version, None, reason)
        return Found(name, module, dist, version or plugin.info.version, plugin)

    @property
    def plugins(self) -> dict[str, Plugin]:
        """Usable plugins by key."""
        return {name: found.plugin for name, found in self.found.items() if found.plugin}

    def get(self, key: str) -> Plugin | None:
        """Return the usable plugin with this key."""
        found = self.found.get(key)
        return found.plugin if found else None

    def record_mapped(self, flow: str, record: Record, payload: dict[str, Any]) -> dict[str, Any]:
        """Let each plugin that wants to touch a payload last, in order of discovery."""
        for plugin in self._broadcasting("hub_record_mapped"):
            payload = plugin.record_mapped(flow, record, payload) or payload
        return payload

    def run_finished(self, summary: Mapping[str, Any]) -> None:
        """Tell notifiers that a run ended; a failing one is logged."""
        self._tell("hub_run_finished", summary=summary)

    def message_parked(self, message: Mapping[str, Any]) -> None:
        """Tell notifiers that a message needs a person; a failing one is logged."""
        self._tell("hub_message_parked", message=message)

    def _broadcasting(self, hook: str) -> list[Plugin]:
        return [plugin for plugin in self.plugins.values() if plugin.implements(hook)]

    def _tell(self, hook: str, **arguments: Any) -> None:
        for plugin in self._broadcasting(hook):
            try:
                plugin.tell(hook, **arguments)
            except Exception:
                log.exception("Plugin %s failed in %s", plugin.info.key, hook)

    def with_role(self, role: Role) -> dict[str, Plugin]:
        """Return the plugins that can stand on this side."""
        return {k: p for k, p in self.plugins.items() if p.info.role in (role, Role.BOTH)}

    def flow_keys(self, erp: Plugin, store: Plugin) -> list[str]:
        """Return the flow keys that this pair can run, in the ERP plugin's order."""
        return [
            action.key
            for action in erp.actions.values()
            if action.direction is Direction.EXTRACT and store.action(action.key, Direction.LOAD)
        ]
