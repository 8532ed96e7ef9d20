"""One HTTP call through requests: whole answer, total deadline, sorted errors."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException

import requests
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from hub.gate.adapter import CONNECT_SECONDS, MARGIN, Calls, GuardedAdapter, NotSent, connect_reason
from hub.gate.deadline import Watchdog
from hub.gate.guard import Origin
from hub.seams import Clock, SystemClock

CHUNK = 65536

# urllib3 warns with whole URLs, query strings included (S14).
logging.getLogger("urllib3").setLevel(logging.ERROR)


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
        clock = clock or SystemClock()
        self._calls = Calls(Watchdog(clock), clock)
        # A connection checked for the own network never serves a call that may not go there.
        self._sessions = {own: self._session(own, ca_file) for own in (False, True)}

    def _session(self, own_network: bool, ca_file: str | None) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        adapter = GuardedAdapter(own_network=own_network, calls=self._calls, ca_file=ca_file)
        for prefix in ("https://", "http://"):
            session.mount(prefix, adapter)
        return session

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
        prepared = prepare(origin, request)
        adapter = self._sessions[own_network].get_adapter(f"{origin.scheme}://")
        calls = self._calls
        calls.start(origin, seconds)
        try:
            timeout = (min(CONNECT_SECONDS, seconds), seconds + MARGIN)
            with adapter.send(prepared, stream=True, timeout=timeout) as answer:
                raw = read(answer, request.max_bytes)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            if not calls.sent:
                raise NotSent(connect_reason(origin, error)) from None
            raise NoAnswer(reason(origin, error, calls.over(), seconds)) from None
        finally:
            calls.over()
        if calls.cut:
            # The cut looked like the natural end of a body without a length.
            raise NoAnswer(late(origin, seconds))
        return raw

    def close(self) -> None:
        """Close every idle connection."""
        for session in self._sessions.values():
            session.close()


def prepare(origin: Origin, request: Request) -> PreparedRequest:
    """Return the request as it goes out; a Session would add cookies, proxies and passwords."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    made = PreparedRequest()
    made.method = request.method
    made.url = f"{origin.scheme}://{host}:{origin.port}{request.target}"
    made.headers = CaseInsensitiveDict(request.headers)
    made.body = request.body
    if request.body is not None:
        made.headers["Content-Length"] = str(len(request.body))
    return made


def read(answer: requests.Response, max_bytes: int) -> Raw:
    """Read an answer to its end, unpacked; the connection is free again then."""
    parts: list[bytes] = []
    size = 0
    while chunk := answer.raw.read1(CHUNK, decode_content=True):
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge(f"sent more than {max_bytes // 1_000_000} MB")
        parts.append(chunk)
    plain = {name.lower(): value for name, value in answer.raw.headers.items()}
    cookies = read_cookies(answer.raw.headers.getlist("set-cookie"))
    return Raw(answer.status_code, plain, cookies, b"".join(parts))


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


def reason(origin: Origin, error: Exception, cut: bool, seconds: float) -> str:
    """Return what cut the call short, without URL or query string."""
    if cut or isinstance(error, TimeoutError | requests.Timeout):
        return late(origin, seconds)
    name = type(error).__name__
    if name in {"IncompleteRead", "ProtocolError"} and "Incomplete" in str(error):
        return f"{origin} cut its answer short"
    if name == "DecodeError":
        return f"{origin} sent an answer that cannot be unpacked"
    if isinstance(error, OSError | HTTPException | HTTPError):
        return f"{origin} cut the connection before its answer was complete"
    return f"{origin} sent an answer that is not HTTP"
