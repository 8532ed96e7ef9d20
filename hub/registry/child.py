"""The child of a first look: imports one plugin, lets it describe itself, tells how that went."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from hub.registry.discovery import own_namespace
from hub.registry.guard import told
from hub.registry.loading import load
from hub.registry.plugin import Plugin, PluginBroken

resource: ModuleType | None
try:
    import resource
except ImportError:  # a system without such limits
    resource = None

PRINTED = 4 << 20
"""Bytes that the plugin may write into any file before the system refuses more."""


def main(given: Mapping[str, Any]) -> None:
    """Write one JSON line per stage, then ``{"reason": …}``, empty when all went well."""
    answer = int(given["answer"])

    def tell(**what: str) -> None:
        os.write(answer, json.dumps(what).encode() + b"\n")

    _limit(int(given["memory_mb"]) << 20, int(given["seconds"]))
    try:
        reason, label = judge(given, tell), ""
    except MemoryError:
        reason, label = f"it needs more than {given['memory_mb']} MB of memory", ""
    except BaseException as error:
        kind = "it tried to end the process" if isinstance(error, SystemExit) else told(error)
        reason, label = kind, ""
    tell(reason=reason, label=label)
    # Not by returning: what the plugin registered for the end, or left running, is not waited for.
    os.close(answer)
    os._exit(0)


def judge(given: Mapping[str, Any], tell: Callable[..., None]) -> str:
    """Import the plugin and let it describe itself; returns what is wrong, empty when nothing is."""
    tell(stage="its module was imported")
    own_namespace([str(given["module"])])
    try:
        module = load(str(given["module"]), str(given["attribute"]))
        tell(stage="it described itself")
        plugin = Plugin(module, source="")
        _ask(plugin)
    except PluginBroken as broken:
        return str(broken)
    name = str(given["name"])
    return "" if plugin.info.key == name else wrong_key(plugin.info.key, name)


def wrong_key(key: str, name: str) -> str:
    """Say that the two names of a plugin differ: connections keep the one, hooks say the other."""
    return f"its key is {key}, but its entry point is named {name}: give both the same name"


def _ask(plugin: Plugin) -> None:
    """Quotas of the defaults: a plugin may need more than these, but not end the process."""
    settings = {spec.name: spec.default for spec in plugin.parameters}
    with contextlib.suppress(Exception):
        plugin.quotas(settings)


def _limit(memory: int, seconds: int) -> None:
    if resource is None:
        return
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, PRINTED),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        top = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (top, top))
    sys.stdout.flush()
