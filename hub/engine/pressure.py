"""Back-pressure (R17): who reads waits while too much waits to be sent, or the disk is nearly full."""

import shutil
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from hub.engine.context import Tools
from hub.store import snapshot
from hub.store.work_tables import PENDING

MOST_PENDING = 50_000
LONGEST_DUE = timedelta(hours=24)
LEAST_FREE = 100_000_000
"""Bytes: enough to settle and log everything that is under way."""

# Both read the front of the index message_due. What waits for a retry of its own is not due.
COUNT = text(
    "SELECT count(*) FROM (SELECT 1 FROM message WHERE flow_id = :flow "
    f"AND {PENDING} LIMIT :most) AS waiting"
)
OLDEST = text(f"SELECT min(due_at) FROM message WHERE flow_id = :flow AND {PENDING}")
REMEDY = "Nothing is lost: reading goes on by itself from where it stopped."


@dataclass(slots=True)
class Pressure:
    """Watches one flow while it is read."""

    tools: Tools
    flow_id: int
    _room: int = 0

    def why(self, read: int = 0) -> str:
        """Return why reading must wait, as a sentence, or nothing; ``read`` records were just read.

        Counts only when so many were read that the limit may have been reached.
        """
        path = snapshot.file_of(self.tools.database)
        if path is not None and shutil.disk_usage(path.parent).free < LEAST_FREE:
            free = f"{LEAST_FREE // 1_000_000} MB"
            return f"Reading waits: less than {free} are free on the disk. Free some space."
        self._room -= read
        if self._room > 0:
            return ""
        now_ms = self.tools.now_ms()
        with self.tools.database.look() as connection:
            bound = {"flow": self.flow_id, "most": MOST_PENDING}
            count = int(connection.execute(COUNT, bound).scalar_one())
            oldest = connection.execute(OLDEST, {"flow": self.flow_id}).scalar()
        if count >= MOST_PENDING:
            return f"Reading waits: {MOST_PENDING:,} records of this sync wait to be sent."
        if oldest is not None and now_ms - oldest > LONGEST_DUE.total_seconds() * 1000:
            return "Reading waits: records have been due for more than 24 hours and were not sent."
        self._room = MOST_PENDING - count
        return ""
