"""The default doorbell: worker threads in this process."""

import logging
import queue
import threading
from collections.abc import Callable

from hub.seams import Clock
from hub.store.database import is_away

log = logging.getLogger(__name__)


class ThreadDoorbell:
    """Calls ``work(flow_id)`` in a worker thread, once per flow however often it rings.

    Rings during the work of a flow are kept: it is looked at once more.
    """

    def __init__(self, work: Callable[[int], None], clock: Clock, workers: int = 4) -> None:
        self._work = work
        self._clock = clock
        self._queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._running: set[int] = set()
        self._again: set[int] = set()
        self._threads = [self._new(n + 1) for n in range(workers)]
        self._relieved: set[int] = set()

    def _new(self, number: int) -> threading.Thread:
        return threading.Thread(target=self._loop, name=f"worker-{number}", daemon=True)

    def relieve(self, thread: int) -> bool:
        """Start another worker for one whose work does not come back; False: it is none of ours."""
        if thread in self._relieved or thread not in {one.ident for one in self._threads}:
            return False
        self._relieved.add(thread)
        self._threads.append(self._new(len(self._threads) + 1))
        self._threads[-1].start()
        return True

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def ring(self, flow_id: int) -> None:
        """Say that this flow may have work."""
        with self._lock:
            if flow_id in self._running:
                self._again.add(flow_id)
                return
            if flow_id in self._waiting:
                return
            self._waiting.add(flow_id)
        self._queue.put(flow_id)

    @property
    def alive(self) -> int:
        """How many workers are running."""
        return sum(thread.is_alive() for thread in self._threads)

    def stop(self, timeout: float) -> bool:
        """Take no more work and wait for the running; True when all ended in time."""
        for _ in self._threads:
            self._queue.put(None)
        share = timeout
        for thread in self._threads:
            if thread.is_alive():
                started = self._clock.monotonic()
                thread.join(max(0.0, share))
                share -= self._clock.monotonic() - started
        return self.alive == 0

    def _loop(self) -> None:
        while (flow_id := self._queue.get()) is not None:
            with self._lock:
                self._waiting.discard(flow_id)
                self._running.add(flow_id)
            try:
                self._work(flow_id)
            except BaseException as error:
                if isinstance(error, Exception) and is_away(error):
                    log.warning("The database is away; work on flow %s goes on after it", flow_id)
                else:
                    log.exception("Work on flow %s broke off; the sweep tries again", flow_id)
            finally:
                with self._lock:
                    self._running.discard(flow_id)
                    ring_again = flow_id in self._again
                    self._again.discard(flow_id)
                if ring_again:
                    self.ring(flow_id)
            if threading.get_ident() in self._relieved:
                return
