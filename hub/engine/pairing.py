"""Which record of the ERP may be which of the store, with confidence and reason (R10.3). Pure.

A stamp is certain; an e-mail, SKU or name that exactly one record of each side bears is high; a
similar name is possible; what several bear is for a person to tell apart.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.engine.likeness import CERTAIN, HIGH, POSSIBLE, TWICE, Names

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
