"""requests over guarded pools: peer checked and deadline running before the first byte leaves."""

import ssl
import threading
from functools import partial
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, SSLError

from hub.gate.deadline import Deadline, Watchdog
from hub.gate.guard import GuardedHttp, GuardedHttps, Origin, tls_context
from hub.seams import Clock

CONNECT_SECONDS = 10.0
KEPT = 8
"""Idle connections kept per origin."""
ORIGINS = 256
"""Origins with kept connections; the one unused for longest makes room."""
MARGIN = 1.0
"""Seconds that the socket's own timeout lies behind the watchdog's."""


class NotSent(Exception):
    """The call failed before anything was sent. ``kind``: name, certificate or connect."""

    def __init__(self, message: str, kind: str = "connect") -> None:
        super().__init__(message)
        self.kind = kind


class Calls(threading.local):
    """The call that a thread is sending. ``sent`` and ``cut`` speak of that one."""

    origin: Origin
    end = 0.0
    sent = cut = False
    _deadline: Deadline | None = None

    def __init__(self, watchdog: Watchdog, clock: Clock) -> None:
        self._watchdog = watchdog
        self._clock = clock

    def start(self, origin: Origin, seconds: float) -> None:
        """The thread's next call begins; connecting counts."""
        self.origin, self.end = origin, self._clock.monotonic() + seconds
        self.sent = self.cut = False

    def watch(self, sock: Any) -> float:
        """Bytes may leave from here on. Return the seconds after which the socket gives up."""
        left = max(0.05, self.end - self._clock.monotonic())
        self.sent, self._deadline = True, self._watchdog.watch(sock, left)
        return left + MARGIN

    def over(self) -> bool:
        """The connection is free, nothing will be cut any more. Return whether it was."""
        if self._deadline is not None:
            self.cut, self._deadline = self._deadline.cancel(), None
        return self.cut


class GuardedHttpPool(HTTPConnectionPool):
    """Kept connections of one origin."""

    ConnectionCls: Any = GuardedHttp

    def __init__(self, *args: Any, own_network: bool, calls: Calls, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._own_network = own_network
        self._calls = calls

    def _new_conn(self) -> Any:
        made: Any = super()._new_conn()
        made.own_network = self._own_network
        return made

    def _validate_conn(self, conn: Any) -> None:
        if conn.is_closed:
            connect(conn, self._calls.origin)
        # A cut answer shows as an error at once; this only backs the watchdog up.
        conn.timeout = self._calls.watch(conn.sock)

    def _put_conn(self, conn: Any) -> None:
        # The next call may take it at once: no deadline of this one may hit it there.
        if self._calls.over() and conn is not None:
            conn.close()
        super()._put_conn(conn)


class GuardedHttpsPool(GuardedHttpPool, HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = GuardedHttps


class GuardedAdapter(HTTPAdapter):
    """Sends prepared requests as they are: no repeats, redirects, proxies or cookies."""

    def __init__(self, *, own_network: bool, calls: Calls, ca_file: str | None) -> None:
        self._pools = {
            scheme: partial(pool, own_network=own_network, calls=calls)
            for scheme, pool in (("http", GuardedHttpPool), ("https", GuardedHttpsPool))
        }
        self._calls, self._ca_file = calls, ca_file
        super().__init__(pool_connections=ORIGINS, pool_maxsize=KEPT, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Let every connection come from a guarded pool."""
        super().init_poolmanager(*args, **kwargs)
        manager: Any = self.poolmanager
        manager.pool_classes_by_scheme = self._pools

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        """Return the guarded pool of the call's origin; no argument leads past it or its TLS."""
        origin, tls = self._calls.origin, {}
        if origin.scheme == "https":
            tls = {"ssl_context": tls_context(self._ca_file), "cert_reqs": "CERT_REQUIRED"}
        return self.poolmanager.connection_from_host(origin.host, origin.port, origin.scheme, tls)

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """The context verifies; loading authorities per connection would widen it."""

    def request_url(self, request: PreparedRequest, *_args: Any) -> str:
        """Return path and query: there is never a proxy."""
        return request.path_url

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Return the answer without a cookie jar, which costs a tenth of the call."""
        made = Response()
        made.status_code, made.raw, made.request = resp.status, resp, req
        return made


def connect(conn: Any, origin: Origin) -> None:
    """Connect, or raise ``Refused`` or ``NotSent``; neither is an error that requests wraps."""
    try:
        conn.connect()
    except NameResolutionError:
        raise NotSent(f"The name {origin.host} cannot be found", "name") from None
    except (SSLError, ssl.SSLError) as error:
        text = f"{origin} cannot be trusted: {tls_reason(error)}"
        raise NotSent(text, "certificate") from None
    except (HTTPError, OSError) as error:
        raise NotSent(connect_reason(origin, error)) from None


def connect_reason(origin: Origin, error: Exception) -> str:
    """Return why no connection came about."""
    cause = error.__cause__
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
