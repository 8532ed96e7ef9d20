"""Named places where a test may end the process; no-ops otherwise."""

import os
from collections.abc import Callable
from typing import Literal

CrashPoint = Literal[
    "page.before_commit",
    "page.after_commit",
    "claim.after_commit",
    "intent.before_commit",
    "intent.after_commit",
    "call.after_answer",
    "send.after_answer",
    "settle.before_commit",
    "settle.after_commit",
    "verify.before_commit",
    "verify.after_commit",
    "run.before_finish",
    "signin.before_save",
    "signin.after_save",
    "keys.after_file",
    "keys.before_commit",
    "keys.after_commit",
    "restore.before_swap",
    "restore.after_swap",
    "import.before_links",
    "import.before_messages",
    "import.before_commit",
    "import.after_commit",
    "import.before_step",
]

_hook: Callable[[str], None] | None = None


def set_crash_hook(hook: Callable[[str], None] | None) -> None:
    """Install the test's callable; it gets the name of each point that is passed."""
    global _hook  # noqa: PLW0603 - one process, one hook, set by tests only
    _hook = hook


def crashpoint(name: CrashPoint) -> None:
    """Mark a boundary at which a killed process must leave nothing lost or doubled."""
    if _hook is not None:
        _hook(name)


def kill_at(nth: int) -> Callable[[str], None]:
    """Return a hook that ends this process with SIGKILL at the ``nth`` point it passes."""
    passed = 0

    def hook(_name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == nth:
            os.kill(os.getpid(), 9)

    return hook
