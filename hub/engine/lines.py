"""What the connector log says of a call, and of a record that was parked before any call."""

from collections import Counter
from collections.abc import Sequence

from hub.engine.context import FlowContext
from hub.engine.sending import Sent
from hub.outbox import Settled
from hub.outbox.log_lines import LogLine


def line_of(context: FlowContext, sent: Sent) -> LogLine | None:
    """One line of the connector log per call, at the level that its worst record deserves."""
    outcomes = Counter(row.outcome or row.status for row in sent.rows)
    level = "info"
    if outcomes.get("parked") or sent.detail:
        level = "error"
    elif outcomes.get("pending"):
        level = "warning"
    if not context.logging.get(level):
        return None
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in outcomes.items())
    names = [row.key for row in sent.rows[:5]]
    more = f" and {len(sent.rows) - 5} more" if len(sent.rows) > 5 else ""
    reasons = "; ".join(dict.fromkeys(row.reason for row in sent.rows if row.reason))
    return LogLine(
        level,
        f"{words}: {', '.join(names)}{more}" if words else sent.detail,
        (sent.detail or reasons)[:2000],
        sent.url,
    )


def parked_lines(context: FlowContext, rows: Sequence[Settled]) -> list[LogLine]:
    """A line per record that was parked before any call."""
    if not context.logging.get("error"):
        return []
    parked = [row for row in rows if row.status == "parked"]
    return [LogLine("error", f"Parked {row.key}: {row.reason}", row.remedy) for row in parked[:50]]
