"""Find connector plugins, keep broken ones in quarantine, and give each a typed face."""

from hub.registry.plugin import Plugin, PluginBroken
from hub.registry.quality import Quality, read_quality
from hub.registry.registry import BUNDLED, Found, Registry

__all__ = ["BUNDLED", "Found", "Plugin", "PluginBroken", "Quality", "Registry", "read_quality"]
