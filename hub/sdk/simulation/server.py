"""HTTP/1.1 over real sockets, small enough to cut, halve or drip an answer at will."""

import contextlib
import ipaddress
import socket
import socketserver
import struct
import threading
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, cast

from hub.sdk.simulation.base import Reply, SimulatedServer
from hub.sdk.simulation.messages import SimRequest, SimResponse

MAX_LINE = 65_536
IDLE_SECONDS = 300.0
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_NO_BODY = {204, 304}


class _BadRequest(Exception):
    pass


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: "_Server"

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)
        address = ipaddress.ip_address(self.client_address[0])
        self.loopback = address.is_loopback

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while self._one():
                pass

    def _one(self) -> bool:
        """Answer one request; False ends the connection."""
        line = self.rfile.readline(MAX_LINE)
        if not line:
            return False
        if line in (b"\r\n", b"\n"):
            return True
        sim = self.server.sim
        try:
            method, target, version = line.decode("latin-1").split()
            headers = self._headers()
            body = self._body(headers)
        except (ValueError, _BadRequest):
            self._send(SimResponse.text("Bad request", 400), keep=False)
            return False
        keep = _keeps(version, headers)
        reply = sim.receive(SimRequest.parse(method, target, headers, body), loopback=self.loopback)
        try:
            return self._deliver(reply, keep=keep, head=method == "HEAD")
        finally:
            sim.finished(reply)

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while True:
            line = self.rfile.readline(MAX_LINE)
            if line in (b"\r\n", b"\n", b""):
                return headers
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise _BadRequest
            lower, text = name.strip().lower(), value.strip()
            headers[lower] = f"{headers[lower]}, {text}" if lower in headers else text

    def _body(self, headers: dict[str, str]) -> bytes:
        if "100-continue" in headers.get("expect", "").lower():
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = int(headers.get("content-length") or 0)
        if length < 0:
            raise _BadRequest
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            raise _BadRequest
        return body

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while True:
            size = int(self.rfile.readline(MAX_LINE).split(b";")[0], 16)
            if size == 0:
                while self.rfile.readline(MAX_LINE) not in (b"\r\n", b"\n", b""):
                    pass
                return b"".join(parts)
            parts.append(self.rfile.read(size))
            self.rfile.readline(MAX_LINE)

    def _deliver(self, reply: Reply, *, keep: bool, head: bool) -> bool:
        response = reply.response
        if response is None:
            _reset(self.connection)
            return False
        if reply.how == "truncate":
            half = response.body[: len(response.body) // 2]
            self.wfile.write(self._head(response, keep=keep) + half)
            return False
        if reply.how == "drip":
            self._drip(response, reply.rate)
            return False
        self._send(response, keep=keep, head=head)
        return keep

    def _drip(self, response: SimResponse, rate: float) -> None:
        self.wfile.write(self._head(response, keep=False))
        step = max(1, int(rate / 10))
        for at in range(0, len(response.body), step):
            self.server.sim.clock.sleep(step / rate)
            self.wfile.write(response.body[at : at + step])

    def _send(self, response: SimResponse, *, keep: bool, head: bool = False) -> None:
        start = self._head(response, keep=keep)
        if head or not response.body or response.status in _NO_BODY:
            self.wfile.write(start)
        elif len(response.body) < MAX_LINE:
            self.wfile.write(start + response.body)
        else:
            self.wfile.write(start)
            self.wfile.write(response.body)

    def _head(self, response: SimResponse, *, keep: bool) -> bytes:
        status = response.status
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}"]
        names = set()
        for name, value in response.headers:
            lines.append(f"{name}: {value}")
            names.add(name.lower())
        if "date" not in names:
            lines.append("Date: " + format_datetime(self.server.sim.clock.now(), usegmt=True))
        if "content-length" not in names and status not in _NO_BODY:
            lines.append(f"Content-Length: {len(response.body)}")
        if not keep:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sim: SimulatedServer) -> None:
        self.sim = sim
        self.connections: set[Any] = set()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news here."""


class RunningSimulator:
    """A simulator that answers at ``url`` until ``stop``; also a context manager."""

    def __init__(self, sim: SimulatedServer, server: _Server) -> None:
        self.sim = sim
        self._server = server
        host, port = cast("tuple[str, int]", server.server_address[:2])
        self.host, self.port = host, port
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), name=f"simulate-{sim.name}", daemon=True
        )
        self._thread.start()

    def replace(self, sim: SimulatedServer) -> None:
        """Let another simulator answer from the next request on, at the same address."""
        self.sim = self._server.sim = sim

    def stop(self) -> None:
        """Close the port and all connections."""
        self._server.shutdown()
        self._server.server_close()
        for connection in tuple(self._server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def __enter__(self) -> "RunningSimulator":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()


def serve(sim: SimulatedServer, host: str = "127.0.0.1", port: int = 0) -> RunningSimulator:
    """Answer on a port (0 = any free one) from a background thread.

    Raises:
        OSError: the port is taken.

    """
    return RunningSimulator(sim, _Server((host, port), sim))


def _keeps(version: str, headers: dict[str, str]) -> bool:
    connection = headers.get("connection", "").lower()
    if version == "HTTP/1.0":
        return "keep-alive" in connection
    return "close" not in connection


def _reset(connection: Any) -> None:
    """Close with RST, so that the client sees a cut and not an orderly end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
