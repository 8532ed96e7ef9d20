"""What every settings service stands on."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.registry import Plugin, Registry
from hub.sdk import ParameterSpec, Role
from hub.settings.specs import CONNECTION_SPECS
from hub.store.database import Database
from hub.vault import Vault

KEY = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")
KEY_HELP = "must be 1 to 60 characters of A-Z a-z 0-9 - and _"


@dataclass(frozen=True, slots=True)
class Context:
    """Database, plugins, vault, and the environment that ``env:`` references are read from."""

    database: Database
    registry: Registry
    vault: Vault
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def now(self) -> datetime:
        """Return the hub's time, aware UTC."""
        return self.database.clock.now()

    def plugin(self, key: str, role: Role | None = None) -> Plugin | None:
        """Return a usable plugin, if it can stand on the wanted side."""
        plugins = self.registry.with_role(role) if role else self.registry.plugins
        return plugins.get(key)

    def connection_specs(self, plugin: str) -> list[ParameterSpec]:
        """Return a connection's parameters: the plugin's own, then those of every plugin."""
        found = self.plugin(plugin)
        return [*(found.parameters if found else ()), *CONNECTION_SPECS]
