"""What every rig begins with is made once: ports that answer, and a hub that is set up."""

import json
import socket
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hub.sdk.simulation import RunningSimulator, serve

IDLE: dict[str, list[RunningSimulator]] = defaultdict(list)
"""Ports of simulators by plugin that no rig uses at the moment."""

HOMES: dict[str, tuple[float, list[tuple[Path, int, bytes]]]] = {}
"""Seconds of the virtual clock that setting up a hub took, and the files of its home."""


def serve_again(plugin: str, sim: Any) -> RunningSimulator:
    """Let a simulator answer at a port that an earlier rig has left, or at a new one."""
    if not IDLE[plugin]:
        return serve(sim)
    server = IDLE[plugin].pop()
    give(server, sim)
    return server


def give(server: RunningSimulator, sim: Any) -> None:
    """Let another simulator answer at this port."""
    server.sim = server._server.sim = sim


def leave(plugin: str, server: RunningSimulator) -> None:
    """Cut what is connected, and keep the port for the next rig unless the test has closed it."""
    if not server._thread.is_alive():
        return
    for connection in tuple(server._server.connections):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    IDLE[plugin].append(server)


def key_of(*parts: Any) -> str:
    """Name what a set-up depends on; empty when it cannot be told apart from another."""
    try:
        return json.dumps(parts, sort_keys=True)
    except TypeError:
        return ""


def copied(key: str, home: Path, set_up: Callable[[], float]) -> float:
    """Fill ``home`` as ``set_up`` does, later with the same files; return the seconds it takes."""
    if key not in HOMES:
        seconds = set_up()
        files = [f for f in sorted(home.rglob("*")) if f.is_file()]
        HOMES[key] = (
            seconds,
            [(f.relative_to(home), f.stat().st_mode, f.read_bytes()) for f in files],
        )
        return seconds
    seconds, kept = HOMES[key]
    home.mkdir(mode=0o700)
    for name, mode, content in kept:
        file = home / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
    return seconds
