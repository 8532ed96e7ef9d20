"""Find connector plugins, keep unapproved and broken ones out, give the others a typed face."""

from hub.registry.found import Approval, Found, Package
from hub.registry.guard import PluginBug
from hub.registry.plugin import Plugin, PluginBroken
from hub.registry.probe import Limits
from hub.registry.quality import Quality, read_quality
from hub.registry.registry import BUNDLED, Registry

__all__ = [
    "BUNDLED",
    "Approval",
    "Found",
    "Limits",
    "Package",
    "Plugin",
    "PluginBroken",
    "PluginBug",
    "Quality",
    "Registry",
    "read_quality",
]
