"""Hop 6: who takes part, what it waits for, what it looks like over there."""

import logging
from collections.abc import Mapping
from typing import Any

from hub.engine.context import FlowContext
from hub.engine.eligibility import customer_filter, deletes, own_filter, parent_filter
from hub.engine.work import Work
from hub.mapping import Mapped, canonical_json, content_hash
from hub.outbox import Settled
from hub.sdk.canonical import CUSTOMER

log = logging.getLogger(__name__)


def resolve(context: FlowContext, work: Work) -> Settled | None:
    """Decide about one record without calling anybody.

    Returns how the row ends now (filtered, blocked, parked, unchanged), or None when it is to be
    sent; then ``work`` holds the native payload and its hash.
    """
    if work.parent_damaged:
        return _parked_by_damage(context, work)
    filtered = _filtered(context, work)
    if filtered:
        return work.settle(
            "filtered",
            reason=filtered,
            reason_group=filtered,
            state=True,
            content_hash=None,
            rule_version=context.rule_version,
        )
    blocked = _blocked(context, work)
    if blocked is not None:
        return blocked
    work.delete = work.external_id is not None and deletes(context.entity, work.canonical)
    if work.delete:
        return None
    mapped = context.write_mapper.apply(
        load_context_of(context, work), new=work.external_id is None
    )
    if mapped.problems:
        return parked_by_mapping(work, mapped)
    return take_mapping(context, work, mapped)


def resolve_or_park(context: FlowContext, work: Work) -> Settled | None:
    """``resolve``, where an error of ours or of a plugin's rules parks its one record."""
    try:
        return resolve(context, work)
    except Exception as error:
        log.exception("Record %s of flow %s could not be prepared", work.key, context.key)
        return work.settle(
            "parked",
            reason=f"The hub could not prepare this record: {type(error).__name__}: {error}.",
            reason_group=f"could not be prepared: {type(error).__name__}",
            remedy="Look at the record's values and at the log of that time, mend the cause, "
            "then retry this message.",
        )


def take_mapping(context: FlowContext, work: Work, mapped: Mapped) -> Settled | None:
    """Keep the mapped payload; an equal hash of a bound record ends it as unchanged."""
    work.native = mapped.payload
    work.hashed = mapped.hashed
    work.hashed_json = canonical_json(mapped.hashed)
    work.content_hash = content_hash(work.hashed_json)
    if work.external_id is None:
        return None
    if work.settled_hash == work.content_hash:
        return work.settle(
            "unchanged",
            outcome="unchanged",
            state=True,
            content_hash=work.content_hash,
            rule_version=context.rule_version,
        )
    if work.sent is not None and work.settled_hash is not None:
        work.changed = differing(work.hashed, work.sent)
    return None


def differing(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> frozenset[str]:
    """Return the payload fields whose value is not known to be over there."""
    return frozenset(
        name
        for name, value in wanted.items()
        if name not in known or not same_value(known[name], value)
    )


def same_value(there: Any, here: Any) -> bool:
    """Compare a value of the store with ours: numbers and texts of numbers are the same."""
    if there is None:
        return here in (None, "")
    if isinstance(there, bool) or isinstance(here, bool):
        return bool(there) == bool(here)
    return str(there).strip() == str(here).strip()


def load_context_of(context: FlowContext, work: Work) -> dict[str, Any]:
    """Return what LOAD rules read: the record, its parent, preferences and value mappings."""
    parent = {**(work.parent or {}), "external_id": work.parent_external}
    return {
        **work.canonical,
        "parent": parent,
        "preferences": context.preferences,
        "values": context.values,
        "record": {"title": work.title},
    }


def parked_by_mapping(work: Work, mapped: Mapped) -> Settled:
    """Park with the first problem as reason and all of them in words."""
    first = mapped.problems[0]
    return work.settle(
        "parked",
        reason=" ".join(dict.fromkeys(problem.reason for problem in mapped.problems)),
        reason_group=first.group,
        field=first.field,
        remedy=first.remedy,
    )


def _parked_by_damage(context: FlowContext, work: Work) -> Settled:
    parent = context.parent_entity
    return work.settle(
        "parked",
        reason=f"What the hub keeps of {parent} {work.parent_key} is damaged; nothing was sent.",
        reason_group=f"damaged note of the {parent}",
        remedy=f"Read every {parent} again (a full sync), then retry this message.",
    )


def _filtered(context: FlowContext, work: Work) -> str:
    bound = work.external_id is not None
    preferences = context.preferences
    if context.entity == CUSTOMER:
        reason = customer_filter(
            preferences,
            str(work.canonical.get("customer_class") or ""),
            str(work.canonical.get("status") or ""),
            enabled=work.enabled,
            bound=bound,
        )
        if reason:
            return reason
    elif not work.enabled:
        return f"This {context.entity} is disabled for this connector."
    elif context.parent_entity and work.parent is not None:
        reason = parent_filter(
            preferences, work.parent_class, work.parent_status, enabled=work.parent_enabled
        )
        if reason:
            return reason
    if context.parent_entity and not work.parent_key:
        return "It belongs to no customer in the ERP."
    return own_filter(context.entity, work.canonical, preferences, bound=bound)


def _blocked(context: FlowContext, work: Work) -> Settled | None:
    parent = context.parent_entity
    if parent is None or work.parent_external is not None or not work.parent_key:
        return None
    return work.settle(
        "blocked",
        reason=f"Waits for {parent} {work.parent_key}, which is not in the store yet.",
        reason_group=f"waits for {parent} {work.parent_key}",
        blocked=(parent, work.parent_key),
    )
