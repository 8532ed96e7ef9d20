"""What saving settings can end with, other than being saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.sdk import ConfigError


class PluginAway(ConfigError):
    """The plugin of a connection cannot be used now; the text says why and names the remedy."""

    remedy = "Nothing was lost: the messages wait, and the sync goes on once the plugin is back."


class FieldErrors(Exception):
    """Nothing was saved: ``errors`` maps each field to one sentence. ``""`` = the whole form."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people changed: value when read, saved meanwhile, wanted now."""

    field: str
    base: Any
    theirs: Any
    mine: Any


class Conflict(Exception):
    """Somebody saved since the form was read; nothing was saved.

    ``clashes`` are fields changed by both, ``merged`` those changed by one of the two (field →
    value); ``version`` is the saved one, ``who`` saved it. Without ``base`` values every field
    that differs counts as a clash.
    """

    def __init__(
        self, version: int, who: str, clashes: list[Clash], merged: dict[str, Any]
    ) -> None:
        super().__init__(
            f"{who or 'Somebody'} saved this page after you opened it. Nothing of yours was saved: "
            "choose which values to keep and save again."
        )
        self.version = version
        self.who = who
        self.clashes = clashes
        self.merged = merged


class NotFound(Exception):
    """There is no such connector or connection; the text names it."""
