"""What keeps a flow from sending: somebody paused it, or it stopped itself."""

from sqlalchemy import text

from hub.engine.context import FlowContext, Tools
from hub.outbox.log_lines import LogLine, write_log
from hub.store.tables import Connector, Flow


def is_resting(tools: Tools, flow_id: int) -> bool:
    """True while the flow or its connector is paused, or the flow has stopped itself."""
    with tools.database.read() as session:
        flow = session.get_one(Flow, flow_id)
        if flow.paused or flow.stopped_reason:
            return True
        return session.get_one(Connector, flow.connector_id).paused


def clear_stop(tools: Tools, flow_id: int) -> None:
    """The flow is run again: what stopped it is over until it happens once more."""
    with tools.database.begin() as connection:
        connection.execute(
            text(
                "UPDATE flow SET stopped_reason = '', stopped_remedy = '', stopped_field = '', "
                "refusals = 0 WHERE id = :id AND stopped_reason <> ''"
            ),
            {"id": flow_id},
        )


def stop_flow(
    tools: Tools, context: FlowContext, run_id: int | None, reason: str, remedy: str, field: str
) -> None:
    """The flow stops itself: shown on top, logged once, started again by a person."""
    with tools.database.begin() as connection:
        connection.execute(
            text(
                "UPDATE flow SET stopped_reason = :reason, stopped_remedy = :remedy, "
                "stopped_field = :field WHERE id = :id"
            ),
            {"reason": reason, "remedy": remedy, "field": field, "id": context.flow_id},
        )
        write_log(
            connection,
            [LogLine("error", reason, remedy)],
            connector_id=context.connector_id,
            flow_key=context.key,
            run_id=run_id,
            now_ms=tools.now_ms(),
        )
