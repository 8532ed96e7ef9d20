"""Who holds a lease: host, boot, process and its start, so that the dead are told from the living."""

import os
import socket
from functools import cache
from pathlib import Path

PARTS = 4


@cache
def _host() -> str:
    return socket.gethostname()


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "-"


def _start_of(pid: int) -> str | None:
    """Return the start time of a process in ticks since boot; None when it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _start_without_proc(pid)
    except OSError:
        return "-"
    # The name may hold spaces and brackets; the fields after its last ")" are regular.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _start_without_proc(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "-"


def process_owner() -> str:
    """Return this process as ``host:boot:pid:start``, the owner text of its leases."""
    pid = os.getpid()
    return f"{_host().replace(':', '_')}:{_boot_id()}:{pid}:{_start_of(pid) or '-'}"


def owner_is_dead(owner: str) -> bool:
    """True when ``owner`` surely runs no more: same host, and rebooted, gone or another process.

    A process of another host is never called dead; its lease has to run out.
    """
    parts = owner.split(":")
    if len(parts) != PARTS:
        return False
    host, boot, pid, start = parts
    if host != _host().replace(":", "_") or not pid.isdigit():
        return False
    if "-" not in (boot, _boot_id()) and boot != _boot_id():
        return True
    found = _start_of(int(pid))
    return found is None or ("-" not in (found, start) and found != start)


def since_same_boot(owner: str) -> bool:
    """True when ``owner`` ran on this host since it was started last.

    What such a process gave to the system is there, whether the disk has it or not.
    """
    parts = owner.split(":")
    if len(parts) != PARTS:
        return False
    host, boot = parts[:2]
    return host == _host().replace(":", "_") and boot == _boot_id() != "-"
