"""Lines of the connector log: one per call, one per record that was parked before any call."""

from collections.abc import Sequence

from hub.engine.context import FlowContext
from hub.outbox import Settled
from hub.outbox.settle import LogLine


def parked_lines(context: FlowContext, rows: Sequence[Settled]) -> list[LogLine]:
    """A line per record that was parked before any call."""
    if not context.logging.get("error"):
        return []
    parked = [row for row in rows if row.status == "parked"]
    return [LogLine("error", f"Parked {row.key}: {row.reason}", row.remedy) for row in parked[:50]]
