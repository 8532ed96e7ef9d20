"""The guarded session without a database: the gate's own rules, on the simulator's clock."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from hub.gate.facts import CallRecord, ConnectionFacts
from hub.gate.gate import allowed_origins
from hub.gate.guard import Origin
from hub.gate.quota import Account, Permit
from hub.gate.session import UNLISTED, GateSession
from hub.gate.transport import NoAnswer, Raw, Request, Transport, late
from hub.registry.plugin import Plugin
from hub.sdk import LoadItem, QuotaSpec, VirtualClock

FACTS = ConnectionFacts(None, "kit", "kit", own_network=True)


@dataclass(slots=True)
class Sent:
    """One call as it went out, and how it ended."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    writes: tuple[LoadItem, ...] = ()
    status: int | None = None
    listed: bool = True

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class _Limiter:
    """Grants every permit at once: the kit tries connectors, not the limiter."""

    def acquire(self, _account: Account, specs: list[QuotaSpec], **_more: Any) -> Permit:
        return Permit(list(specs))

    def answered(self, *_arguments: Any) -> None:
        return

    def failed(self, *_arguments: Any) -> None:
        return


class _Timed:
    """The real transport with deadlines on the virtual clock: a slow simulator costs no time."""

    def __init__(self, transport: Transport, clock: VirtualClock, sent: list[Sent]) -> None:
        self._transport, self._clock, self._sent = transport, clock, sent

    def send(self, origin: Origin, request: Request, *, own_network: bool, seconds: float) -> Raw:
        self._sent.append(
            Sent(request.method, request.target, request.headers, request.body or b"", seconds)
        )
        end = self._clock.monotonic() + seconds
        raw = self._transport.send(origin, request, own_network=own_network, seconds=seconds)
        if self._clock.monotonic() > end:
            raise NoAnswer(late(origin, seconds))
        return raw


class MemoryState:
    """The connection's session, shared by all clients of one world."""

    def __init__(self) -> None:
        self.data: dict[str, Any] | None = None
        self.users = 0
        self.seen: list[Any] = []
        self._lock = threading.RLock()

    @property
    def kept(self) -> bool:
        """True: it outlives each client."""
        return True

    def load(self) -> dict[str, Any] | None:
        """Return what was saved."""
        return dict(self.data) if self.data else None

    def save(self, data: Mapping[str, Any]) -> None:
        """Keep, and remember for the search of secrets."""
        self.data = dict(data)
        self.seen.append(self.data)

    def clear(self) -> None:
        """Forget."""
        self.data = None

    @contextmanager
    def single_flight(self) -> Iterator[None]:
        """Hold the sign-in lock."""
        with self._lock:
            yield

    def release(self) -> bool:
        """True for the last user; a client that gives up twice counts once."""
        return self.users <= 1


def session(
    plugin: Plugin,
    settings: Mapping[str, Any],
    transport: Transport,
    clock: VirtualClock,
    sent: list[Sent],
) -> GateSession:
    """Return the ``http`` of one client; every call is noted in ``sent``."""
    made: list[GateSession] = []

    def note(call: CallRecord) -> None:
        last = sent[-1]
        last.writes, last.status = call.writes, call.status
        last.listed = UNLISTED not in made[0].last_specs

    made.append(
        GateSession(
            FACTS,
            Account(None, "kit"),
            allowed_origins(plugin, settings),
            plugin.quotas(settings),
            transport=cast("Transport", _Timed(transport, clock, sent)),
            limiter=cast("Any", _Limiter()),
            circuits=cast("Any", None),
            sign_in=cast("Any", None),
            touch=lambda: None,
            clock=clock,
            priority="bulk",
            fence=None,
            on_call=note,
            should_stop=None,
            test=False,
        )
    )
    return made[0]
