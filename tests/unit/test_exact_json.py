"""The fast writer of JSON says exactly what the standard library says."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.mapping import canonical_json, content_hash
from hub.sdk.exact_json import dump_json

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(), VALUES))
def test_what_is_written_is_what_the_standard_library_reads(value):
    assert json.loads(dump_json(value, sort_keys=True)) == value
    assert list(json.loads(dump_json(value, sort_keys=True))) == sorted(value)


@pytest.mark.parametrize("wrong", [float("nan"), [float("inf")], {"a": {"b": (None, float("nan"))}}])
def test_a_number_that_is_none_is_not_sent_as_nothing(wrong):
    with pytest.raises(ValueError):
        dump_json(wrong)
    assert "N" in dump_json(wrong, allow_nan=True) or "Infinity" in dump_json(wrong, allow_nan=True)


def test_equal_amounts_have_equal_hashes_whichever_way_they_are_written():
    amounts = [Decimal("12500.5"), Decimal("12500.50"), Decimal("1.25005E+4")]
    plain = {content_hash(canonical_json({"limit": amount, "note": None})) for amount in amounts}
    assert len(plain) == 1
    slow_way = {content_hash(canonical_json({"limit": a, "big": 10**30})) for a in amounts}
    assert len(slow_way) == 1
