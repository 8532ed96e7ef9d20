"""One rule set for page, JSON, command line and file: a pydantic model made from the specs."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from hub.sdk import Kind, ParameterSpec
from hub.settings import references
from hub.settings.sentences import LONGEST_SECRET, entered, missing, unknown, wrong

ALL = "all"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MOST_ITEMS = 5_000


@dataclass(frozen=True, slots=True)
class Validated:
    """Values of the fields that were given, and one sentence per field that is wrong.

    ``repr`` leaves the values out: they may hold secrets.
    """

    values: dict[str, Any] = field(repr=False)
    errors: dict[str, str]


def validate(
    specs: Sequence[ParameterSpec],
    raw: Mapping[str, Any],
    *,
    kept: Collection[str] = (),
    allow_references: bool = False,
    allow_files: bool = False,
    clear_secrets: bool = True,
) -> Validated:
    """Check ``raw`` against ``specs``; nothing is raised, all errors are collected.

    ``kept`` names required values that stay as they are saved when nothing is given. References
    (``env:NAME``; ``file:PATH`` with ``allow_files``) are kept as references. With
    ``clear_secrets`` False a secret must be a reference: the rule of the configuration file.
    """
    known = {spec.name: spec for spec in specs}
    errors = {name: unknown(name, known) for name in raw if name not in known}
    given = {name: _plain(value) for name, value in raw.items() if name in known}
    values: dict[str, Any] = {}
    for name in [n for n, v in given.items() if allow_references and references.is_reference(v)]:
        if known[name].kind in (Kind.SECRET, Kind.TEXT, Kind.URL):
            problem = references.problem(given[name], files=allow_files)
            if problem:
                errors[name] = f"{known[name].label} {problem}."
            else:
                values[name] = given[name]
            del given[name]
    open_specs = [spec for spec in specs if spec.name not in values and spec.name not in errors]
    checked, found = _check(open_specs, given, kept)
    for spec in open_specs:
        secret = checked.get(spec.name)
        if spec.secret and secret is not None and not clear_secrets:
            found[spec.name] = (
                f"{spec.label} cannot stand here in clear. Write env:NAME or file:PATH."
            )
    return Validated(values | {n: v for n, v in checked.items() if n not in found}, errors | found)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        value = value.strip()
        return None if value == "" else value
    return value


def _check(
    specs: Sequence[ParameterSpec], given: Mapping[str, Any], kept: Collection[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    by_name = {spec.name: spec for spec in specs}
    try:
        model = _model(tuple(replace(spec, default=None) for spec in specs)).model_validate(
            dict(given)
        )
        checked = {name: getattr(model, name) for name in given}
        errors: dict[str, str] = {}
    except ValidationError as error:
        errors = {}
        for item in error.errors(include_url=False, include_context=True):
            spec = by_name[str(item["loc"][0])]
            own = item["type"] == "sentence"
            text = item["msg"] if own else wrong(spec, item["type"], given.get(spec.name))
            errors.setdefault(spec.name, text)
        good = [spec for spec in specs if spec.name in given and spec.name not in errors]
        checked = _check(good, {s.name: given[s.name] for s in good}, ())[0] if good else {}
    chosen = {spec.name: spec.default for spec in specs} | {
        name: value for name, value in checked.items() if value is not None
    }
    for spec in specs:
        empty = checked.get(spec.name) in (None, [], {})
        needed = spec.required and spec.counts(chosen)
        if needed and empty and spec.default is None and spec.name not in kept:
            errors.setdefault(spec.name, missing(spec))
    return checked, errors


@lru_cache(maxsize=128)
def _model(specs: tuple[ParameterSpec, ...]) -> type[BaseModel]:
    # Without defaults, which may be lists: a model costs milliseconds, and specs do not change.
    fields: dict[str, Any] = {spec.name: (_type(spec), None) for spec in specs}
    config = ConfigDict(extra="forbid", hide_input_in_errors=True, protected_namespaces=())
    return create_model("Settings", __config__=config, **fields)


def _type(spec: ParameterSpec) -> Any:
    match spec.kind:
        case Kind.NUMBER:
            bounds = Field(ge=spec.minimum, le=spec.maximum)
            inner: Any = Annotated[int, bounds, BeforeValidator(_number)]
        case Kind.BOOL:
            inner = bool
        case Kind.CHOICE if spec.choices:
            literal = Literal.__getitem__(tuple(choice.value for choice in spec.choices))
            inner = Annotated[literal, BeforeValidator(_text)]
        case Kind.MULTI:
            inner = Annotated[Any, BeforeValidator(_sentence(spec, _multi))]
        case Kind.TABLE:
            check = _warehouses if spec.choices else _table
            inner = Annotated[Any, BeforeValidator(_sentence(spec, check))]
        case _:
            inner = _text_type(spec)
    return inner | None


def _text_type(spec: ParameterSpec) -> Any:
    longest = LONGEST_SECRET if spec.secret else spec.max_length
    pattern = rf"^(?:{spec.pattern})$" if spec.pattern else None
    base = Annotated[str, Field(max_length=longest, pattern=pattern), BeforeValidator(_text)]
    check = {Kind.URL: _url, Kind.SECRET: _secret}.get(spec.kind)
    if check is None:
        check = _zone if spec.name.endswith("time_zone") else _clean
        check = _date if spec.name.endswith("_date") else check
    return Annotated[base, AfterValidator(_sentence(spec, check))]


def _sentence(
    spec: ParameterSpec, check: Callable[[ParameterSpec, Any], Any]
) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        if value is None:
            return None
        try:
            return check(spec, value)
        except _Wrong as problem:
            # The text becomes the message itself: braces in it must not be read as a template.
            raise PydanticCustomError("sentence", "{text}", {"text": str(problem)}) from None

    return run


class _Wrong(Exception):
    pass


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _number(value: Any) -> Any:
    # True would count as 1.
    return "true or false" if isinstance(value, bool) else value


def _clean(spec: ParameterSpec, value: str) -> str:
    if _CONTROL.search(value):
        raise _Wrong(f"{spec.label} contains control characters. Type it again.")
    return value


def _secret(spec: ParameterSpec, value: str) -> str:
    problem = references.too_short(value, spec.label)
    if problem:
        raise _Wrong(problem)
    return value


def _zone(spec: ParameterSpec, value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        example = "must be a time zone like America/Chicago"
        raise _Wrong(f"{spec.label} {example}. {entered(value)}") from None
    return value


def _date(spec: ParameterSpec, value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise _Wrong(f"{spec.label} is no day of the calendar. {entered(value)}") from None
    return value


def _url(spec: ParameterSpec, value: str) -> str:
    problem = url_problem(value)
    if problem:
        raise _Wrong(f"{spec.label} {problem}")
    return value.rstrip("/")


def url_problem(value: str) -> str:
    """Return what is wrong with a base address, to follow its label; empty = nothing."""
    example = "must be an address like https://erp.example.com/site"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return f"{example}. {entered(value)}"
    if parts.username is not None or parts.password is not None:
        return f"{example}, without user name and password in it."
    if parts.query or parts.fragment or "?" in value or "#" in value:
        return f"{example}, without anything after ? or #."
    bad = _CONTROL.search(value) or re.search(r"[\s\\{}<>\"]", value) or port == 0
    if parts.scheme not in ("http", "https") or not parts.hostname or bad:
        return f"{example}. {entered(value)}"
    return ""


def _names(spec: ParameterSpec, items: Any) -> list[str]:
    names = [str(item).strip() for item in items if not isinstance(item, (dict, list, bool))]
    usable = len(names) == len(items) and all(
        name and len(name) <= spec.max_length and not _CONTROL.search(name) for name in names
    )
    if not usable or len(names) > MOST_ITEMS:
        raise _Wrong(f"{spec.label} holds an entry that is no value. Choose from the list.")
    return list(dict.fromkeys(names))


def _multi(spec: ParameterSpec, value: Any) -> Any:
    if isinstance(value, str) and value.lower() == ALL:
        return ALL
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise _Wrong(wrong(spec, "type", value))
    names = _names(spec, [item for item in value if item != ""])
    allowed = [choice.value for choice in spec.choices]
    for name in names:
        if allowed and name not in allowed:
            raise _Wrong(f"{spec.label} must be chosen from: {', '.join(allowed)}. {entered(name)}")
    return names


def _table(spec: ParameterSpec, value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _Wrong(wrong(spec, "type", value))
    names, targets = _names(spec, list(value)), list(value.values())
    for name, target in zip(names, targets, strict=True):
        if isinstance(target, (dict, list, bool)) or target is None or str(target).strip() == "":
            raise _Wrong(f"{spec.label}: {name} has no value. Enter one, or remove {name}.")
    return dict(zip(names, _names_of_targets(spec, targets), strict=True))


def _names_of_targets(spec: ParameterSpec, targets: list[Any]) -> list[str]:
    return [_names(spec, [target])[0] for target in targets]


def _warehouses(spec: ParameterSpec, value: Any) -> Any:
    if isinstance(value, str):
        if value.lower() != "default":
            raise _Wrong(wrong(spec, "type", value))
        return "default"
    if isinstance(value, (list, tuple)):
        if not (names := _names(spec, [item for item in value if item != ""])):
            raise _Wrong(f"{spec.label}: no warehouse is chosen. Choose one, or Default.")
        return names
    table = _table(spec, value)
    if not table:
        raise _Wrong(f"{spec.label}: no warehouse is mapped. Map one, or choose Default.")
    return table
