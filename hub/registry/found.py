"""What the registry knows of one plugin: the values that pages, command line and store speak in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.registry.plugin import Plugin

Held = Literal["", "found", "changed", "revoked", "missing", "restart"]
State = Literal["approved", "found", "changed", "revoked", "missing", "restart", "quarantined"]


@dataclass(frozen=True, slots=True)
class Package:
    """What an installed distribution says of itself, read from files; nothing of it was run.

    ``sha256`` is over names and contents of all its files; ``size`` is in bytes; ``installed_at``
    is aware UTC. ``problem`` tells why this plugin cannot be approved at all.
    """

    name: str
    module: str
    attribute: str
    distribution: str
    version: str
    sha256: str = ""
    files: int = 0
    size: int = 0
    author: str = ""
    licence: str = ""
    requires: tuple[str, ...] = ()
    installed_at: datetime | None = None
    problem: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What an approval is given to."""
        return self.distribution, self.name


@dataclass(frozen=True, slots=True)
class Approval:
    """An administrator's decision as the store keeps it: for this package, with these files.

    ``trouble`` is the reason for which it was put in quarantine while it worked; it holds until an
    administrator lets it try again or its files change.
    """

    distribution: str
    name: str
    sha256: str
    approved: bool
    trouble: str = ""
    decided: int = 0
    """Tells one decision from the next: a later one lets a quarantined plugin try again."""

    @property
    def key(self) -> tuple[str, str]:
        """Which plugin it is for."""
        return self.distribution, self.name


@dataclass(frozen=True, slots=True)
class Found:
    """One plugin that was found: usable, or held back with a reason.

    ``held`` tells that nobody approved it as it is now; without it a plugin that is not usable is
    in quarantine. ``package`` is None for bundled ones.
    """

    name: str
    module: str
    distribution: str
    version: str
    plugin: Plugin | None
    reason: str = ""
    held: Held = ""
    package: Package | None = None

    @property
    def state(self) -> State:
        """The word for pages and command line."""
        if self.plugin is not None:
            return "approved"
        return self.held or "quarantined"

    @property
    def key(self) -> tuple[str, str]:
        """What an approval is given to."""
        return self.distribution, self.name

    @property
    def bundled(self) -> bool:
        """True for a plugin that is part of the hub."""
        return self.package is None and self.held != "missing"
