"""From the file's tables to inputs of the services; unknown keys are named with their line."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.settings.connections import ConnectionInput
from hub.settings.connector_check import DEFAULT, ConnectorInput
from hub.settings.sentences import entered, unknown

TOP = ("common", "connections", "connectors")
CONNECTION = ("plugin", "name", "own_network", "parameters")
CONNECTOR = (
    "name",
    "erp",
    "store",
    "active",
    "preferences",
    "messages",
    "logging",
    "values",
    "features",
)
TABLES = ("preferences", "messages", "logging", "values", "features")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

Complain = Callable[[str, str], None]
"""Called with path and sentence."""


def table(
    data: Mapping[str, Any], name: str, path: str, complain: Complain
) -> dict[str, Any] | None:
    """Return the table under ``name``; None when it is not there or is something else."""
    if name not in data:
        return None
    value = data[name]
    if value == "":
        return {}
    if not isinstance(value, dict):
        complain(f"{path}{name}", f"{name} must be a table of names to values.")
        return None
    return value


def known_keys(
    data: Mapping[str, Any], known: tuple[str, ...], path: str, complain: Complain
) -> None:
    """Complain of every key that is not known here."""
    for key in data:
        if key not in known:
            complain(f"{path}{key}", unknown(str(key), known))


def boolean(data: Mapping[str, Any], name: str, path: str, complain: Complain) -> bool | None:
    """Return a flag; None when it is not there."""
    if name not in data:
        return None
    text = str(data[name]).lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    complain(f"{path}{name}", f"{name} must be true or false. {entered(data[name])}")
    return None


def _text(data: Mapping[str, Any], name: str, path: str, complain: Complain) -> str | None:
    if name not in data:
        return None
    if isinstance(data[name], str):
        return str(data[name])
    complain(f"{path}{name}", f"{name} must be text.")
    return None


def connection_input(key: str, data: Any, complain: Complain) -> ConnectionInput | None:
    """Return one connection of the file; None when it has no usable shape."""
    path = f"connections.{key}."
    if not isinstance(data, dict):
        complain(path[:-1], "A connection must be a table with plugin and parameters.")
        return None
    known_keys(data, CONNECTION, path, complain)
    plugin = _text(data, "plugin", path, complain)
    if not plugin:
        complain(f"{path}plugin", "The plugin is missing. Name it, as in plugin: acumatica.")
        return None
    return ConnectionInput(
        key=key,
        plugin=plugin,
        parameters=table(data, "parameters", path, complain),
        name=_text(data, "name", path, complain),
        own_network=boolean(data, "own_network", path, complain),
        exact=True,
        files=True,
        clear_secrets=False,
    )


def connector_input(key: str, data: Any, complain: Complain) -> ConnectorInput | None:
    """Return one connector of the file; None when it has no usable shape."""
    path = f"connectors.{key}."
    if not isinstance(data, dict):
        complain(path[:-1], "A connector must be a table with erp, store and what it syncs.")
        return None
    known_keys(data, CONNECTOR, path, complain)
    parts = {name: table(data, name, path, complain) for name in TABLES}
    return ConnectorInput(
        key=key,
        name=_text(data, "name", path, complain),
        erp=_text(data, "erp", path, complain),
        store=_text(data, "store", path, complain),
        preferences=parts["preferences"],
        messages=parts["messages"],
        logging=parts["logging"],
        values=parts["values"],
        features=_features(parts["features"], f"{path}features.", complain),
        exact=True,
    )


def _features(
    data: dict[str, Any] | None, path: str, complain: Complain
) -> dict[str, str | None] | None:
    if data is None:
        return None
    found: dict[str, str | None] = {}
    for key, value in data.items():
        options = {} if value == "" else value
        if not isinstance(options, dict):
            complain(f"{path}{key}", f"Write {key}: {{}} or {key}: {{schedule: …}}.")
            continue
        known_keys(options, ("schedule",), f"{path}{key}.", complain)
        schedule = options.get("schedule", DEFAULT)
        if not isinstance(schedule, str):
            complain(f"{path}{key}.schedule", "The schedule must be text, as in */15 * * * *.")
            continue
        found[key] = schedule or DEFAULT
    return found
