"""Settings: validated values for pages, command line and file; the services that save them."""

from hub.settings.connections import ConnectionInput
from hub.settings.connector_check import ConnectorInput
from hub.settings.context import Context
from hub.settings.errors import Clash, Conflict, FieldErrors, NotFound
from hub.settings.keys import ensure_keys, reset_keys
from hub.settings.lookups import Looked, Lookups
from hub.settings.service import Settings

__all__ = [
    "Clash",
    "Conflict",
    "ConnectionInput",
    "ConnectorInput",
    "Context",
    "FieldErrors",
    "Looked",
    "Lookups",
    "NotFound",
    "Settings",
    "ensure_keys",
    "reset_keys",
]
