"""Hop 7, first half: find what is already there before anything is created (R10.1-3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from hub.engine.context import FlowContext
from hub.engine.resolve import differing
from hub.engine.work import Work
from hub.outbox import Settled
from hub.outbox.taken import ALREADY_LINKED, ITS_OWN
from hub.sdk import Listed
from hub.store.queries import bound_records
from hub.store.transaction import Transaction

FEW = 10
"""Up to this many records are searched one by one; more cost less as a listing."""


def natural_key(context: FlowContext, keys: Mapping[str, str]) -> str | None:
    """Return the natural key that may adopt: the first of ``match_on`` that is not the stamp."""
    for name in context.target.action.match_on:
        if name != "stamp":
            value = str(keys.get(name) or "").strip().lower()
            return value or None
    return None


def natural_of(context: FlowContext, work: Work) -> str | None:
    """Return the record's own natural key, as ``natural_key`` gives it for the other side."""
    return natural_key(context, {"email": str(work.canonical.get("email") or "")})


Linked = dict[str, Any]
"""The records that the hits' external ids are linked to already, or by this very claim."""


def linked_already(
    connection: Transaction, context: FlowContext, hits: Mapping[str, Sequence[Listed]]
) -> Linked:
    """Return what these hits are linked to, by external id: one question for all of them."""
    ids = {hit.external_id for found in hits.values() for hit in found}
    if not ids:
        return {}
    return bound_records(connection, context.target.id, context.entity, sorted(ids))


def adopt(
    connection: Transaction,
    context: FlowContext,
    work: Work,
    hits: Sequence[Listed],
    linked: Linked,
) -> Settled | None:
    """Decide what the hits mean for one unbound record; ``linked`` knows those of all hits.

    Returns how the row ends (parked, or adopted without a write); None when it is to be created
    (no usable hit) or updated (``work.external_id`` is then set).
    """
    stamped = [hit for hit in hits if hit.stamp == work.key]
    if len(stamped) > 1:
        return _twice(work, stamped, "carry its ERP key")
    if stamped:
        return _take(context, work, stamped[0], "stamp", linked)
    if context.target.action.match_on[:1] == ("stamp",):
        natural = natural_of(context, work)
        alike = [h for h in hits if not h.stamp and natural_key(context, h.natural_keys) == natural]
        return _by_natural_key(connection, context, work, alike, linked)
    return _by_scope(connection, context, work, list(hits), linked)


def _by_natural_key(
    connection: Transaction,
    context: FlowContext,
    work: Work,
    hits: list[Listed],
    linked: Linked,
) -> Settled | None:
    """By e-mail only when exactly one record on each side bears it (R10.3)."""
    natural = natural_of(context, work)
    if not hits or not natural:
        return None
    if len(hits) > 1:
        return _twice(work, hits, f"have the e-mail {natural}")
    bearers = _bearers(connection, context, natural)
    if bearers > 1:
        return _park(
            work,
            f"Record {hits[0].external_id} of the store has the e-mail {natural}, and so have "
            f"{bearers} records of the ERP: it is not clear which of them it is.",
            "shared e-mail, not clear which record",
            "Enter this record's ERP key in the store at the right record, or change the e-mail; "
            "then retry.",
        )
    return _take(context, work, hits[0], "email", linked)


def _by_scope(
    connection: Transaction,
    context: FlowContext,
    work: Work,
    hits: list[Listed],
    linked: Linked,
) -> Settled | None:
    """Users: the e-mail within the company; an e-mail of another company is never taken."""
    natural = natural_of(context, work)
    if not hits:
        return None
    own = [hit for hit in hits if hit.scope == work.parent_external]
    if len(own) > 1:
        return _twice(work, own, f"have the e-mail {natural}")
    if own:
        return _take(context, work, own[0], "email", linked)
    company = _company_name(connection, context, hits[0].scope)
    return _park(
        work,
        f"The e-mail {natural} belongs to a user of {company} in the store.",
        "e-mail belongs to another company",
        "Change the e-mail in the ERP and the next sync picks it up, or skip this contact.",
        "email",
    )


def _take(
    context: FlowContext, work: Work, hit: Listed, how: str, linked: Linked
) -> Settled | None:
    other = linked.get(hit.external_id)
    if other is not None and other.record_id != work.record_id:
        return _park(
            work,
            f"Record {hit.external_id} of the store is already linked to {other.title} "
            f"({other.key}) of the ERP.",
            ALREADY_LINKED,
            ITS_OWN,
            "email",
        )
    linked[hit.external_id] = work
    work.external_id = hit.external_id
    work.adopted = True
    work.adopted_how = how
    work.native = dict(work.hashed)  # without what only a new record gets
    work.changed = differing(work.hashed, hit.fields)
    if how == "email" and context.target.action.match_on[:1] == ("stamp",):
        work.changed |= {"stamp"}
        return None
    return None if work.changed else adopted_without_write(context, work)


def adopted_without_write(context: FlowContext, work: Work) -> Settled:
    """End a row whose record is over there already and looks the same."""
    return work.settle(
        "done",
        outcome="adopted",
        bind=True,
        how=work.adopted_how,
        external_id=work.external_id,
        state=True,
        content_hash=work.content_hash,
        rule_version=context.rule_version,
        sent=work.hashed_json,
    )


def _bearers(connection: Transaction, context: FlowContext, email: str) -> int:
    found: int = connection.execute(
        text(
            "SELECT count(*) FROM record WHERE email = :email AND entity = :entity "
            "AND connection_id = :connection"
        ),
        {"email": email, "entity": context.entity, "connection": context.source.id},
    ).scalar_one()
    return found


def _company_name(connection: Transaction, context: FlowContext, scope: str | None) -> str:
    row = connection.execute(
        text(
            "SELECT r.key, r.title FROM binding AS b JOIN record AS r ON r.id = b.record_id "
            "WHERE b.connection_id = :connection AND b.entity = :entity AND b.external_id = :scope"
        ),
        {
            "connection": context.target.id,
            "entity": context.parent_entity or "",
            "scope": scope or "",
        },
    ).first()
    return f"{row.title} ({row.key})" if row else f"company {scope}"


def _twice(work: Work, hits: Sequence[Listed], what: str) -> Settled:
    ids = ", ".join(hit.external_id for hit in hits[:5])
    return _park(
        work,
        f"It exists twice over there: {len(hits)} records of the store ({ids}) {what}.",
        "exists twice over there",
        "Merge or delete the surplus records in the store, then retry.",
    )


def _park(work: Work, reason: str, group: str, remedy: str, field: str = "") -> Settled:
    return work.settle("parked", reason=reason, reason_group=group, remedy=remedy, field=field)
