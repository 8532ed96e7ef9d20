"""What the gate must know of a connection, from its settings."""

from collections.abc import Mapping
from typing import Any

from hub.gate.facts import ConnectionFacts
from hub.store.tables import Connection

SHARE = 90
"""Percent of each quota that the hub uses unless told otherwise."""


def facts_of(connection: Connection, values: Mapping[str, Any]) -> ConnectionFacts:
    """Return the facts of a saved connection; ``values`` are its resolved values."""
    return ConnectionFacts(
        connection.id,
        connection.key,
        connection.plugin,
        connection.own_network,
        int(values.get("quota_share") or SHARE),
    )


def unsaved_facts(
    key: str, plugin: str, values: Mapping[str, Any], *, own_network: bool
) -> ConnectionFacts:
    """Return the facts of values under test: no row, so no state is remembered."""
    return ConnectionFacts(None, key, plugin, own_network, int(values.get("quota_share") or SHARE))
