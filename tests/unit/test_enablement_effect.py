"""A record that was disabled for a connector is not sent, nor are the children of its customer."""

from types import SimpleNamespace

import pytest

from hub.engine.resolve import resolve
from hub.engine.work import Work

PREFERENCES = {"customer_classes": ["DEALER"]}


def work(**more):
    canonical = {"customer_class": "DEALER", "status": "active", "active": True, "email": "a@b.example"}
    made = Work(id=1, key="K", record_id=1, title="", payload="{}", canonical_hash=None,
                source_version=None, attempts=0, searches=0, isolation=0, hold_until=None, created_at=0,
                canonical=canonical, parent_key="C", parent={}, parent_class="DEALER",
                parent_status="active")
    for name, value in more.items():
        setattr(made, name, value)
    return made


def context(entity):
    parent = None if entity == "customer" else "customer"
    return SimpleNamespace(entity=entity, parent_entity=parent, preferences=PREFERENCES, rule_version="1")


@pytest.mark.parametrize(("entity", "more", "reason"), [
    ("customer", {"enabled": False}, "The customer is disabled for this connector."),
    ("location", {"enabled": False}, "This location is disabled for this connector."),
    ("contact", {"enabled": False}, "This contact is disabled for this connector."),
    ("location", {"parent_enabled": False},
     "Its customer is filtered: The customer is disabled for this connector."),
])
def test_disabled_records_end_as_filtered_with_the_reason(entity, more, reason):
    ended = resolve(context(entity), work(**more))
    assert (ended.status, ended.reason) == ("filtered", reason)
