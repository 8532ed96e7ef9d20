"""What the connector log says of a call."""

from collections import Counter

from hub.engine.context import FlowContext
from hub.engine.sending import Sent
from hub.outbox.settle import LogLine


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
