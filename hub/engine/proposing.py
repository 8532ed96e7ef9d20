"""Initial matching: links proposed between unlinked records of both sides, with confidence (R10.3).

Nothing is linked here. A stamp is certain; an e-mail, SKU or name that exactly one record of each
side bears is high; a similar name is possible; what several bear is for a person to tell apart.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select

from hub.engine.context import FlowContext, Tools, load_context
from hub.engine.likeness import CERTAIN, HIGH, POSSIBLE, TWICE, Names
from hub.engine.listing import Listing
from hub.sdk.canonical import STOCK
from hub.store.tables import Binding, ListingRow, MatchProposal, RecordRow

CHUNK = 500
SHOWN = 3
"""IDs named where several records of the store may be meant."""


@dataclass(frozen=True, slots=True)
class Ours:
    """An unlinked record of the ERP. ``scope``: its parent's ID in the store."""

    id: int
    key: str
    title: str
    natural: str
    scope: str


@dataclass(frozen=True, slots=True)
class Theirs:
    """An unlinked record of the store, as it was listed."""

    external_id: str
    stamp: str
    natural: str
    name: str
    scope: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One record of the ERP, and what it may be in the store."""

    record_id: int
    external_id: str
    level: str
    score: int
    how: str
    reason: str
    name: str


def compare(
    tools: Tools, flow_id: int, on_call: Callable[[], None], should_stop: Callable[[], bool]
) -> int:
    """List the target's side, compare, and keep the proposals; returns how many were listed.

    ``on_call`` hears of every call to the vendor. Raises what the connector raises; the proposals
    made before then stay.
    """
    context = load_context(tools, flow_id)
    side = context.target
    with tools.gate.open(
        side.facts, side.plugin, side.settings,
        on_call=lambda _call: on_call(), should_stop=should_stop,
    ) as opened:  # fmt: skip
        Listing(tools, context).update(opened.client)
    with tools.database.read() as session:
        found = propose(
            list(_ours(session, context)),
            list(_theirs(session, context)),
            what=side.action.match_on[-1],
            scoped=context.parent_entity is not None,
        )
        listed = session.scalar(
            select(func.count()).where(
                ListingRow.connection_id == context.target.id, ListingRow.entity == context.entity
            )
        )
    _keep(tools, context, found)
    return int(listed or 0)


def _bound(context: FlowContext) -> Any:
    return select(Binding.record_id).where(
        Binding.connection_id == context.target.id, Binding.entity == context.entity,
        Binding.record_id == RecordRow.id,
    )  # fmt: skip


def _ours(session: Any, context: FlowContext) -> Iterator[Ours]:
    parents: dict[str, str] = {}
    if context.parent_entity:
        linked = (
            select(RecordRow.key, Binding.external_id)
            .join(Binding, Binding.record_id == RecordRow.id)
            .where(
                RecordRow.connection_id == context.source.id,
                RecordRow.entity == context.parent_entity,
                Binding.connection_id == context.target.id,
            )
        )
        parents = {row.key: row.external_id for row in session.execute(linked)}
    columns = (RecordRow.id, RecordRow.key, RecordRow.title, RecordRow.email, RecordRow.parent_key)
    query = (
        select(*columns)
        .where(
            RecordRow.connection_id == context.source.id, RecordRow.entity == context.entity,
            ~_bound(context).exists(),
        )
        .order_by(RecordRow.key)
    )  # fmt: skip
    for ident, key, title, email, parent in session.execute(query):
        natural = title or key if context.entity == STOCK else email or ""
        yield Ours(ident, key, title, natural.strip().lower(), parents.get(parent or "", ""))


def _theirs(session: Any, context: FlowContext) -> Iterator[Theirs]:
    held = select(Binding.id).where(
        Binding.connection_id == context.target.id, Binding.entity == context.entity,
        Binding.external_id == ListingRow.external_id,
    )  # fmt: skip
    query = select(
        ListingRow.external_id, ListingRow.stamp, ListingRow.natural_key, ListingRow.name,
        ListingRow.scope,
    ).where(
        ListingRow.connection_id == context.target.id, ListingRow.entity == context.entity,
        ~held.exists(),
    )  # fmt: skip
    for external_id, stamp, natural, name, scope in session.execute(query):
        yield Theirs(external_id, stamp or "", natural or "", name or "", scope or "")


def propose(
    ours: Sequence[Ours], theirs: Sequence[Theirs], *, what: str, scoped: bool
) -> list[Proposal]:
    """Return at most one proposal for each of our records; pure.

    ``what`` names the natural key. ``scoped``: children are compared inside their parent only.
    """
    found: dict[int, Proposal] = {}
    keys = {row.key for row in ours}
    stamps = _grouped((row.stamp, row) for row in theirs if row.stamp in keys)
    for row in ours:
        if hits := stamps.get(row.key):
            found[row.id] = _one(row, hits, CERTAIN, 100, "stamp", f"It carries the key {row.key}.")
    taken = {hit.external_id for hits in stamps.values() for hit in hits}
    # Who carries another record's key is that record.
    free = [row for row in theirs if not row.stamp and row.external_id not in taken]
    natural_how = "sku" if what == "sku" else "email"
    word = {"email": "e-mail", "sku": "SKU"}.get(what, what)
    _by(
        found, [row for row in ours if row.id not in found], free,
        lambda row: _place(row.scope, row.natural, scoped=scoped), natural_how, f"Same {word}",
        lambda row: row.natural,
    )  # fmt: skip
    _by(
        found, [row for row in ours if row.id not in found], free,
        lambda row: _place(row.scope, _plain(_name(row)), scoped=scoped), "name", "Same name",
        _name,
    )  # fmt: skip
    _by_likeness(found, ours, free, scoped=scoped)
    return list(found.values())


def _name(row: Ours | Theirs) -> str:
    return row.title if isinstance(row, Ours) else row.name


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _place(scope: str, value: str, *, scoped: bool) -> str:
    """Return what two records are compared by; empty = by nothing."""
    if not value or (scoped and not scope):
        return ""
    return f"{scope}\n{value}" if scoped else value


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for key, row in pairs:
        if key:
            found[key].append(row)
    return found


def _by(
    found: dict[int, Proposal],
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    key_of: Callable[[Any], str],
    how: str,
    words: str,
    value_of: Callable[[Any], str],
) -> None:
    """Propose who bears the same value, when exactly one of each side does."""
    used = {proposal.external_id for proposal in found.values()}
    there = _grouped((key_of(row), row) for row in theirs if row.external_id not in used)
    here = _grouped((key_of(row), row) for row in ours)
    for key, bearers in here.items():
        hits = there.get(key)
        for row in bearers if hits else ():
            reason = f"{words}: {value_of(row)}."
            if len(bearers) > 1:
                reason = f"{words}: {value_of(row)}. {len(bearers)} records of the ERP have it."
            level = HIGH if len(bearers) == 1 else TWICE
            found[row.id] = _one(row, hits or [], level, 95, how, reason)


def _one(
    row: Ours, hits: Sequence[Theirs], level: str, score: int, how: str, reason: str
) -> Proposal:
    if len(hits) > 1:
        ids = ", ".join(hit.external_id for hit in hits[:SHOWN])
        reason = f"{reason} {len(hits)} records of the store fit: {ids}."
        level = TWICE
    hit = hits[0]
    name = hit.name or hit.natural
    return Proposal(row.id, hit.external_id, level, score, how, reason, name[:300])


def _by_likeness(
    found: dict[int, Proposal], ours: Sequence[Ours], free: Sequence[Theirs], *, scoped: bool
) -> None:
    used = {proposal.external_id for proposal in found.values()}
    there = {row.external_id: row for row in free if row.name and row.external_id not in used}
    names = Names((ident, row.name) for ident, row in there.items())
    best: dict[str, Proposal] = {}
    for row in ours:
        if row.id in found or not row.title or (scoped and not row.scope):
            continue
        alike = names.alike(row.title)
        inside = {i: s for i, s in alike.items() if not scoped or there[i].scope == row.scope}
        if not inside:
            continue
        ident = max(inside, key=lambda i: (inside[i], i))
        hit, score = there[ident], min(inside[ident], 94)
        reason = f"Similar name, {score} %."
        made = Proposal(row.id, ident, POSSIBLE, score, "name", reason, hit.name[:300])
        if ident not in best or best[ident].score < score:
            best[ident] = made
    found |= {proposal.record_id: proposal for proposal in best.values()}


def _keep(tools: Tools, context: FlowContext, found: Sequence[Proposal]) -> None:
    """Replace the proposals of this connector and entity, in one transaction."""
    common = {"connector_id": context.connector_id, "entity": context.entity}
    with tools.database.write() as session:
        session.execute(
            delete(MatchProposal).where(
                MatchProposal.connector_id == context.connector_id,
                MatchProposal.entity == context.entity,
            )
        )
        for start in range(0, len(found), CHUNK):
            session.execute(
                insert(MatchProposal),
                [
                    {
                        **common, "record_id": p.record_id, "external_id": p.external_id,
                        "level": p.level, "score": p.score, "how": p.how, "reason": p.reason,
                        "name": p.name,
                    }
                    for p in found[start : start + CHUNK]
                ],
            )  # fmt: skip
