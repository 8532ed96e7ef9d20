"""``$filter`` with OData 3 literals, as contract version 4 reads it (CONTRACT §3)."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from plugins.acumatica.simulator.schema import Getter, resolve

Predicate = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\()|(?P<close>\))|(?P<comma>,)
     |(?P<typed>(?:datetimeoffset|datetime|guid)'(?:[^']|'')*')
     |(?P<text>'(?:[^']|'')*')
     |(?P<iso>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))
     |(?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})
     |(?P<number>-?\d+(?:\.\d+)?[mMdDlLfF]?)
     |(?P<word>[A-Za-z_][A-Za-z0-9_./]*)
    )""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS = ("substringof", "startswith", "endswith")
_FAMILY = {"S": "String", "G": "Guid", "B": "Boolean", "I": "Int32", "D": "Decimal", "T": "Date"}


class FilterError(ValueError):
    """The filter cannot be used; the server answers 500 with this text."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A tested condition and the views whose dates it compares."""

    test: Predicate
    views: frozenset[str] = frozenset()
    date_views: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Operand:
    kind: str
    value: Any = None
    read: Getter | None = None
    view: str = ""


def compile_filter(entity: str, text: str, *, cross_view: str = "dates") -> Predicate:
    """Return the test that ``$filter`` describes.

    ``cross_view``: an AND whose parts look at two views comes back empty although each part
    matches (CONTRACT §3): ``dates`` = when both compare dates, ``all`` = always, ``off`` = never.

    Raises:
        FilterError: syntax, unknown field, or types that do not fit.

    """
    parser = _Parser(entity, _tokens(text), cross_view)
    term = parser.either()
    if parser.peek() is not None:
        raise FilterError(f"Syntax error at '{parser.peek()}' in '{text}'.")
    return term.test


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise FilterError(f"Syntax error at position {at} in '{text}'.")
        tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    return tokens


def _nothing(_row: Any) -> bool:
    return False


def _either(one: Predicate, other: Predicate) -> Predicate:
    return lambda row: one(row) or other(row)


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda row: one(row) and other(row)


@dataclass(slots=True)
class _Parser:
    entity: str
    tokens: list[tuple[str, str]]
    cross_view: str
    at: int = field(default=0)

    def peek(self) -> str | None:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, expected: str | None = None) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise FilterError("Expression expected at the end of the filter.")
        token = self.tokens[self.at]
        if expected is not None and token[1] != expected:
            raise FilterError(f"'{expected}' expected, found '{token[1]}'.")
        self.at += 1
        return token

    def either(self) -> _Term:
        term = self.both()
        while self.peek() == "or":
            self.take()
            left, right = term, self.both()
            views, dates = left.views | right.views, left.date_views | right.date_views
            term = _Term(_either(left.test, right.test), views, dates)
        return term

    def both(self) -> _Term:
        term = self.negation()
        while self.peek() == "and":
            self.take()
            left, right = term, self.negation()
            views = left.views | right.views
            dates = left.date_views | right.date_views
            looked_at = {"dates": dates, "all": views}.get(self.cross_view, frozenset())
            if len(looked_at) > 1:
                term = _Term(_nothing, views, dates)
                continue
            term = _Term(_both(left.test, right.test), views, dates)
        return term

    def negation(self) -> _Term:
        if self.peek() == "not":
            self.take()
            inner = self.negation()
            return _Term(lambda row: not inner.test(row), inner.views, inner.date_views)
        return self.primary()

    def primary(self) -> _Term:
        if self.peek() == "(":
            self.take()
            term = self.either()
            self.take(")")
            return term
        if self.peek() in _FUNCTIONS:
            return self.function()
        left = self.operand()
        kind, word = self.take()
        if kind != "word" or word not in _COMPARE:
            raise FilterError(f"Operator expected, found '{word}'.")
        return _comparison(word, left, self.operand())

    def function(self) -> _Term:
        name = self.take()[1]
        self.take("(")
        first = self.operand()
        self.take(",")
        second = self.operand()
        self.take(")")
        wanted = True
        if self.peek() == "eq":
            self.take()
            wanted = self.take()[1] == "true"
        needle, column = (first, second) if name == "substringof" else (second, first)
        if column.read is None or needle.read is not None or column.kind not in "SG":
            raise FilterError(f"The function {name} takes a text and a string field.")
        read, text = column.read, str(needle.value).casefold()

        def test(row: Any) -> bool:
            value = str(read(row) or "").casefold()
            if name == "substringof":
                found = text in value
            else:
                found = value.startswith(text) if name == "startswith" else value.endswith(text)
            return found is wanted

        return _Term(test, frozenset({column.view}))

    def operand(self) -> _Operand:
        kind, word = self.take()
        if kind == "word":
            return self.name(word)
        return _literal(kind, word)

    def name(self, word: str) -> _Operand:
        if word in ("true", "false"):
            return _Operand("B", value=word == "true")
        if word == "null":
            return _Operand("null")
        if word.startswith("cf."):
            raise FilterError(f"The custom field function '{word}' names no field of this tenant.")
        found = resolve(self.entity, word)
        if found is None:
            raise FilterError(f"Could not find a property named '{word}' on '{self.entity}'.")
        return _Operand(found[1], read=found[0], view=found[2])


def _literal(kind: str, word: str) -> _Operand:
    if kind == "text":
        return _Operand("S", value=word[1:-1].replace("''", "'"))
    if kind == "number":
        return _Operand("D", value=float(word.rstrip("mMdDlLfF")))
    if kind == "guid":
        return _Operand("G", value=word.lower())
    if kind == "iso":
        return _Operand("T", value=_moment(word))
    if kind == "typed":
        name, _, rest = word.partition("'")
        text = rest[:-1]
        if name == "guid":
            return _Operand("G", value=text.lower())
        return _Operand("T", value=_moment(text))
    raise FilterError(f"Value expected, found '{word}'.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise FilterError(f"Unrecognized 'Edm.DateTimeOffset' literal '{text}'.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _comparison(word: str, left: _Operand, right: _Operand) -> _Term:
    if left.read is None and right.read is not None:
        mirror = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
        return _comparison(mirror.get(word, word), right, left)
    if left.read is None or right.read is not None:
        raise FilterError("A condition compares a field with a value.")
    view = frozenset({left.view})
    if right.kind == "null":
        read, empty = left.read, word == "eq"
        return _Term(lambda row: (read(row) in (None, "")) is empty, view)
    wanted = _matching(word, left, right)
    dates = view if left.kind == "T" else frozenset()
    return _Term(_test(_COMPARE[word], left, wanted), view, dates)


def _matching(word: str, left: _Operand, right: _Operand) -> Any:
    numbers = {"I", "D"}
    fits = left.kind == right.kind or {left.kind, right.kind} <= numbers
    if not fits and {left.kind, right.kind} != {"G", "S"}:
        names = _FAMILY[left.kind], _FAMILY[right.kind]
        raise FilterError(
            f"A binary operator with incompatible types was detected. Found operand types "
            f"'Edm.{names[0]}' and 'Edm.{names[1]}' for operator kind '{word}'."
        )
    return right.value.casefold() if isinstance(right.value, str) else right.value


def _test(compare: Callable[[Any, Any], Any], column: _Operand, wanted: Any) -> Predicate:
    read = column.read
    if read is None:
        return _nothing
    if column.kind in "SG":

        def text(row: Any) -> bool:
            value = read(row)
            # An empty text is kept as no value; both compare as ''.
            return bool(compare("" if value is None else str(value).casefold(), wanted))

        return text

    def plain(row: Any) -> bool:
        value = read(row)
        return value is not None and bool(compare(value, wanted))

    return plain
