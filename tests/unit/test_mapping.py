"""Field rules: what a record looks like over there, and why one cannot be sent."""

from decimal import Decimal

import pytest

from hub.mapping import Mapper, MappingProblem, canonical_json, content_hash
from hub.mapping.transforms import TRANSFORMS
from hub.sdk import FieldRule


def apply(rule, record, **more):
    return Mapper([rule]).apply(record, **more)


def run(name, value, argument="", **context):
    return TRANSFORMS[name](value, argument, context)


@pytest.mark.parametrize(
    ("name", "value", "argument", "expected"),
    [
        ("trim", "  Ann  ", "", "Ann"),
        ("trim", None, "", ""),
        ("upper", "de", "", "DE"),
        ("lower", "A@B.Example", "", "a@b.example"),
        ("int", "7", "", 7),
        ("int", "", "", None),
        ("bool", "Yes", "", True),
        ("bool", "no", "", False),
        ("first_word", " Dora  Dock ", "", "Dora"),
        ("rest_words", "Dora van Dock", "", "van Dock"),
        ("rest_words", "Dora", "", "Dora"),
        ("default", "", "US", "US"),
        ("default", "DE", "US", "DE"),
        ("map", "active", "active=1,inactive=3,*=0", 1),
        ("map", "strange", "active=1,*=0", 0),
        ("map", "strange", "active=1", "strange"),
        ("map", "odd", "odd=--5", "--5"),
        ("country_name", "de", "", "Germany"),
        ("country_name", "Atlantis", "", "Atlantis"),
    ],
)
def test_transforms(name, value, argument, expected):
    assert run(name, value, argument) == expected


def test_a_state_is_named_by_its_country_and_missed_only_where_there_are_states():
    us, monaco = {"address": {"country": "US"}}, {"address": {"country": "MC"}}
    assert run("state_name", "ma", "address.country", **us) == "Massachusetts"
    assert run("state_name", "Somewhere", "address.country", **us) == "Somewhere"
    assert run("state_required", "", "address.country", **monaco) == ""
    with pytest.raises(MappingProblem, match="The state is missing"):
        run("state_required", "", "address.country", **us)


def test_an_unmapped_value_is_named_and_grouped():
    table = {"values": {"price_class": {"VIP": "3", "NET": "net-group"}}}
    assert run("values", "VIP", "price_class", **table) == 3
    assert run("values", "NET", "price_class", **table) == "net-group"
    assert run("values", "", "price_class", **table) is None
    odd = {"values": {"price_class": {"VIP": "2²"}}}
    assert run("values", "VIP", "price_class", **odd) == "2²"
    with pytest.raises(MappingProblem, match="price class “GOLD” is not mapped") as caught:
        run("values", "GOLD", "price_class", **table)
    assert "GOLD" in caught.value.remedy
    assert caught.value.group == "unmapped price_class: GOLD"


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [
        ({}, 12),
        ({"sync_qty": "available_for_shipping"}, 9),
        ({"sync_qty": "on_hand", "safety_stock": 5}, 15),
        ({"safety_stock": "3"}, 9),
        ({"safety_stock": 100}, 0),
    ],
)
def test_quantities_are_reduced_floored_and_never_negative(preferences, expected):
    stock = {"QtyAvailable": "12.9", "QtyHardAvailable": Decimal("9.99"), "QtyOnHand": 20.5}
    assert run("quantity", stock, preferences=preferences) == expected


@pytest.mark.parametrize("value", ["many", "NaN", "Infinity", float("nan"), float("inf")])
def test_what_is_no_quantity_is_a_problem_of_its_record(value):
    with pytest.raises(MappingProblem, match="is not a quantity"):
        run("quantity", value)


def test_the_first_source_that_is_not_empty_counts():
    rule = FieldRule("companyEmail", ("primary.email", "main.email"), ("trim",))
    record = {"primary": {"email": ""}, "main": {"email": " info@main.example "}}
    assert apply(rule, record).payload == {"companyEmail": "info@main.example"}
    assert apply(rule, {}).payload == {"companyEmail": ""}


def test_a_nested_target_and_a_constant():
    rules = [FieldRule("a.b.c", "x"), FieldRule("a.b.d", "y"), FieldRule("fixed", constant=7)]
    assert Mapper(rules).apply({"x": 1, "y": 2}).payload == {"a": {"b": {"c": 1, "d": 2}}, "fixed": 7}


def test_fields_of_new_records_are_sent_once_and_do_not_count_as_changes():
    rules = [FieldRule("name", "name"), FieldRule("admin.email", "email", when="if_new")]
    mapper = Mapper(rules)
    record = {"name": "Acme", "email": "a@b.example"}
    new, known = mapper.apply(record), mapper.apply(record, new=False)
    assert new.payload == {"name": "Acme", "admin": {"email": "a@b.example"}}
    assert known.payload == {"name": "Acme"}
    assert new.hashed == known.hashed == {"name": "Acme"}


def test_missing_and_too_long_are_told_with_the_field_and_never_cut():
    rule = FieldRule("companyName", "name", ("trim",), required=True, max_length=5, label="Name")
    (missing,) = apply(rule, {"name": "  "}).problems
    assert (missing.field, missing.reason) == ("Name", "Name is missing; the store requires it.")
    mapped = apply(rule, {"name": "Too long"})
    (long,) = mapped.problems
    assert long.reason == "Name has 8 characters; the store takes 5. It was not cut."
    assert mapped.payload == {"companyName": "Too long"}
    assert apply(rule, {"name": "Exact"}).problems == []


def test_one_bad_field_does_not_hide_another():
    rules = [FieldRule("n", "n", ("int",)), FieldRule("m", "m", required=True)]
    assert [problem.field for problem in Mapper(rules).apply({"n": "x"}).problems] == ["n", "m"]


def test_an_unknown_transform_is_refused_at_once():
    with pytest.raises(KeyError):
        Mapper([FieldRule("a", "a", ("explode",))])


def test_equal_content_has_equal_text_whatever_its_order_and_spelling_of_numbers():
    one = {"b": Decimal("1.50"), "a": {"y": 1, "x": "ü"}}
    other = {"a": {"x": "ü", "y": 1}, "b": Decimal("1.5000")}
    assert canonical_json(one) == canonical_json(other)
    assert content_hash(canonical_json(one)) == content_hash(canonical_json(other))
    assert canonical_json({"n": Decimal("1E+3")}) == '{"n":"1000"}'
    assert content_hash("a") != content_hash("b")
