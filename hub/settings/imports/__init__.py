"""Importing records' enablement and links: read, preview, apply (PRODUCT 1.6)."""

from hub.settings.context import Context
from hub.settings.imports.applying import AlreadyApplied, apply
from hub.settings.imports.checking import check
from hub.settings.imports.limits import COMMAND, MOST_CHANGES, UPLOAD, Limits
from hub.settings.imports.problems import FileRefused
from hub.settings.imports.queueing import queue_left_over, queue_rows
from hub.settings.imports.staging import discard, stage


def read(
    context: Context, data: bytes, file_name: str, who: str, limits: Limits, *, only: str = ""
) -> int:
    """Read a file and say row by row what it would change; returns the import's id.

    Changes no record. ``only`` is the key of the one connector that the file is for. Raises
    ``FileRefused``.
    """
    import_id = stage(context, data, file_name, who, limits, only=only)
    found = check(context, import_id)
    if found["changed"] > MOST_CHANGES:
        discard(context, import_id)
        raise FileRefused(
            f"The file changes {found['changed']:,} records; up to {MOST_CHANGES:,} are changed at "
            "once. Nothing was changed. Split it into smaller files."
        )
    return import_id


__all__ = [
    "COMMAND",
    "UPLOAD",
    "AlreadyApplied",
    "FileRefused",
    "Limits",
    "apply",
    "discard",
    "queue_left_over",
    "queue_rows",
    "read",
]
