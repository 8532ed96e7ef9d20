"""Twenty-five equal refusals in a row say something about the settings, not the records (R12)."""

from collections.abc import Sequence

from sqlalchemy import text

from hub.outbox import Settled
from hub.store.transaction import Transaction

LIMIT = 25


class TooManyRefusals(Exception):
    """The target refused many records in a row for the same reason: the flow stops."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(
            f"The store refused {LIMIT} records in a row for the same reason: {reason}"
        )
        self.remedy = (
            "Look at one of the parked messages, correct the setting or the data that all of them "
            "share, retry them, then run the sync again."
        )
        self.field = field


class Refusals:
    """Counts consecutive equal refusals of a flow; kept with the flow between drains."""

    def __init__(self, count: int, reason: str) -> None:
        self.count = count
        self.reason = reason
        self.field = ""

    def see(self, rows: Sequence[Settled]) -> None:
        """Take note of settled rows, in their order."""
        for row in rows:
            if row.status == "parked" and row.reason_group.startswith("refused:"):
                same = row.reason_group == self.reason
                self.count = self.count + 1 if same else 1
                self.reason, self.field = row.reason_group, row.field
            elif row.status == "done":
                self.count, self.reason = 0, ""

    def check(self) -> None:
        """Raise ``TooManyRefusals`` at the limit."""
        if self.count >= LIMIT:
            raise TooManyRefusals(self.reason.removeprefix("refused: "), self.field)

    def save(self, connection: Transaction, flow_id: int) -> None:
        """Keep the count for the next drain."""
        connection.execute(
            text("UPDATE flow SET refusals = :count, refusal_reason = :reason WHERE id = :id"),
            {"count": self.count, "reason": self.reason, "id": flow_id},
        )
