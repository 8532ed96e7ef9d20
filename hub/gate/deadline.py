"""Total deadlines: one watchdog thread with a heap cuts sockets whose time is over."""

import heapq
import socket
import threading
from itertools import count

from hub.seams import Clock, SystemClock

COMPACT_AT = 512


class Deadline:
    """The end of one call."""

    __slots__ = ("_cut", "_lock", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        self._sock: socket.socket | None = sock
        self._cut = False
        # Cut or over, never both: the socket may serve the next call right after cancel().
        self._lock = threading.Lock()

    @property
    def alive(self) -> bool:
        """False once the call is over."""
        return self._sock is not None

    def cancel(self) -> bool:
        """The call is over; nothing will be cut any more. Return whether it was."""
        with self._lock:
            self._sock = None
            return self._cut

    def fire(self) -> None:
        """Cut both directions, so that a blocked read returns at once."""
        with self._lock:
            if self._sock is None:
                return
            self._cut = True
            try:
                # The plain method: SSLSocket.shutdown would touch TLS state from this thread.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                pass


class Watchdog:
    """Fires deadlines in real time, whatever clock the hub runs on: sockets know no other."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._heap: list[tuple[float, int, Deadline]] = []
        self._wake = threading.Condition()
        self._order = count()
        self._thread: threading.Thread | None = None

    def watch(self, sock: socket.socket, seconds: float) -> Deadline:
        """Cut ``sock`` after ``seconds`` unless the returned deadline is cancelled before."""
        deadline = Deadline(sock)
        at = self._clock.monotonic() + seconds
        with self._wake:
            if len(self._heap) >= COMPACT_AT:
                self._compact()
            first = not self._heap or at < self._heap[0][0]
            heapq.heappush(self._heap, (at, next(self._order), deadline))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif first:
                self._wake.notify()
        return deadline

    def _compact(self) -> None:
        living = [entry for entry in self._heap if entry[2].alive]
        if len(living) < len(self._heap) // 2:
            heapq.heapify(living)
            self._heap = living

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._heap and self._heap[0][0] <= self._clock.monotonic():
                    heapq.heappop(self._heap)[2].fire()
                pause = self._heap[0][0] - self._clock.monotonic() if self._heap else None
                self._wake.wait(pause if pause is None else max(0.0, pause))
