"""Values that the gate takes and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.sdk import LoadItem
from hub.store.transaction import Transaction


class Fence(Protocol):
    """What must hold, and be on disk, before a write goes out."""

    def covered(self, items: Sequence[LoadItem]) -> bool:
        """True when all is on disk already, and the lease lasts until the answer must be there."""

    def before_send(
        self, connection: Transaction, items: Sequence[LoadItem], method: str, url: str
    ) -> None:
        """Put it on disk, in the transaction that takes the permit. Raises ``LeaseLost``."""

    def begins(self, connection: Transaction, items: Sequence[LoadItem]) -> None:
        """Note that what is on disk already goes out now, in the transaction that takes the permit.

        Raises ``LeaseLost``.
        """


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """What the gate must know of a connection. ``id`` None: values under test, not saved.

    ``quota_share`` is the percentage of each quota that the hub uses.
    """

    id: int | None
    key: str
    plugin: str
    own_network: bool = False
    quota_share: int = 90


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call. ``path`` has no query. ``status`` None: no answer; ``error`` says why.

    The excerpts are callables, so that nobody pays for text that nobody reads; bodies of calls
    that are not writes are left out, since a sign-in carries a password. ``unsure``: it may have
    been carried out, though no whole answer came.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    writes: tuple[LoadItem, ...]
    error: str
    request_excerpt: Callable[[], str]
    response_excerpt: Callable[[], str]
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class CircuitView:
    """One direction for the connection page. ``state``: closed (calls pass), open, half_open."""

    direction: str
    state: str
    reason: str
    opened_at: datetime | None
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuotaView:
    """One quota for the connection page; ``waits_until`` set = nobody sends before."""

    quota: str
    label: str
    limit: int
    allowed: int
    used: int
    ends_at: datetime | None
    waits_until: datetime | None
    rate_percent: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """The shared vendor session: since when, last used, and by how many processes now."""

    signed_in_at: datetime | None
    used_at: datetime | None
    users: int


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """How calls of a connection fare right now."""

    circuits: tuple[CircuitView, ...]
    quotas: tuple[QuotaView, ...]
    session: SessionView | None
