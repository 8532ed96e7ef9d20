"""What waits for a person's word about records: rows of a file, and links the hub proposes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Json, Moment


class RecordImport(Base):
    """One file of record rows. ``status``: reading, ready (previewed, nothing changed), sending
    (applied; what is to be sent is queued up to row ``sent_to``), applied.

    ``read_as`` says how the file was understood; ``columns`` is its header. ``counts`` are those of
    the preview, ``result`` those of what was applied.
    """

    __tablename__ = "record_import"
    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200), default="")
    read_as: Mapped[str] = mapped_column(String(200), default="")
    columns: Mapped[Any] = mapped_column(Json, default=list)
    unused: Mapped[Any] = mapped_column(Json, default=list)
    status: Mapped[str] = mapped_column(String(20), default="reading")
    counts: Mapped[Any] = mapped_column(Json, default=dict)
    result: Mapped[Any] = mapped_column(Json, default=dict)
    sent_to: Mapped[int] = mapped_column(default=0)
    who: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)
    applied_by: Mapped[str] = mapped_column(String(200), default="")
    applied_at: Mapped[datetime | None] = mapped_column(Moment)


class RecordImportRow(Base):
    """One row of a file: what it said, what it would change, or why it is left out.

    ``want_enabled`` and ``want_reference`` None = the row leaves that alone, ``want_reference`` ""
    = unlink. ``was_…`` is the state that the preview was made from: a row is applied only while it
    still holds. ``enable``: +1 enables, -1 disables; ``link``: link, unlink or "".
    """

    __tablename__ = "record_import_row"
    __table_args__ = (Index("record_import_record", "import_id", "record_id"),)
    import_id: Mapped[int] = mapped_column(
        ForeignKey("record_import.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[Any] = mapped_column(Json)
    entity: Mapped[str] = mapped_column(String(40), default="")
    key: Mapped[str] = mapped_column(String(200), default="")
    connector_id: Mapped[int | None]
    store_id: Mapped[int | None]
    record_id: Mapped[int | None]
    want_enabled: Mapped[bool | None]
    want_reference: Mapped[str | None] = mapped_column(String(200))
    was_reference: Mapped[str] = mapped_column(String(200), default="")
    enable: Mapped[int] = mapped_column(default=0)
    link: Mapped[str] = mapped_column(String(10), default="")
    field: Mapped[str] = mapped_column(String(60), default="")
    value: Mapped[str] = mapped_column(String(200), default="")
    error: Mapped[str] = mapped_column(Text, default="")


class MatchRun(Base):
    """The last comparison of one entity's unlinked records with a connector's store.

    ``status``: reading, finished, failed. ``seen_at`` moves while it runs: older than two minutes
    and still reading = it was cut off.
    """

    __tablename__ = "match_run"
    connector_id: Mapped[int] = mapped_column(
        ForeignKey("connector.id", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(40), primary_key=True)
    status: Mapped[str] = mapped_column(String(20), default="reading")
    listed: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class MatchProposal(Base):
    """A link that the hub proposes. ``level``: certain, high, possible, or twice (not clear which).

    ``score`` in percent; ``how`` is kept with the link when a person accepts it.
    """

    __tablename__ = "match_proposal"
    connector_id: Mapped[int] = mapped_column(
        ForeignKey("connector.id", ondelete="CASCADE"), primary_key=True
    )
    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(10))
    score: Mapped[int] = mapped_column(default=0)
    how: Mapped[str] = mapped_column(String(20), default="hand")
    reason: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(String(300), default="")
