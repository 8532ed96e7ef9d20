"""Field rules, compiled once and applied to many records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.mapping.transforms import TRANSFORMS, MappingProblem, walk
from hub.sdk import FieldRule

Step = tuple[Callable[[Any, str, Mapping[str, Any]], Any], str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record cannot be sent: the field, what is wrong, what to do."""

    field: str
    reason: str
    remedy: str
    group: str


@dataclass(slots=True)
class Mapped:
    """A mapped record. ``hashed`` is the payload without its ``if_new`` fields."""

    payload: dict[str, Any]
    hashed: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: FieldRule
    paths: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    target: tuple[str, ...]


def _step(text: str) -> Step:
    name, _, argument = text.partition(":")
    return TRANSFORMS[name], argument


def _compile(rule: FieldRule) -> _Compiled:
    sources = (rule.source,) if isinstance(rule.source, str) else rule.source
    return _Compiled(
        rule,
        tuple(tuple(source.split(".")) for source in sources),
        tuple(_step(text) for text in rule.transforms),
        tuple(rule.target.split(".")),
    )


class Mapper:
    """A list of rules, ready to run. Raises KeyError at once for an unknown transform."""

    def __init__(self, rules: Sequence[FieldRule]) -> None:
        self.rules = list(rules)
        self._compiled = [_compile(rule) for rule in rules]
        self.fields = [rule.target for rule in rules]

    def apply(self, context: Mapping[str, Any], *, new: bool = True) -> Mapped:
        """Map one record; ``new`` = it will be created, so ``if_new`` fields count."""
        payload: dict[str, Any] = {}
        hashed: dict[str, Any] = {}
        problems: list[Problem] = []
        for item in self._compiled:
            rule = item.rule
            only_new = rule.when != "always"
            if only_new and not new:
                continue
            value = self._value(item, context, problems)
            if value is None:
                continue
            if len(item.target) == 1:
                payload[rule.target] = value
                if not only_new:
                    hashed[rule.target] = value
                continue
            _put(payload, item.target, value)
            if not only_new:
                _put(hashed, item.target, value)
        return Mapped(payload, hashed, problems)

    def _value(self, item: _Compiled, context: Mapping[str, Any], problems: list[Problem]) -> Any:
        rule = item.rule
        value = rule.constant
        for path in item.paths:
            value = context.get(path[0]) if len(path) == 1 else walk(context, path)
            if value is not None and value != "":
                break
        try:
            for function, argument in item.steps:
                value = function(value, argument, context)
        except MappingProblem as problem:
            problems.append(
                Problem(rule.label or rule.target, str(problem), problem.remedy, problem.group)
            )
            return None
        if rule.required and value in (None, ""):
            problems.append(_missing(rule))
        if rule.max_length and isinstance(value, str) and len(value) > rule.max_length:
            problems.append(_too_long(rule, len(value)))
        return value


def _put(payload: dict[str, Any], target: tuple[str, ...], value: Any) -> None:
    for part in target[:-1]:
        payload = payload.setdefault(part, {})
    payload[target[-1]] = value


def _missing(rule: FieldRule) -> Problem:
    label = rule.label or rule.target
    return Problem(
        label,
        f"{label} is missing; the store requires it.",
        f"Fill in {label} in the ERP; the next sync picks it up.",
        f"{label} missing",
    )


def _too_long(rule: FieldRule, length: int) -> Problem:
    label = rule.label or rule.target
    return Problem(
        label,
        f"{label} has {length} characters; the store takes {rule.max_length}. It was not cut.",
        f"Shorten {label} in the ERP; the next sync picks it up.",
        f"{label} too long",
    )
