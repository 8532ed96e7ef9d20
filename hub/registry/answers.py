"""What a hook may answer: types, and how long texts and lists may be."""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from hub.registry.guard import kind_of, wrong
from hub.sdk import Cursor, Listed, LoadResult, Outcome, Page, Record

TEXT = 4_000
"""Characters of a label, help, detail or remedy: what a page or a log line can show."""

KEY = 500
"""Characters of a key or id."""

RECORD_TEXT = 5_000_000
"""Characters of all texts in one record."""

PAGE = 50_000
LISTING = 5_000_000
EMPTY = 1_000
SAME = 50
FEW = 10_000
FETCHED = 200_000
NODES = 100_000
"""Mappings and lists in one record: one that holds itself comes to an end too."""

Value = TypeVar("Value")
Check = Callable[[Any], str]


def one(name: str, hook: str, value: Any, kind: type[Value]) -> Value:
    """Return the value if it is a sound ``kind``. Raises ``PluginBug`` that names hook and field."""
    if not isinstance(value, kind):
        wrong(name, hook, f"it returned {kind_of(value)} where {kind.__name__} was expected")
    if problem := fault_in(value):
        wrong(name, hook, f"in its {kind.__name__}, {problem}")
    return value


def fault_in(value: Any) -> str:
    """Return what is wrong with the fields of one of the SDK's values; empty when sound."""
    for field, check in _checks(type(value)):
        problem = check(getattr(value, field))
        if problem:
            return f"{field} {problem}"
    return ""


_KEPT: dict[type, tuple[tuple[str, Check], ...]] = {}


def _checks(kind: Any) -> tuple[tuple[str, Check], ...]:
    if kind not in _KEPT:
        _KEPT[kind] = tuple((field.name, _check(field.type)) for field in fields(kind))
    return _KEPT[kind]


def _check(wanted: Any) -> Check:
    """Return a function that says what is wrong with a value of this annotation."""
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        return _any_of([_check(kind) for kind in get_args(wanted)])
    if origin is Literal:
        allowed = get_args(wanted)
        return lambda v: "" if v in allowed else f"must be one of {', '.join(map(str, allowed))}"
    if origin is tuple:
        return _tuple([_check(kind) for kind in get_args(wanted) if kind is not ...])
    if origin is not None and issubclass(origin, Mapping):
        return lambda v: "" if isinstance(v, Mapping) else f"must be a mapping, not {kind_of(v)}"
    if wanted is Any:
        return lambda v: _long(v) if isinstance(v, str) else ""
    if wanted is float:
        return _of((int, float), "a number")
    if isinstance(wanted, type):
        return _of((wanted,), wanted.__name__)
    return lambda _v: ""


def _of(kinds: tuple[type, ...], word: str) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            return f"must be {'text' if word == 'str' else word}, not {kind_of(value)}"
        if isinstance(value, str):
            return _long(value)
        return fault_in(value) if is_dataclass(value) else ""

    return check


def _any_of(checks: Sequence[Check]) -> Check:
    def check(value: Any) -> str:
        problems = [check(value) for check in checks]
        return "" if "" in problems else problems[0]

    return check


def _tuple(checks: Sequence[Check]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, tuple | list):
            return f"must be a tuple, not {kind_of(value)}"
        if len(value) > FEW:
            return f"has more than {FEW:,} entries"
        for place, item in enumerate(value):
            problem = checks[min(place, len(checks) - 1)](item) if checks else ""
            if problem:
                return f"entry {place + 1} {problem}"
        return ""

    return check


def _long(text: str) -> str:
    return f"is {len(text):,} characters long, at most {TEXT:,} are" if len(text) > TEXT else ""


def _key(value: Any, what: str) -> str:
    if not isinstance(value, str):
        return f"{what} must be text, not {kind_of(value)}"
    return f"{what} is longer than {KEY} characters" if len(value) > KEY else ""


def letters(value: Any, left: int = RECORD_TEXT) -> int:
    """Return how many characters are left after the texts in a value; negative = too many.

    Every record goes through here: no call per value, and the frequent types first.
    """
    nodes: list[Any] = [[value]]
    for node in nodes:
        for item in node if isinstance(node, list | tuple) else node.values():
            kind = type(item)
            if kind is str:
                left -= len(item)
            elif kind is dict or kind is list:
                nodes.append(item)
            elif kind in _SHORT:
                continue
            elif isinstance(item, str | bytes):
                left -= len(item)
            elif isinstance(item, Mapping | list | tuple):
                nodes.append(item)
        if left < 0 or len(nodes) > NODES:
            return -1
    return left


_SHORT = {type(None), bool, int, float, Decimal, datetime}


def record(name: str, hook: str, value: Any) -> Record:
    """Return a record of the source, if it is one."""
    if not isinstance(value, Record):
        wrong(name, hook, f"a Record was expected, not {kind_of(value)}")
    problem = _key(value.key, "the key of a record")
    if value.data is not None and not isinstance(value.data, Mapping):
        problem = problem or f"the data of a record must be a mapping, not {kind_of(value.data)}"
    elif not problem and letters(value.data) < 0:
        problem = f"record {value.key} holds more text than {RECORD_TEXT:,} characters"
    if problem:
        wrong(name, hook, problem)
    return value


class Pages:
    """Checks one page after another, and that they come to an end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._empty = self._same = 0
        self._last: tuple[str, ...] = ()

    def __call__(self, value: Any) -> Page:
        """Return the page. Raises ``PluginBug``."""
        name, hook = self._name, "hub_extract"
        if not isinstance(value, Page):
            wrong(name, hook, f"a Page was expected, not {kind_of(value)}")
        if not isinstance(value.records, tuple | list):
            wrong(
                name, hook, f"the records of a page must be a tuple, not {kind_of(value.records)}"
            )
        if len(value.records) > PAGE:
            wrong(name, hook, f"a page holds more than {PAGE:,} records")
        if value.resume is not None:
            one(name, hook, value.resume, Cursor)
        for row in value.records:
            record(name, hook, row)
        self._ends(tuple(row.key for row in value.records))
        return value

    def _ends(self, keys: tuple[str, ...]) -> None:
        self._empty = 0 if keys else self._empty + 1
        self._same = self._same + 1 if keys and keys == self._last else 0
        self._last = keys
        if self._empty >= EMPTY:
            wrong(self._name, "hub_extract", f"{EMPTY:,} empty pages came in a row")
        if self._same >= SAME:
            wrong(self._name, "hub_extract", f"the same page came {SAME} times in a row")


class ListedPages:
    """The same for a listing of the target's side."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = self._empty = 0

    def __call__(self, value: Any) -> list[Listed]:
        """Return the page as a list. Raises ``PluginBug``."""
        name, hook = self._name, "hub_list"
        if not isinstance(value, list | tuple):
            wrong(name, hook, f"a list of Listed was expected, not {kind_of(value)}")
        for row in value:
            listed(name, hook, row)
        self._count += len(value)
        self._empty = 0 if value else self._empty + 1
        if self._count > LISTING or self._empty >= EMPTY:
            wrong(name, hook, f"the listing did not end after {self._count:,} records")
        return list(value)


def listed(name: str, hook: str, value: Any) -> Listed:
    """Return a record of the target's side, if it is one."""
    if not isinstance(value, Listed):
        wrong(name, hook, f"Listed was expected, not {kind_of(value)}")
    problem = _key(value.external_id, "the external_id of a record")
    if not problem and letters(value.fields) < 0:
        problem = f"record {value.external_id} holds more text than {RECORD_TEXT:,} characters"
    if problem:
        wrong(name, hook, problem)
    return value


def results(name: str, values: Any) -> list[LoadResult]:
    """Return the ends of a delivery, texts cut to what can be shown. Raises ``PluginBug``."""
    if not isinstance(values, list | tuple):
        wrong(name, "hub_load", f"a list of LoadResult was expected, not {kind_of(values)}")
    for value in values:
        _result(name, value)
    return list(values)


def _result(name: str, value: Any) -> None:
    hook = "hub_load"
    if not isinstance(value, LoadResult):
        wrong(name, hook, f"LoadResult was expected, not {kind_of(value)}")
    if not isinstance(value.outcome, Outcome):
        wrong(name, hook, f"the outcome of {value.key!s:.40} must be an Outcome")
    problem = _key(value.key, "the key of a result")
    if not problem and value.external_id is not None:
        problem = _key(value.external_id, f"the external_id of {value.key}")
    for text in (value.detail, value.remedy):
        if not isinstance(text, str) or len(text) > TEXT:
            problem = (
                problem or f"the texts for {value.key} must be text of at most {TEXT:,} characters"
            )
    if not isinstance(value.field_errors, Mapping) or letters(value.field_errors, TEXT) < 0:
        problem = problem or f"the field errors of {value.key} must map field to a short text"
    if problem:
        wrong(name, hook, problem)
