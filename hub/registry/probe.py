"""A first look at a plugin in a short-lived process: what ends that one does not end the hub."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import IO

from hub.registry.found import Package

SECONDS = 20.0
MEMORY_MB = 1024
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""Variables that the child gets; the hub's secrets are not among them."""

ANSWER = 300_000
START = (
    "import json, sys\n"
    "given = json.loads(sys.stdin.readline())\n"
    "sys.path[:] = given['path']\n"
    "from hub.registry.child import main\n"
    "main(given)\n"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child may use: seconds until it is ended, megabytes of memory."""

    seconds: float = SECONDS
    memory_mb: int = MEMORY_MB


@dataclass(frozen=True, slots=True)
class Seen:
    """How the look ended: ``reason`` is empty when the plugin may be imported here."""

    reason: str = ""
    label: str = ""


def look_at(package: Package, limits: Limits | None = None) -> Seen:
    """Import the plugin and let it describe itself in a child process; never raises for its sake."""
    limits = limits or Limits()
    given = {
        "name": package.name,
        "module": package.module,
        "attribute": package.attribute,
        "path": [path for path in sys.path if path] or [os.getcwd()],  # noqa: PTH109
        "memory_mb": limits.memory_mb,
        "seconds": int(limits.seconds) + 1,
    }
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as said:
        given["answer"] = answer.fileno()
        code = _run(json.dumps(given), answer, said, limits.seconds)
        return _read(answer, said, code, limits)


def _run(given: str, answer: IO[bytes], said: IO[bytes], seconds: float) -> int | None:
    """Return the child's exit code, or None when it had to be ended."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", START],
        stdin=subprocess.PIPE, stdout=said, stderr=said, env=environment,
        pass_fds=(answer.fileno(),), start_new_session=True,
    )  # fmt: skip
    try:
        child.communicate((given + "\n").encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        # Also what the plugin left running: it is in the child's group.
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return child.returncode


def _read(answer: IO[bytes], said: IO[bytes], code: int | None, limits: Limits) -> Seen:
    answer.seek(0)
    lines = answer.read(ANSWER).decode("utf-8", "replace").splitlines()
    stage = "its module was imported"
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if "stage" in told:
            stage = str(told["stage"])[:200]
        elif "reason" in told:
            return Seen(str(told["reason"])[:600], str(told.get("label", ""))[:200])
    if code is None:
        return Seen(f"it did not come back within {limits.seconds:g} seconds while {stage}")
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return Seen(f"it used up its processor time or memory while {stage}")
    if _out_of_memory(said):
        return Seen(f"it needs more than {limits.memory_mb} MB of memory while {stage}")
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return Seen(f"it ended the process ({how}) while {stage}")


def _out_of_memory(said: IO[bytes]) -> bool:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 4_000))
    return b"MemoryError" in said.read(4_000)
