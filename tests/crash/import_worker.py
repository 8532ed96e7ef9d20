"""What runs in a child process: one import of records that is killed at a crash point."""

import os
from collections.abc import Mapping
from pathlib import Path

from hub.runtime import build
from hub.runtime.importing import apply_import
from hub.seams import set_crash_hook
from hub.settings import imports


def import_until(environ: Mapping[str, str], file: Path, point: str) -> None:
    """Read and apply a file; die by SIGKILL at ``point``."""

    def hook(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), 9)

    set_crash_hook(hook)
    runtime = build(environ)
    found = imports.read(runtime.context, file.read_bytes(), file.name, "me", imports.UPLOAD)
    apply_import(runtime, found, "me", wait=True)
    runtime.close()
    os._exit(0)
