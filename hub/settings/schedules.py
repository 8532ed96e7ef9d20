"""Five-field cron, checked once for every way in."""

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

NONE = "none"
"""In the file: by hand only. Stored as the empty text."""

_FIELDS = 5
_START = datetime(2026, 1, 1, tzinfo=UTC)


def cron_problem(text: str) -> str:
    """Return what is wrong with a schedule as a sentence; empty = nothing.

    Five fields only: a sixth would mean seconds.
    """
    shown = re.sub(r"\s+", " ", text.strip())[:60]
    advice = "Write five fields, as in */15 * * * *, or none for by hand only."
    if len(text.split()) != _FIELDS:
        return f"The schedule {shown!r} is not understood. {advice}"
    try:
        next(CronSim(text, _START))
    except CronSimError:
        return f"The schedule {shown!r} is not understood. {advice}"
    except StopIteration:
        return f"The schedule {shown!r} never comes due. {advice}"
    return ""
