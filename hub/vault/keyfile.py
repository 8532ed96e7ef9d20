"""The key file: mode 0600, one key a line, the first one seals."""

import os
import stat
from pathlib import Path

from hub.vault.sealing import KeyProblem

PRIVATE = 0o600

Stamp = tuple[int, int, int]


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
    draft.unlink(missing_ok=True)
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
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put a rename in this folder on disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class KeyFile:
    """The key file of a running process: says when ``hub keys rotate`` has changed it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: Stamp | None = None

    def read(self) -> list[str]:
        """Return the keys and remember this state of the file. Raises ``KeyProblem``."""
        self._seen = self._stamp()
        return read_keys(self._path)

    def newer(self) -> list[str] | None:
        """Return the keys when the file changed since it was read and is usable, else None."""
        if self._stamp() == self._seen:
            return None
        try:
            return self.read() or None
        except KeyProblem:
            return None  # the keys at hand go on; the next start says what is wrong

    def _stamp(self) -> Stamp | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
