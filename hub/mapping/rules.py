"""Field rules, compiled once and applied to many records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.mapping.transforms import TRANSFORMS, MappingProblem, text, walk
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


Read = Callable[[Mapping[str, Any]], Any]
Compiled = tuple[FieldRule, Read, tuple[Step, ...], str, str, bool, int]
"""A rule, where its value comes from, its transforms, the outer name (or ""), the last name, whether
it is required, and its greatest length (0: any)."""


TRIM: tuple[Step, ...] = ((text, ""),)
"""By far the most frequent: ``Mapper.apply`` does it in line."""


def _steps(texts: Sequence[str]) -> tuple[Step, ...]:
    parts = [step.partition(":") for step in texts]
    steps = tuple((TRANSFORMS[name], argument) for name, _, argument in parts)
    return TRIM if steps == TRIM else steps


def _compile(rule: FieldRule) -> Compiled:
    sources = (rule.source,) if isinstance(rule.source, str) else rule.source
    paths = [tuple(source.split(".")) for source in sources]
    outer, _, name = rule.target.rpartition(".")
    if len(paths) == 1 and rule.constant is None:
        read = _reader(paths[0])
    else:
        read = _first_of([_reader(path) for path in paths], rule.constant)
    steps = _steps(rule.transforms)
    return rule, read, steps, outer, name, rule.required, rule.max_length or 0


def _reader(path: tuple[str, ...]) -> Read:
    first, rest = path[0], path[1:]
    if not rest:
        return lambda context: context.get(first)
    if len(rest) == 1:
        (second,) = rest

        def read(context: Mapping[str, Any]) -> Any:
            inner = context.get(first)
            return inner.get(second) if type(inner) is dict else walk(inner, rest)

        return read
    return lambda context: walk(context, path)


def _first_of(readers: Sequence[Read], constant: Any) -> Read:
    """The first value that is not empty; where all are, the last one."""

    def read(context: Mapping[str, Any]) -> Any:
        value = constant
        for reader in readers:
            value = reader(context)
            if value is not None and value != "":
                break
        return value

    return read


class Mapper:
    """A list of rules, ready to run. Raises KeyError at once for an unknown transform."""

    def __init__(self, rules: Sequence[FieldRule]) -> None:
        self.rules = list(rules)
        self._always = [_compile(rule) for rule in rules if rule.when == "always"]
        self._all = [_compile(rule) for rule in rules]
        self._new_only = [rule.target.split(".") for rule in rules if rule.when != "always"]
        self.fields = [rule.target for rule in rules]

    def apply(self, context: Mapping[str, Any], *, new: bool = True) -> Mapped:
        """Map one record; ``new`` = it will be created, so ``if_new`` fields count."""
        payload: dict[str, Any] = {}
        problems: list[Problem] = []
        rules = self._all if new else self._always
        for rule, read, steps, outer, name, required, longest in rules:
            value = read(context)
            if steps is TRIM and type(value) is str:
                value = value.strip()
            elif steps:
                try:
                    for function, argument in steps:
                        value = function(value, argument, context)
                except MappingProblem as problem:
                    problems.append(_problem(rule, problem))
                    continue
            if required and (value is None or value == ""):
                problems.append(_missing(rule))
            if value is None:
                continue
            if longest and type(value) is str and len(value) > longest:
                problems.append(_too_long(rule, len(value)))
            if not outer:
                payload[name] = value
            elif (inner := payload.get(outer)) is not None:
                inner[name] = value
            else:
                _inner(payload, outer)[name] = value
        return Mapped(payload, self._hashed(payload, new=new), problems)

    def _hashed(self, payload: dict[str, Any], *, new: bool) -> dict[str, Any]:
        if not (new and self._new_only):
            return dict(payload)
        hashed = payload
        for path in self._new_only:
            hashed = _without(hashed, path)
        return hashed


def _without(payload: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """A copy that lacks the field at ``path``, and what would be empty without it."""
    copy, (name, *rest) = dict(payload), path
    if not rest:
        copy.pop(name, None)
    elif name in copy:
        copy[name] = _without(copy[name], rest)
        if not copy[name]:
            del copy[name]
    return copy


def _inner(payload: dict[str, Any], outer: str) -> dict[str, Any]:
    for part in outer.split("."):
        payload = payload.setdefault(part, {})
    return payload


def _problem(rule: FieldRule, problem: MappingProblem) -> Problem:
    return Problem(rule.label or rule.target, str(problem), problem.remedy, problem.group)


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
