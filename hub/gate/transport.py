"""One HTTP call over a guarded, kept connection: whole answer, total deadline, sorted errors."""

import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    SSLError,
)
from urllib3.util.connection import is_connection_dropped

from hub.gate.deadline import Deadline, Watchdog
from hub.gate.guard import GuardedHttp, GuardedHttps, Origin, new_connection
from hub.seams import Clock, SystemClock

CONNECT_SECONDS = 10.0
CHUNK = 65536
KEPT = 8
"""Idle connections kept per origin."""
MARGIN = 1.0
"""Seconds that the socket's own timeout lies behind the watchdog's."""

# urllib3 warns with whole URLs, query strings included (S14).
logging.getLogger("urllib3").setLevel(logging.ERROR)

Wire = GuardedHttp | GuardedHttps


class NotSent(Exception):
    """The call failed before anything was sent. ``kind``: name, certificate or connect."""

    def __init__(self, message: str, kind: str = "connect") -> None:
        super().__init__(message)
        self.kind = kind


class NoAnswer(Exception):
    """Something was sent, and no complete answer came back."""


class TooLarge(Exception):
    """The answer is larger than allowed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. ``target`` is path and query; ``max_bytes`` bounds the unpacked answer."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    max_bytes: int


class Raw:
    """Status, headers and body of a complete answer. Header names are lower case."""

    __slots__ = ("body", "cookies", "headers", "status")

    def __init__(
        self, status: int, headers: dict[str, str], cookies: dict[str, str], body: bytes
    ) -> None:
        self.status, self.headers, self.cookies, self.body = status, headers, cookies, body


class Transport:
    """Keeps connections per origin. Safe for threads; no call is ever repeated here."""

    def __init__(self, ca_file: str | None = None, clock: Clock | None = None) -> None:
        self._ca_file = ca_file
        self._clock = clock or SystemClock()
        self._watchdog = Watchdog(self._clock)
        self._idle: dict[tuple[Origin, bool], list[Wire]] = {}
        self._lock = threading.Lock()

    def send(
        self,
        origin: Origin,
        request: Request,
        *,
        own_network: bool,
        seconds: float,
    ) -> Raw:
        """Send and read to the end within ``seconds``, connecting included.

        Raises ``Refused``, ``NotSent``, ``NoAnswer`` or ``TooLarge``.
        """
        end = self._clock.monotonic() + seconds
        wire = self._take(origin, own_network) or self._connect(origin, own_network, seconds)
        left = max(0.05, end - self._clock.monotonic())
        # A cut answer shows as an error at once; this only backs the watchdog up.
        wire.timeout = left + MARGIN
        wire.sock.settimeout(left + MARGIN)
        deadline = self._watchdog.watch(wire.sock, left)
        kept = False
        try:
            raw, kept = self._exchange(wire, request)
        except TooLarge:
            raise
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise NoAnswer(reason(origin, error, deadline, seconds)) from None
        finally:
            deadline.cancel()
            if not kept or deadline.fired:
                wire.close()
        if deadline.fired:
            # The cut looked like the natural end of a body without a length.
            raise NoAnswer(late(origin, seconds))
        if kept:
            self._give_back(origin, own_network, wire)
        return raw

    def _exchange(self, wire: Wire, request: Request) -> tuple[Raw, bool]:
        wire.request(
            request.method,
            request.target,
            body=request.body,
            headers=request.headers,
            preload_content=False,
            decode_content=True,
        )
        answer = wire.getresponse()
        parts: list[bytes] = []
        size = 0
        while chunk := answer.read1(CHUNK, decode_content=True):
            size += len(chunk)
            if size > request.max_bytes:
                raise TooLarge(f"sent more than {request.max_bytes // 1_000_000} MB")
            parts.append(chunk)
        plain = {name.lower(): value for name, value in answer.headers.items()}
        cookies = read_cookies(answer.headers.getlist("set-cookie"))
        alive = wire.sock is not None and plain.get("connection", "").lower() != "close"
        return Raw(answer.status, plain, cookies, b"".join(parts)), alive

    def _take(self, origin: Origin, own_network: bool) -> Wire | None:
        while True:
            with self._lock:
                idle = self._idle.get((origin, own_network))
                wire = idle.pop() if idle else None
            if wire is None:
                return None
            # The server may have closed it while idle: nothing was sent, so just take another.
            if wire.sock is not None and not is_connection_dropped(wire):
                return wire
            wire.close()

    def _give_back(self, origin: Origin, own_network: bool, wire: Wire) -> None:
        with self._lock:
            idle = self._idle.setdefault((origin, own_network), [])
            if len(idle) < KEPT:
                idle.append(wire)
                return
        wire.close()

    def _connect(self, origin: Origin, own_network: bool, seconds: float) -> Wire:
        wire = new_connection(
            origin,
            own_network=own_network,
            timeout=min(CONNECT_SECONDS, seconds),
            ca_file=self._ca_file,
        )
        try:
            wire.connect()
        except NameResolutionError:
            wire.close()
            raise NotSent(f"The name {origin.host} cannot be found", "name") from None
        except (SSLError, ssl.SSLError) as error:
            wire.close()
            raise NotSent(
                f"{origin} cannot be trusted: {tls_reason(error)}", "certificate"
            ) from None
        except (HTTPError, OSError) as error:
            wire.close()
            raise NotSent(connect_reason(origin, error)) from None
        except BaseException:
            wire.close()
            raise
        return wire

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for wires in idle.values():
            for wire in wires:
                wire.close()


def read_cookies(lines: list[str]) -> dict[str, str]:
    """Return name → value of Set-Cookie headers; the last of a name wins."""
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.partition(";")[0].partition("=")
        if equals:
            found[name.strip()] = value.strip()
    return found


def late(origin: Origin, seconds: float) -> str:
    """Return the text for a deadline that passed."""
    return f"{origin} gave no complete answer within {seconds:g} seconds"


def reason(origin: Origin, error: Exception, deadline: Deadline, seconds: float) -> str:
    """Return what cut the call short, without URL or query string."""
    if deadline.fired or isinstance(error, TimeoutError):
        return late(origin, seconds)
    name = type(error).__name__
    if name in {"IncompleteRead", "ProtocolError"} and "Incomplete" in str(error):
        return f"{origin} cut its answer short"
    if name == "DecodeError":
        return f"{origin} sent an answer that cannot be unpacked"
    if isinstance(error, ConnectionError | HTTPException | socket.error | HTTPError):
        return f"{origin} cut the connection before its answer was complete"
    return f"{origin} sent an answer that is not HTTP"


def connect_reason(origin: Origin, error: Exception) -> str:
    """Return why no connection came about."""
    cause: Any = getattr(error, "__cause__", None)
    if isinstance(cause, ConnectionRefusedError):
        return f"{origin} refused the connection"
    if isinstance(cause or error, TimeoutError) or type(error) is ConnectTimeoutError:
        return f"{origin} does not answer: no connection within {CONNECT_SECONDS:g} seconds"
    return f"{origin} cannot be reached"


def tls_reason(error: Exception) -> str:
    """Return the certificate problem in words."""
    text = str(error)
    for mark, words in (
        ("self-signed", "its certificate is self-signed"),
        ("expired", "its certificate has expired"),
        ("doesn't match", "its certificate is for another name"),
        ("Hostname mismatch", "its certificate is for another name"),
        ("IP address mismatch", "its certificate is for another name"),
        ("unable to get", "its certificate comes from an unknown authority"),
    ):
        if mark in text:
            return words
    return "the encrypted connection could not be set up"
