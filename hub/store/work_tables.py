"""Tables of work: flows, runs, messages, bindings. The constraints carry the correctness."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Json, Long, Moment

WAITING = "(status = 'pending' OR status = 'blocked' OR status = 'parked')"
RUNNING = "status IN ('in_flight','unknown')"
PENDING = "status = 'pending'"
ISOLATED = "status = 'pending' AND isolation > 0"
BLOCKED = "status = 'blocked'"
UNKNOWN = "status = 'unknown'"
SETTLED = "(status = 'done' OR status = 'unchanged' OR status = 'filtered' OR status = 'parked')"
"""Literal predicates, shared by index and query: a partial index is used only with its own text.

Not ``IN`` with more than two values: for each row written SQLite would build a table of them.
"""


def aliased(alias: str, predicate: str) -> str:
    """Return a predicate for a table that the query calls ``alias``."""
    return predicate.replace("status", f"{alias}.status")


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return a partial index with the same literal predicate on every database."""
    return Index(
        name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where)
    )


class Run(Base):
    """One execution of a flow. ``status``: waiting, running, finished, failed, cancelled, skipped.

    ``due_at`` is the scheduled time: unique per flow, so that two schedulers cannot start it twice.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("flow_id", "due_at"),
        Index("run_flow_started", "flow_id", "started_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    flow_id: Mapped[int] = mapped_column(ForeignKey("flow.id", ondelete="CASCADE"))
    due_at: Mapped[datetime] = mapped_column(Moment)
    mode: Mapped[str] = mapped_column(String(20), default="incremental")
    trigger: Mapped[str] = mapped_column(String(20), default="schedule")
    status: Mapped[str] = mapped_column(String(20), default="waiting")
    owner: Mapped[str] = mapped_column(String(120), default="")
    heartbeat_at: Mapped[datetime | None] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    since: Mapped[datetime | None] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    counts: Mapped[Any] = mapped_column(Json, default=dict)
    pages: Mapped[Any] = mapped_column(Json, default=list)
    error: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    started_by: Mapped[str] = mapped_column(String(200), default="")


class CursorRow(Base):
    """How far a flow has read one partition of its source."""

    __tablename__ = "cursor"
    flow_id: Mapped[int] = mapped_column(
        ForeignKey("flow.id", ondelete="CASCADE"), primary_key=True
    )
    partition: Mapped[str] = mapped_column(String(40), primary_key=True, default="")
    position: Mapped[str] = mapped_column(String(60))
    tie: Mapped[str] = mapped_column(String(200), default="")
    updated_at: Mapped[datetime] = mapped_column(Moment)


class RecordRow(Base):
    """An ERP record known to the hub: the home side of its bindings.

    ``attributes`` are the canonical fields that mappings of its children may read.
    """

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("connection_id", "entity", "key"),
        partial(
            "record_parent", "connection_id", "entity", "parent_key", where="parent_key IS NOT NULL"
        ),
        partial("record_email", "email", where="email IS NOT NULL"),
        Index("record_title", "connection_id", "entity", "title"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"))
    entity: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(300), default="")
    record_class: Mapped[str] = mapped_column(String(60), default="")
    status: Mapped[str] = mapped_column(String(30), default="")
    parent_key: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(200))
    attributes: Mapped[Any] = mapped_column(Json, default=dict)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class Enablement(Base):
    """Whether a record is enabled for a connector (default: yes), and whether it is eligible."""

    __tablename__ = "enablement"
    connector_id: Mapped[int] = mapped_column(
        ForeignKey("connector.id", ondelete="CASCADE"), primary_key=True
    )
    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True
    )
    enabled: Mapped[bool] = mapped_column(default=True)
    eligible: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(Text, default="")


class Claim(Base):
    """The lease of a batch: one row to renew and to fence. ``owner`` = host, boot, pid, start."""

    __tablename__ = "claim"
    token: Mapped[str] = mapped_column(String(40), primary_key=True)
    flow_id: Mapped[int] = mapped_column(ForeignKey("flow.id", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(String(160))
    until: Mapped[datetime] = mapped_column(Moment)


class Message(Base):
    """One changed record on its way through one flow: the durable unit of work.

    ``payload`` is the canonical record (None: only the key is known, it is fetched first).
    ``hold_until``: an ambiguous write is not repeated before. ``isolation``: after a crash at most
    this many rows are claimed together (0 = no limit), so that batch-mates do not pay for a killer.
    """

    __tablename__ = "message"
    __table_args__ = (
        partial("message_waiting", "dedup_key", where=WAITING, unique=True),
        partial("message_running", "dedup_key", where=RUNNING, unique=True),
        partial("message_due", "flow_id", "due_at", where=PENDING),
        partial("message_isolated", "flow_id", "isolation", where=ISOLATED),
        partial("message_unknown", "flow_id", "due_at", where=UNKNOWN),
        partial("message_blocked", "blocked_entity", "blocked_key", where=BLOCKED),
        partial("message_settled", "updated_at", "flow_id", "status", "created_at", where=SETTLED),
        partial("message_claim", "claim_token", where="claim_token IS NOT NULL"),
        Index("message_flow_status", "flow_id", "status", "id"),
        Index("message_record", "record_id"),
        # Rows change their status several times in minutes: clean up early (R22).
        {
            "postgresql_with": {
                "fillfactor": 80,
                "autovacuum_vacuum_scale_factor": 0.02,
                "autovacuum_analyze_scale_factor": 0.02,
            }
        },
    )
    id: Mapped[int] = mapped_column(Long, primary_key=True)
    flow_id: Mapped[int] = mapped_column(ForeignKey("flow.id", ondelete="CASCADE"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"))
    run_id: Mapped[int | None]
    entity: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(300), default="")
    dedup_key: Mapped[str] = mapped_column(String(260))
    status: Mapped[str] = mapped_column(String(20), default="pending")
    payload: Mapped[str | None] = mapped_column(Text)
    payload_version: Mapped[int] = mapped_column(default=1)
    mapped: Mapped[str | None] = mapped_column(Text)
    deleted: Mapped[bool] = mapped_column(default=False)
    canonical_hash: Mapped[str | None] = mapped_column(String(64))
    source_version: Mapped[str | None] = mapped_column(String(60))
    rule_version: Mapped[str] = mapped_column(String(40), default="")
    due_at: Mapped[datetime] = mapped_column(Moment)
    hold_until: Mapped[datetime | None] = mapped_column(Moment)
    claim_token: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    searches: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    isolation: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    reason_group: Mapped[str] = mapped_column(String(200), default="")
    field: Mapped[str] = mapped_column(String(100), default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    blocked_entity: Mapped[str | None] = mapped_column(String(40))
    blocked_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Attempt(Base):
    """One call to the target with its per-record results. Inserted before the send of a create it
    is the intent: claim, item keys, sent_at.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        Index("attempt_flow_sent", "flow_id", "sent_at"),
        Index("attempt_claim", "claim_token"),
    )
    id: Mapped[int] = mapped_column(Long, primary_key=True)
    flow_id: Mapped[int] = mapped_column(ForeignKey("flow.id", ondelete="CASCADE"))
    run_id: Mapped[int | None]
    claim_token: Mapped[str] = mapped_column(String(40))
    creates: Mapped[bool] = mapped_column(default=False)
    keys: Mapped[Any] = mapped_column(Json)
    method: Mapped[str] = mapped_column(String(10), default="")
    url: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    status_code: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(20), default="sent")
    results: Mapped[Any | None] = mapped_column(Json, default=None)
    request: Mapped[str | None] = mapped_column(Text)
    response: Mapped[str | None] = mapped_column(Text)


class Binding(Base):
    """The fact that an ERP record is a certain store record: one row per other side."""

    __tablename__ = "binding"
    __table_args__ = (
        UniqueConstraint("connection_id", "entity", "external_id"),
        UniqueConstraint("connection_id", "record_id", "entity"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"))
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"))
    entity: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(200))
    how: Mapped[str] = mapped_column(String(20), default="created")
    bound_at: Mapped[datetime] = mapped_column(Moment)


class FlowState(Base):
    """What a flow last settled for a record: hashes, versions, and the payload last sent."""

    __tablename__ = "flow_state"
    flow_id: Mapped[int] = mapped_column(
        ForeignKey("flow.id", ondelete="CASCADE"), primary_key=True
    )
    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True
    )
    canonical_hash: Mapped[str | None] = mapped_column(String(64))
    content_hash: Mapped[str | None] = mapped_column(String(64))
    source_version: Mapped[str | None] = mapped_column(String(60))
    rule_version: Mapped[str] = mapped_column(String(40), default="")
    sent: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime] = mapped_column(Moment)


class ListingRow(Base):
    """The target's side as listed (at most 10 minutes old), for matching in bulk.

    ``run_id`` counts the listings: the last one that showed this row.
    """

    __tablename__ = "listing"
    __table_args__ = (
        Index("listing_stamp", "connection_id", "entity", "stamp"),
        Index("listing_natural", "connection_id", "entity", "natural_key"),
    )
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    run_id: Mapped[int]
    stamp: Mapped[str | None] = mapped_column(String(200))
    natural_key: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str | None] = mapped_column(String(300))
    scope: Mapped[str | None] = mapped_column(String(200))
    fields: Mapped[Any] = mapped_column(Json)


class QuotaWindow(Base):
    """The limiter that all processes of a quota share: a fixed window and who may send next."""

    __tablename__ = "quota_window"
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    quota: Mapped[str] = mapped_column(String(40), primary_key=True)
    started_at: Mapped[int] = mapped_column(Long, default=0)
    ends_at: Mapped[int] = mapped_column(Long, default=0)
    used: Mapped[int] = mapped_column(default=0)
    allowed: Mapped[int] = mapped_column(default=0)
    limit_seen: Mapped[int] = mapped_column(default=0)
    wait_until: Mapped[int] = mapped_column(Long, default=0)
    rate_percent: Mapped[int] = mapped_column(default=100)
    in_flight: Mapped[int] = mapped_column(default=0)
    remaining_seen: Mapped[int | None]


class Circuit(Base):
    """Can calls pass? Per connection and direction. ``state``: closed, open, half_open.

    (As in electrics: *closed* lets calls pass; pages say "Calls pass" and "Calls wait".)
    """

    __tablename__ = "circuit"
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    direction: Mapped[str] = mapped_column(String(10), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="closed")
    reason: Mapped[str] = mapped_column(Text, default="")
    failures: Mapped[int] = mapped_column(default=0)
    recent: Mapped[str] = mapped_column(String(20), default="")
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)
    open_seconds: Mapped[int] = mapped_column(default=0)
    probe_owner: Mapped[str | None] = mapped_column(String(160))


class VendorSession(Base):
    """The sealed session of a connection, shared by all processes, and who uses it."""

    __tablename__ = "vendor_session"
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    signed_in_at: Mapped[datetime | None] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class VendorSessionUse(Base):
    """One process that uses a vendor session, and until when its lease lasts."""

    __tablename__ = "vendor_session_use"
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    owner: Mapped[str] = mapped_column(String(160), primary_key=True)
    until: Mapped[datetime] = mapped_column(Moment)


class Lease(Base):
    """A named lock with an owner and an end: scheduler leader, sign-in, serving process."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner: Mapped[str] = mapped_column(String(160))
    until: Mapped[datetime] = mapped_column(Moment)


class LogEntry(Base):
    """A line of the connector log."""

    __tablename__ = "log_entry"
    __table_args__ = (
        Index("log_connector_id", "connector_id", "id"),
        Index("log_at", "at"),
    )
    id: Mapped[int] = mapped_column(Long, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    level: Mapped[str] = mapped_column(String(10))
    connector_id: Mapped[int | None]
    flow_key: Mapped[str] = mapped_column(String(40), default="")
    run_id: Mapped[int | None]
    message_id: Mapped[int | None] = mapped_column(Long)
    message: Mapped[str] = mapped_column(Text)
    entity_url: Mapped[str] = mapped_column(Text, default="")
    user: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
