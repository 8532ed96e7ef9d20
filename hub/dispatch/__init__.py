"""Doorbells: threads by default, PostgreSQL between processes, a distributed engine beyond."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Engine

from hub.dispatch.threads import ThreadDoorbell
from hub.seams import Clock


class Bell(Protocol):
    """A doorbell that other processes hear."""

    def ring(self, flow_id: int) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def postgres_bell(
    engine: Engine,
    clock: Clock,
    heard: Callable[[int], None] | None,
    missed: Callable[[], None],
) -> Bell:
    """Return the doorbell over LISTEN and NOTIFY; its driver is imported only here."""
    from hub.dispatch.postgres import PostgresBell  # noqa: PLC0415 - an extra

    return PostgresBell(engine, clock, heard, missed)


__all__ = ["Bell", "ThreadDoorbell", "postgres_bell"]
