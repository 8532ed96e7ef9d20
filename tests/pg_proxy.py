"""Between the hub and its PostgreSQL: cuts connections at a COMMIT, or is away for a while."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import make_url

Cut = str
"""``before`` the server hears of the COMMIT, or ``after`` it has done it, unheard by the hub."""


class PgProxy:
    """A loopback port in front of the database ``url``.

    ``decide(n)`` is asked at the nth COMMIT and answers "before", "after" or "" (let it pass).
    """

    def __init__(self, url: str, decide: Callable[[int], Cut] = lambda _n: "") -> None:
        self.behind = make_url(url)
        self.decide = decide
        self.commits = 0
        self.cuts: list[tuple[int, Cut]] = []
        self.away = False
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self.url = self.behind.set(host="127.0.0.1", port=self.port).render_as_string(
            hide_password=False
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """End every connection, as a server that dies or a cable that is pulled."""
        with self._lock:
            for sock in self._open:
                _end(sock)
            self._open.clear()

    def leave(self) -> None:
        """Be away: cut everything and take no new connection until ``come_back``."""
        self.away = True
        self.cut_all()

    def come_back(self) -> None:
        self.away = False

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            if self.away:
                here.close()
                continue
            with suppress(OSError):
                there = socket.create_connection((self.behind.host or "", self.behind.port or 5432))
                for sock in (here, there):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._open |= {here, there}
                line = _Line(self, here, there)
                threading.Thread(target=line.up, daemon=True).start()
                threading.Thread(target=line.down, daemon=True).start()

    def verdict(self) -> Cut:
        """Count a COMMIT and say what is done to it."""
        with self._lock:
            self.commits += 1
            cut = self.decide(self.commits)
            if cut:
                self.cuts.append((self.commits, cut))
            return cut

    def forget(self, *socks: socket.socket) -> None:
        with self._lock:
            self._open -= set(socks)
        for sock in socks:
            _end(sock)


class _Line:
    """One connection of the hub."""

    def __init__(self, proxy: PgProxy, here: socket.socket, there: socket.socket) -> None:
        self.proxy, self.here, self.there = proxy, here, there
        self.deaf = threading.Event()

    def up(self) -> None:
        with suppress(OSError):
            while data := self.here.recv(65536):
                cut = self.proxy.verdict() if b"COMMIT" in data else ""
                if cut == "before":
                    break
                if cut == "after":
                    self.deaf.set()  # its answer goes nowhere; then down() ends the line
                self.there.sendall(data)
            else:
                self.proxy.forget(self.here, self.there)
                return
        if not self.deaf.is_set():
            self.proxy.forget(self.here, self.there)

    def down(self) -> None:
        with suppress(OSError):
            while data := self.there.recv(65536):
                if self.deaf.is_set():
                    break
                self.here.sendall(data)
        self.proxy.forget(self.here, self.there)


def _end(sock: Any) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
