"""Tables of configuration and people: written by the ORM, read everywhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Json, Long, Moment


class Connection(Base):
    """One account on one platform. ``state``: untested, connected, needs_sign_in, not_reachable.

    ``refused_digest`` is the keyed digest of the sign-in values that the system refused;
    while it equals today's digest nobody tries them again.
    """

    __tablename__ = "connection"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    plugin: Mapped[str] = mapped_column(String(60))
    own_network: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(20), default="untested")
    state_detail: Mapped[str] = mapped_column(Text, default="")
    state_at: Mapped[datetime | None] = mapped_column(Moment)
    refused_digest: Mapped[str | None] = mapped_column(String(64))
    settings_version: Mapped[str] = mapped_column(String(20), default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class ConnectionParameter(Base):
    """One value of a connection: clear JSON, or sealed bytes. References (env:, file:) are clear."""

    __tablename__ = "connection_parameter"
    __table_args__ = (
        CheckConstraint("(value IS NULL) <> (sealed IS NULL)", name="value_xor_sealed"),
    )
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str | None] = mapped_column(Text)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(Moment)
    set_by: Mapped[str] = mapped_column(String(200), default="")


class Connector(Base):
    """A configured link between an ERP connection and a store connection.

    ``paused``: keeps collecting, sends when resumed. ``config_version`` moves with every save.
    ``setup`` holds what is known of an unfinished set-up.
    """

    __tablename__ = "connector"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    erp_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    active: Mapped[bool] = mapped_column(default=False)
    paused: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    paused_by: Mapped[str] = mapped_column(String(200), default="")
    initialized_at: Mapped[datetime | None] = mapped_column(Moment)
    config_version: Mapped[int] = mapped_column(default=1)
    enablement_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    updated_by: Mapped[str] = mapped_column(String(200), default="")


class Preference(Base):
    """One preference of a connector. ``section``: preferences, messages, logging, values, features."""

    __tablename__ = "preference"
    connector_id: Mapped[int] = mapped_column(
        ForeignKey("connector.id", ondelete="CASCADE"), primary_key=True
    )
    section: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any | None] = mapped_column(Json)


class CommonConfiguration(Base):
    """A hub-wide default or switch: ``action_types``, ``retention_days``, ``time_zone`` …."""

    __tablename__ = "common_configuration"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any | None] = mapped_column(Json)
    version: Mapped[int] = mapped_column(default=1)


class Flow(Base):
    """An enabled pair of action types on a connector; ``key`` is the flow key (``customer`` …).

    ``full_next``: the next run reads everything. ``stamp_proven``: the first create came back by
    its stamp. ``stopped_reason`` set = the flow stopped itself and needs a person. ``paused``: keeps
    collecting, sends when resumed.
    """

    __tablename__ = "flow"
    __table_args__ = (UniqueConstraint("connector_id", "source_action", "target_action"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    connector_id: Mapped[int] = mapped_column(ForeignKey("connector.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    source_action: Mapped[str] = mapped_column(String(40))
    target_action: Mapped[str] = mapped_column(String(40))
    enabled: Mapped[bool] = mapped_column(default=False)
    paused: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    paused_by: Mapped[str] = mapped_column(String(200), default="")
    full_next: Mapped[bool] = mapped_column(default=True)
    stamp_proven: Mapped[bool] = mapped_column(default=False)
    stopped_reason: Mapped[str] = mapped_column(Text, default="")
    stopped_remedy: Mapped[str] = mapped_column(Text, default="")
    stopped_field: Mapped[str] = mapped_column(String(60), default="")
    refusals: Mapped[int] = mapped_column(default=0)
    refusal_reason: Mapped[str] = mapped_column(Text, default="")
    lateness_ms: Mapped[int] = mapped_column(Long, default=0)


class Schedule(Base):
    """When a flow runs: five-field cron, or empty = by hand only. ``full_cron``: nightly full run."""

    __tablename__ = "schedule"
    flow_id: Mapped[int] = mapped_column(
        ForeignKey("flow.id", ondelete="CASCADE"), primary_key=True
    )
    cron: Mapped[str] = mapped_column(String(80), default="")
    full_cron: Mapped[str] = mapped_column(String(80), default="30 2 * * *")
    last_due: Mapped[datetime | None] = mapped_column(Moment)
    last_full_due: Mapped[datetime | None] = mapped_column(Moment)


class InitializationCheck(Base):
    """The last result of one initialization check; ``took_ms`` None = it made no call of its own."""

    __tablename__ = "initialization_check"
    id: Mapped[int] = mapped_column(primary_key=True)
    connector_id: Mapped[int] = mapped_column(
        ForeignKey("connector.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    grouping: Mapped[str] = mapped_column(String(60))
    activity: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    parameter: Mapped[str | None] = mapped_column(String(60))
    took_ms: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)


class LookupCache(Base):
    """The last good answer of a live lookup, shown with its age when the ERP is out of reach."""

    __tablename__ = "lookup_cache"
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    lookup: Mapped[str] = mapped_column(String(60), primary_key=True)
    choices: Mapped[Any] = mapped_column(Json)
    read_at: Mapped[datetime] = mapped_column(Moment)


class User(Base):
    """A person who signs in. ``role``: viewer, operator, admin."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    disabled: Mapped[bool] = mapped_column(default=False)
    time_zone: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    signed_in_at: Mapped[datetime | None] = mapped_column(Moment)


class UserSession(Base):
    """A signed-in browser; ``id_hash`` is the hash of the cookie's 256-bit id."""

    __tablename__ = "user_session"
    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    data: Mapped[Any] = mapped_column(Json, default=dict)
    address: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class SignInThrottle(Base):
    """Failed sign-ins of one account, address or known browser (hashed ``subject``)."""

    __tablename__ = "sign_in_throttle"
    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    blocked_until: Mapped[datetime | None] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment)


class FormToken(Base):
    """A once-only form token that was used: the second submit of it is refused."""

    __tablename__ = "form_token"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(Moment, index=True)


class AuditEvent(Base):
    """Who did what, before and after (secrets masked). Append-only; each row hashes the one before."""

    __tablename__ = "audit_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    who: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(80))
    target: Mapped[str] = mapped_column(String(200), default="")
    before: Mapped[Any] = mapped_column(Json, nullable=True, default=None)
    after: Mapped[Any] = mapped_column(Json, nullable=True, default=None)
    hash: Mapped[str] = mapped_column(String(64))


class PluginApproval(Base):
    """What was found of one installed plugin, and what an administrator decided about it.

    ``state``: found, approved, revoked. ``version`` and ``sha256`` are those of the decision,
    ``seen_*`` those that are installed (empty: no longer). ``trouble`` is why it is in quarantine;
    ``holds`` also after a new start, until an administrator lets it try again.
    """

    __tablename__ = "plugin_approval"
    distribution: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default="found")
    version: Mapped[str] = mapped_column(String(200), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    decided_by: Mapped[str] = mapped_column(String(200), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_version: Mapped[str] = mapped_column(String(200), default="")
    seen_sha256: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[datetime] = mapped_column(Moment)
    trouble: Mapped[str] = mapped_column(Text, default="")
    holds: Mapped[bool] = mapped_column(default=False)
    trouble_at: Mapped[datetime | None] = mapped_column(Moment)


class KeyCanary(Base):
    """Proof that the sealing key is the one this database was written with."""

    __tablename__ = "key_canary"
    __table_args__ = (UniqueConstraint("id"), CheckConstraint("id = 1", name="one_row"))
    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    pepper: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
