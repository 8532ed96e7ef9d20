"""The key file: mode 0600, one key a line, the first one seals."""

import os
import stat
from pathlib import Path

from hub.vault.sealing import KeyProblem

PRIVATE = 0o600


def read_keys(path: Path) -> list[str]:
    """Return the keys of the file; empty when there is no file.

    Raises ``KeyProblem`` when others may read it, or when it is unreadable or empty.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise KeyProblem(f"the key file {path} cannot be read") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise KeyProblem(f"the key file {path} is open to other users; run: chmod 600 {path}")
    keys = [line.strip() for line in text.splitlines() if line.strip()]
    if not keys:
        raise KeyProblem(f"the key file {path} is empty")
    return keys


def write_keys(path: Path, keys: list[str]) -> None:
    """Write the file so that it is complete and private, or not there at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
