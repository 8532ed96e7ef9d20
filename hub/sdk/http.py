"""The one way to a vendor: a guarded session, handed to the plugin by the hub."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hub.sdk.types import LoadItem


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the vendor, read to its end. ``headers`` keys are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    seconds: float = 0.0
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8-sig", "replace")

    def json(self) -> Any:
        """Parse the body; numbers with a point become Decimal.

        Raises ``ConnectionTrouble`` when the body is not JSON (a web page, a cut answer).
        """
        from hub.sdk.reading import parse_json  # noqa: PLC0415 - keeps the value types first

        return parse_json(self)


class Http(Protocol):
    """The guarded session of one connection.

    Only hosts of the connection's URL parameters are reached; no redirects; total deadlines;
    permits of the vendor's quotas are taken before each call; every call is counted.
    A call that changes records names them by ``writes``; a POST, PUT, PATCH or DELETE without
    ``writes`` is refused unless marked ``reads=True`` (inquiries, sign-in).

    Raises ``ConnectionTrouble`` when a read gets no usable answer (also for 5xx without body
    handling: answers of every status are returned, only transport failures raise),
    ``AmbiguousWrite`` when a write was sent and its answer did not come, ``RateLimited`` never:
    429 answers are returned after the quota was told.
    """

    @property
    def server_now(self) -> datetime | None:
        """The vendor's time, from the last Date header."""
        ...

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        writes: Sequence[LoadItem] | None = None,
        reads: bool = False,
        timeout: float | None = None,
        max_mb: int | None = None,
    ) -> Answer:
        """Send one request and return its whole answer."""
        ...


class ClientState(Protocol):
    """The connection's sealed session, shared by all processes of the hub."""

    @property
    def kept(self) -> bool:
        """False for values under test: what is saved ends with this client."""
        ...

    def load(self) -> dict[str, Any] | None:
        """Return what was saved, or None."""
        ...

    def save(self, data: Mapping[str, Any]) -> None:
        """Seal and store at once (own commit)."""
        ...

    def clear(self) -> None:
        """Forget the session: it was signed out, or the vendor dropped it."""
        ...

    def single_flight(self) -> AbstractContextManager[None]:
        """Hold the connection's sign-in lock, across processes."""
        ...

    def release(self) -> bool:
        """Give up this use; True when the caller is the last user and must sign out."""
        ...
