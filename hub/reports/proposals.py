"""Proposed links for pages and command line: those whose two sides are still free."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.reports.bounded import PAGE, capped
from hub.store.tables import Binding, Connector, ListingRow, MatchProposal, RecordRow

CERTAIN, HIGH, POSSIBLE, TWICE = "certain", "high", "possible", "twice"
LEVELS = (CERTAIN, HIGH, POSSIBLE, TWICE)


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal and the record of the ERP it is for."""

    proposal: MatchProposal
    record: RecordRow


def _open(connector: Connector, entity: str) -> Any:
    """Proposals that nobody decided about yet, on either side."""
    p = MatchProposal
    own = select(Binding.id).where(
        Binding.connection_id == connector.store_id, Binding.record_id == p.record_id,
        Binding.entity == entity,
    )  # fmt: skip
    theirs = select(Binding.id).where(
        Binding.connection_id == connector.store_id, Binding.entity == entity,
        Binding.external_id == p.external_id,
    )  # fmt: skip
    return (
        (p.connector_id == connector.id) & (p.entity == entity)
        & ~own.exists() & ((p.level == TWICE) | ~theirs.exists())
    )  # fmt: skip


def counts(session: Session, connector: Connector, entity: str) -> dict[str, int]:
    """Return how many open proposals there are of each level."""
    query = (
        select(MatchProposal.level, func.count().label("number"))
        .where(_open(connector, entity))
        .group_by(MatchProposal.level)
    )
    found = {row.level: row.number for row in session.execute(query)}
    return dict.fromkeys(LEVELS, 0) | found


def page(
    session: Session, connector: Connector, entity: str, level: str, *, after: str = "",
    before: str = "", size: int = PAGE,
) -> tuple[list[ProposalView], bool, bool]:  # fmt: skip
    """Return one page of a level by the records' keys, whether there is more, and before."""
    query = (
        select(MatchProposal, RecordRow)
        .join(RecordRow, RecordRow.id == MatchProposal.record_id)
        .where(_open(connector, entity), MatchProposal.level == level)
    )
    if before:
        query = query.where(RecordRow.key < before).order_by(RecordRow.key.desc())
    else:
        query = query.where(RecordRow.key > after).order_by(RecordRow.key)
    found = session.execute(query.limit(size + 1)).all()
    extra, found = len(found) > size, found[:size]
    views = [ProposalView(proposal, record) for proposal, record in found]
    if before:
        return views[::-1], True, extra
    return views, extra, bool(after)


def acceptable(
    session: Session, connector_id: int, entity: str, record_ids: Sequence[int], level: str
) -> list[tuple[int, str, str]]:
    """Return (record id, external id, how) of what may be linked: these records, or a level.

    Never what is not clear, and of a level only its own.
    """
    connector = session.get_one(Connector, connector_id)
    p = MatchProposal
    query = select(p.record_id, p.external_id, p.how).where(
        _open(connector, entity), p.level != TWICE
    )
    if record_ids:
        query = query.where(p.record_id.in_(record_ids))
    else:
        query = query.where(p.level == level)
    return [(row.record_id, row.external_id, row.how) for row in session.execute(query)]


def unlinked(session: Session, connector: Connector, entity: str) -> int:
    """Return how many records of the ERP have no link, capped."""
    bound = select(Binding.id).where(
        Binding.connection_id == connector.store_id, Binding.record_id == RecordRow.id,
        Binding.entity == entity,
    )  # fmt: skip
    return capped(
        session,
        select(RecordRow.id).where(
            RecordRow.connection_id == connector.erp_id, RecordRow.entity == entity,
            ~bound.exists(),
        ),
    )  # fmt: skip


def listed(session: Session, connector: Connector, entity: str) -> int:
    """Return how many records of the store the newest listing holds so far."""
    here = (ListingRow.connection_id == connector.store_id) & (ListingRow.entity == entity)
    newest = select(func.max(ListingRow.run_id)).where(here).scalar_subquery()
    return session.scalar(select(func.count()).where(here, ListingRow.run_id == newest)) or 0
