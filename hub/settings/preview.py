"""What a save would touch, said before saving: the save is done and taken back."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from hub.sdk import Direction
from hub.settings import rules
from hub.settings.context import Context
from hub.store.tables import Connector, Flow, Message, RecordRow
from hub.store.work_tables import WAITING


@dataclass(frozen=True, slots=True)
class Touched:
    """One flow that a save affects. ``records`` are read again and compared (kept unwritten when
    equal); ``cancelled`` waiting messages go because the flow is switched off, for ``reason``.
    """

    connector: str
    flow: str
    label: str
    records: int = 0
    cancelled: int = 0
    reason: str = ""


class _Undo(Exception):
    pass


def preview(context: Context, change: Callable[[Session], object]) -> list[Touched]:
    """Run ``change`` in a transaction, note what it touches, and roll back.

    What ``change`` raises (``FieldErrors``, ``Conflict``) passes through.
    """
    found: list[Touched] = []
    try:
        with context.database.write() as session:
            connectors = list(session.scalars(select(Connector).order_by(Connector.id)))
            before = rules.snapshot(context, session, connectors)
            waiting = _waiting(session)
            change(session)
            after = rules.snapshot(context, session, connectors)
            for connector in connectors:
                for key, (off, version) in after[connector.id].items():
                    old = before[connector.id].get(key)
                    if old is not None and old != (off, version):
                        found += _touched(
                            context, session, connector, key, old=old, off=off, waiting=waiting
                        )
            raise _Undo
    except _Undo:
        return found


def _waiting(session: Session) -> dict[int, int]:
    query = select(Message.flow_id, func.count()).where(text(WAITING)).group_by(Message.flow_id)
    return {flow_id: count for flow_id, count in session.execute(query)}  # noqa: C416 - typed rows


def _touched(
    context: Context,
    session: Session,
    connector: Connector,
    key: str,
    *,
    old: tuple[str, str],
    off: str,
    waiting: dict[int, int],
) -> list[Touched]:
    plugin = rules.pair(context, session, connector).erp_plugin
    action = plugin.action(key, Direction.EXTRACT) if plugin else None
    label = action.label if action else key
    if off and old[0]:
        return []
    if off:
        flow = session.scalars(select(Flow).filter_by(connector_id=connector.id, key=key)).one()
        count = waiting.get(flow.id, 0)
        return [Touched(connector.key, key, label, cancelled=count, reason=off)]
    entity = action.entity if action else key
    counting = select(func.count()).where(
        RecordRow.connection_id == connector.erp_id, RecordRow.entity == entity
    )
    return [Touched(connector.key, key, label, records=session.scalar(counting) or 0)]
