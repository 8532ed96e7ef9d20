"""Applying an import of records for a page or the command line."""

import logging
import threading
from typing import TYPE_CHECKING

from hub.settings import imports

if TYPE_CHECKING:
    from hub.runtime.runtime import Runtime

log = logging.getLogger(__name__)

AT_ONCE = 2_000
"""Up to so many records are queued while a person waits; more go on in the background."""


def apply_import(
    runtime: "Runtime", import_id: int, who: str, *, wait: bool = False
) -> dict[str, int]:
    """Apply an import and let the workers see what is to be sent.

    ``wait``: come back when all is queued, however much it is. Raises ``imports.AlreadyApplied``.
    """
    done = imports.apply(runtime.context, import_id, who)
    if wait or done["to_send"] <= AT_ONCE:
        queued = imports.queue_rows(runtime.context, import_id)
        runtime.ring_all()
        return done | {"queued": queued}
    threading.Thread(target=_queue, args=(runtime, import_id), name="import", daemon=True).start()
    return done | {"queued": 0}


def _queue(runtime: "Runtime", import_id: int) -> None:
    """What this leaves over when it fails, the sweep goes on with."""
    try:
        imports.queue_rows(runtime.context, import_id)
        runtime.ring_all()
    except Exception:
        log.exception(
            "Import %s is not queued to its end yet; the sweep goes on with it", import_id
        )
