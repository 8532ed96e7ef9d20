"""Importing an approved plugin: the one place where a plugin's code begins to run."""

import importlib
from typing import Any

from hub.registry.guard import Face, PluginBug, inside, told, watch_exits
from hub.registry.plugin import PluginBroken


def load(module: str, attribute: str = "") -> Any:
    """Import a plugin's module, or what its entry point names in it.

    Raises ``PluginBroken`` with the reason; the caller has made sure that it is approved.
    """
    watch_exits()
    try:
        with inside(Face(module), "its import", raw=True):
            found: Any = importlib.import_module(module)
            for name in filter(None, attribute.split(".")):
                found = getattr(found, name)
    except PluginBug:
        raise PluginBroken("it tried to end the process while its module was imported") from None
    except MemoryError:
        raise
    except Exception as error:
        raise PluginBroken(f"its import failed: {told(error)}") from error
    return found
