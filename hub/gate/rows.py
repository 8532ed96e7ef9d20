"""The row of one quota: read and written inside a permit's transaction."""

from hub.gate.sql import Hot
from hub.gate.window import Window

COLUMNS = "started_at, ends_at, used, allowed, limit_seen, wait_until, rate_percent, remaining_seen"
SELECT = f"SELECT {COLUMNS} FROM quota_window WHERE connection_id = ? AND quota = ?"
INSERT = (
    "INSERT INTO quota_window (connection_id, quota, started_at, ends_at, used, allowed, "
    "limit_seen, wait_until, rate_percent, in_flight) VALUES (?, ?, 0, 0, 0, 0, 0, 0, 100, 0) "
    "ON CONFLICT DO NOTHING"
)
UPDATE = (
    "UPDATE quota_window SET started_at = ?, ends_at = ?, used = ?, allowed = ?, limit_seen = ?, "
    "wait_until = ?, rate_percent = ?, remaining_seen = ? WHERE connection_id = ? AND quota = ?"
)


def load_window(hot: Hot, connection_id: int | None, quota: str) -> Window:
    """Return the quota's window, made on its first use."""
    row = hot.first(SELECT, connection_id, quota)
    if row is None:
        hot.run(INSERT, connection_id, quota)
        row = hot.first(SELECT, connection_id, quota) or ()
    return Window(*row)


def save_window(hot: Hot, connection_id: int | None, quota: str, window: Window) -> None:
    """Store the window."""
    w = window
    values = (w.started_at, w.ends_at, w.used, w.allowed, w.limit_seen, w.wait_until)
    hot.run(UPDATE, *values, w.rate_percent, w.remaining_seen, connection_id, quota)
