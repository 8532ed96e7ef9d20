"""What the connection page shows of the gate."""

from collections.abc import Sequence

from sqlalchemy import select

from hub.gate.facts import CircuitView, ConnectionStatus, QuotaView, SessionView
from hub.gate.session import UNLISTED
from hub.sdk import QuotaSpec
from hub.store.base import from_ms
from hub.store.database import Database
from hub.store.owner import owner_is_dead
from hub.store.tables import Circuit, QuotaWindow, VendorSession, VendorSessionUse


def connection_status(
    db: Database, connection_id: int, specs: Sequence[QuotaSpec]
) -> ConnectionStatus:
    """Read circuits, quotas and session of a connection in one read transaction."""
    labels = {spec.key: spec for spec in (*specs, UNLISTED)}
    now = db.now_ms()
    with db.read() as session:
        circuits = session.scalars(
            select(Circuit)
            .where(Circuit.connection_id == connection_id)
            .order_by(Circuit.direction)
        ).all()
        quotas = session.scalars(
            select(QuotaWindow)
            .where(QuotaWindow.connection_id == connection_id)
            .where((QuotaWindow.quota != UNLISTED.key) | (QuotaWindow.wait_until > now))
            .order_by(QuotaWindow.quota)
        ).all()
        vendor = session.get(VendorSession, connection_id)
        uses = session.scalars(
            select(VendorSessionUse).where(VendorSessionUse.connection_id == connection_id)
        ).all()
        users = sum(1 for u in uses if u.until > db.clock.now() and not owner_is_dead(u.owner))
    return ConnectionStatus(
        tuple(
            CircuitView(c.direction, c.state, c.reason, c.opened_at, c.next_try_at)
            for c in circuits
        ),
        tuple(_quota(row, labels.get(row.quota), now) for row in quotas),
        None
        if vendor is None or vendor.sealed is None
        else SessionView(vendor.signed_in_at, vendor.used_at, users),
    )


def _quota(row: QuotaWindow, spec: QuotaSpec | None, now: int) -> QuotaView:
    over = row.ends_at <= now
    return QuotaView(
        quota=row.quota,
        label=spec.label if spec else row.quota,
        limit=row.limit_seen or (spec.calls if spec else row.allowed),
        allowed=row.allowed,
        used=0 if over else row.used,
        ends_at=None if over else from_ms(row.ends_at),
        waits_until=from_ms(row.wait_until) if row.wait_until > now else None,
        rate_percent=row.rate_percent,
    )
