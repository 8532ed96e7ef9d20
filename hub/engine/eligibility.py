"""Who takes part: judged in the hub, so that children of ineligible customers are known as such.

FIRST-FLOWS, Eligibility. Pure functions over canonical records.
"""

from collections.abc import Mapping
from typing import Any

from hub.sdk.canonical import CONTACT, CUSTOMER, LOCATION

SELLING = {"active", "credit_hold", "one_time"}


def class_ticked(preferences: Mapping[str, Any], record_class: str) -> bool:
    """True when the customer class takes part (``all`` includes classes made later)."""
    ticked = preferences.get("customer_classes") or []
    return ticked == "all" or record_class in ticked


def customer_filter(
    preferences: Mapping[str, Any], record_class: str, status: str, *, enabled: bool, bound: bool
) -> str:
    """Return why a customer is not sent, or an empty text."""
    if not class_ticked(preferences, record_class):
        return f"Customer class {record_class or '(none)'} is not ticked in this connector."
    if not enabled:
        return "The customer is disabled for this connector."
    if status in SELLING:
        return ""
    if status == "on_hold":
        return "The customer is On Hold in the ERP; it is left as it is until it is released."
    if status == "inactive" and bound:
        return ""
    return f"The customer is {status.replace('_', ' ')} in the ERP and not in the store."


def parent_filter(
    preferences: Mapping[str, Any], record_class: str, status: str, *, enabled: bool
) -> str:
    """Return why the children of this customer are not sent, or an empty text."""
    reason = customer_filter(preferences, record_class, status, enabled=enabled, bound=False)
    return f"Its customer is filtered: {reason}" if reason else ""


def own_filter(
    entity: str, canonical: Mapping[str, Any], preferences: Mapping[str, Any], *, bound: bool
) -> str:
    """Return why this record, its customer apart, is not sent, or an empty text."""
    if entity == LOCATION and not canonical.get("active", True) and not bound:
        return "The location is inactive in the ERP and not in the store."
    if entity == CONTACT:
        if not canonical.get("active", True) and not bound:
            return "The contact is inactive in the ERP and not in the store."
        if not canonical.get("email") and not bound:
            return "The contact has no e-mail, so it cannot be a user of the store."
    if entity == CUSTOMER:
        del preferences
    return ""


def deletes(entity: str, canonical: Mapping[str, Any]) -> bool:
    """True when a bound record is removed from the store: inactive locations and contacts."""
    return entity in (LOCATION, CONTACT) and not canonical.get("active", True)
