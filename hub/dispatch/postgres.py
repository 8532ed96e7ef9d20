"""Doorbell between processes on one PostgreSQL: LISTEN and NOTIFY, no server beside it (recipe 10)."""

import logging
import threading
from collections.abc import Callable

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from hub.seams import Clock

log = logging.getLogger(__name__)

CHANNEL = "hub_ring"
LOOK_SECONDS = 1.0
AGAIN_SECONDS = 1.0
RING = text(f"SELECT pg_notify('{CHANNEL}', :flow)")


class PostgresBell:
    """Carries rings to every process that listens; equal rings of one commit merge.

    ``heard(flow_id)`` is called in the listening thread, ``missed()`` once after every
    (re)connect: what was rung while nobody listened is found by that sweep.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        heard: Callable[[int], None] | None = None,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._heard = heard
        self._missed = missed
        self._stop = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)

    def ring(self, flow_id: int) -> None:
        """Ring everywhere; while the database is away the sweep finds the work."""
        try:
            with self._engine.begin() as connection:
                connection.execute(RING, {"flow": str(flow_id)})
        except SQLAlchemyError as error:
            log.warning("Flow %s could not be rung for (%s); the sweep finds it", flow_id, error)

    def start(self) -> None:
        """Begin to listen."""
        if self._heard is not None:
            self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LOOK_SECONDS * 3)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen_once()
            except (psycopg.Error, SQLAlchemyError):
                if not self._lost:
                    log.warning("The doorbell lost the database; it listens as soon as it can")
                self._lost = True
            self._stop.wait(AGAIN_SECONDS)

    def _listen_once(self) -> None:
        """Listen on a connection of its own until it breaks: a pool would take it back."""
        url = self._engine.url.set(drivername="postgresql")
        address = url.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._lost = False
            self._missed()
            while not self._stop.is_set():
                for notice in connection.notifies(timeout=LOOK_SECONDS):
                    if notice.payload.isdigit() and self._heard is not None:
                        self._heard(int(notice.payload))
                    if self._stop.is_set():
                        return
