"""What a run of one flow reads of the settings, as of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.gate.facts import ConnectionFacts
from hub.registry import Plugin

Opening = tuple[ConnectionFacts, Plugin, Mapping[str, Any]]
"""The three arguments of ``Gate.open``."""


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """What a run of one flow needs, each part as the method of that name returns it."""

    erp: Opening
    store: Opening
    preferences: dict[str, Any]
    messages: dict[str, Any]
    logging: dict[str, bool]
    values: dict[str, dict[str, str]]
    rule_version: str
