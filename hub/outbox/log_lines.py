"""Lines of the connector log, written in the transaction of what they tell about."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.store.queries import statement
from hub.store.transaction import Transaction


@dataclass(slots=True)
class LogLine:
    """A line of the connector log that joins the settlement."""

    level: str
    message: str
    description: str = ""
    entity_url: str = ""
    message_id: int | None = None


def write_log(
    connection: Transaction,
    lines: Sequence[LogLine],
    *,
    connector_id: int | None,
    flow_key: str = "",
    run_id: int | None = None,
    now_ms: int,
    user: str = "",
) -> None:
    """Add lines to the connector log, inside the caller's transaction."""
    connection.execute(
        statement(
            "INSERT INTO log_entry (at, level, connector_id, flow_key, run_id, message_id, "
            'message, entity_url, "user", description) VALUES (:now, :level, :connector, '
            ":flow_key, :run, :message_id, :message, :entity_url, :user, :description)"
        ),
        [
            {
                "now": now_ms,
                "level": line.level,
                "connector": connector_id,
                "flow_key": flow_key,
                "run": run_id,
                "message_id": line.message_id,
                "message": line.message,
                "entity_url": line.entity_url,
                "user": user,
                "description": line.description,
            }
            for line in lines
        ],
    )
