"""Who takes part (FIRST-FLOWS, Eligibility)."""

import pytest

from hub.engine.eligibility import class_ticked, customer_filter, deletes, own_filter, parent_filter

TICKED = {"customer_classes": ["DEALER"]}


def judged(status="active", record_class="DEALER", *, enabled=True, bound=False, ticked=TICKED):
    return customer_filter(ticked, record_class, status, enabled=enabled, bound=bound)


@pytest.mark.parametrize("status", ["active", "credit_hold", "one_time"])
@pytest.mark.parametrize("bound", [True, False])
def test_selling_statuses_take_part(status, bound):
    assert judged(status, bound=bound) == ""


@pytest.mark.parametrize(
    ("status", "bound", "words"),
    [
        ("inactive", False, "not in the store"),
        ("inactive", True, ""),
        ("on_hold", False, "On Hold"),
        ("on_hold", True, "On Hold"),
        ("strange_status", False, "strange status"),
        ("strange_status", True, "strange status"),
    ],
)
def test_other_statuses(status, bound, words):
    reason = judged(status, bound=bound)
    assert bool(reason) is bool(words)
    assert words in reason


@pytest.mark.parametrize(
    ("ticked", "record_class", "takes_part"),
    [
        (["DEALER"], "DEALER", True),
        (["DEALER"], "EXPORT", False),
        ("all", "MADE-LATER", True),
        ([], "DEALER", False),
        (None, "DEALER", False),
        (["DEALER"], "", False),
    ],
)
def test_classes(ticked, record_class, takes_part):
    preferences = {"customer_classes": ticked}
    assert class_ticked(preferences, record_class) is takes_part
    assert (judged(record_class=record_class, ticked=preferences) == "") is takes_part


def test_an_unticked_class_is_named_even_when_it_is_bound():
    assert "class EXPORT is not ticked" in judged(record_class="EXPORT", bound=True)
    assert "class (none)" in judged(record_class="")


def test_a_disabled_customer_takes_no_part():
    assert "disabled" in judged(enabled=False)


def test_children_follow_their_customer():
    assert parent_filter(TICKED, "DEALER", "active", enabled=True) == ""
    for status in ("inactive", "on_hold"):
        reason = parent_filter(TICKED, "DEALER", status, enabled=True)
        assert reason.startswith("Its customer is filtered: ")
    assert "not ticked" in parent_filter(TICKED, "EXPORT", "active", enabled=True)


@pytest.mark.parametrize(
    ("entity", "record", "bound", "words"),
    [
        ("location", {"active": True}, False, ""),
        ("location", {"active": False}, False, "inactive"),
        ("location", {"active": False}, True, ""),
        ("contact", {"active": True, "email": "a@b.example"}, False, ""),
        ("contact", {"active": False, "email": "a@b.example"}, False, "inactive"),
        ("contact", {"active": False}, True, ""),
        ("contact", {"active": True, "email": ""}, False, "no e-mail"),
        ("contact", {"active": True, "email": ""}, True, ""),
        ("customer", {}, False, ""),
    ],
)
def test_records_on_their_own(entity, record, bound, words):
    reason = own_filter(entity, record, TICKED, bound=bound)
    assert bool(reason) is bool(words)
    assert words in reason


def test_inactive_children_are_deleted_and_customers_never():
    gone = {"active": False}
    assert deletes("location", gone)
    assert deletes("contact", gone)
    assert not deletes("customer", gone)
    assert not deletes("location", {"active": True})
    assert not deletes("contact", {})
