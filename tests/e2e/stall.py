"""A port in front of a simulator that stops answering: connecting hangs, as behind a dead firewall."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class Stall:
    """Passes connections on until ``begin``; from then on nobody's connecting ends."""

    def __init__(self, url: str) -> None:
        self._behind = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
        # A backlog of 0 takes one connection that nobody accepts; the next one's SYN is dropped.
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._fill: list[socket.socket] = []
        self._passing = threading.Event()
        self._passing.set()
        self._idle = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def begin(self) -> None:
        """End every connection, take no new one, and fill the queue of those that wait."""
        self._idle.clear()
        self._passing.clear()
        with suppress(OSError):  # the accept that is under way ends with this one
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        assert self._idle.wait(5)
        self._cut()
        while True:
            one = socket.socket()
            one.settimeout(0.3)
            self._fill.append(one)
            try:
                one.connect(("127.0.0.1", self.port))
            except TimeoutError:
                return

    def end(self) -> None:
        """Answer again."""
        for one in self._fill:
            one.close()
        self._fill.clear()
        self._passing.set()

    def close(self) -> None:
        self.end()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            if not self._passing.is_set():
                here.close()
                self._idle.set()
                self._passing.wait()
                continue
            try:
                there = socket.create_connection(self._behind)
            except OSError:
                here.close()
                continue
            with self._lock:
                self._open += [here, there]
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=_pass, args=(one, other), daemon=True).start()


def _pass(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for sock in (one, other):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
