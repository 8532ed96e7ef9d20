"""The settings that a plugin asks for."""

import re
from collections.abc import Iterator

from hub.sdk import Kind, ParameterSpec
from hub.settings.validate import validate
from hub.testing.kit import Kit
from hub.testing.rules import broken, check

_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_TELLING = re.compile(r"(^|_)(password|passwd|secret|token|api_key|private_key|credential)s?($|_)")


@check(
    "parameters-valid",
    "Every parameter and preference can be entered, checked and shown: name, label, kind, bounds, "
    "choices, pattern and default fit each other.",
    "Correct the ParameterSpec that is named.",
)
def parameters_valid(kit: Kit) -> None:
    """Check each spec, and the names together."""
    for specs in (kit.plugin.parameters, kit.plugin.preferences):
        names = [spec.name for spec in specs]
        if doubled := {name for name in names if names.count(name) > 1}:
            broken(f"The parameter {min(doubled)} is there twice.")
        for spec in specs:
            if not isinstance(spec, ParameterSpec):
                broken(f"{spec!r} is no ParameterSpec.")
            for problem in _problems(spec):
                broken(f"The parameter {spec.name} {problem}.")


def _problems(spec: ParameterSpec) -> Iterator[str]:
    if not _NAME.fullmatch(spec.name):
        yield "has a name that is not made of lower-case letters, digits and _ alone"
    if not spec.label.strip():
        yield "has no label"
    if not isinstance(spec.kind, Kind):
        yield f"has the kind {spec.kind!r}, which is none of hub.sdk.Kind"
    if spec.kind is Kind.CHOICE and not (spec.choices or spec.lookup):
        yield "is a choice with neither choices nor lookup"
    values = [choice.value for choice in spec.choices]
    if len(values) != len(set(values)):
        yield "has the same choice twice"
    bounded = spec.minimum is not None or spec.maximum is not None
    if bounded and spec.kind is not Kind.NUMBER:
        yield "has bounds but is no number"
    if None not in (spec.minimum, spec.maximum) and _most(spec) < _least(spec):
        yield "has a maximum below its minimum"
    if spec.pattern and not spec.pattern_help:
        yield "has a pattern but no pattern_help that says it in words"
    if spec.pattern and _broken_pattern(spec.pattern):
        yield f"has the pattern {spec.pattern!r}, which does not compile"
    elif spec.default is not None:
        yield from _default(spec)


def _most(spec: ParameterSpec) -> int:
    return spec.maximum or 0


def _least(spec: ParameterSpec) -> int:
    return spec.minimum or 0


def _broken_pattern(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return True
    return False


def _default(spec: ParameterSpec) -> Iterator[str]:
    if spec.secret:
        yield "is a secret with a default: everybody would know it"
        return
    errors = validate([spec], {spec.name: spec.default}).errors
    if errors:
        yield f"has the default {spec.default!r}, which its own rules refuse: {errors[spec.name]}"


@check(
    "secrets-marked",
    "Every parameter that is a secret has kind SECRET, so that it is sealed and never shown again.",
    "Set kind=Kind.SECRET on that parameter.",
)
def secrets_marked(kit: Kit) -> None:
    """Look at telling names."""
    for spec in (*kit.plugin.parameters, *kit.plugin.preferences):
        if _TELLING.search(spec.name) and not spec.secret and spec.kind in (Kind.TEXT, Kind.URL):
            broken(f"The parameter {spec.name} is named like a secret but has kind {spec.kind}.")


@check(
    "parameters-enough",
    "The parameters are enough to reach the simulator, and each value there passes its own rule.",
    "Let settings() of the simulator return exactly the plugin's parameters by name, the required "
    "ones among them, with values that their specs accept.",
)
def parameters_enough(kit: Kit) -> None:
    """Validate the simulator's settings as the form would."""
    specs = kit.plugin.parameters
    given = kit.world().settings
    checked = validate(specs, given)
    for name, sentence in checked.errors.items():
        broken(f"The simulator's settings are refused at {name}: {sentence}")
    if not any(spec.kind is Kind.URL for spec in specs):
        broken(
            "There is no parameter of kind URL, so that the guarded session lets no call through.",
            "Add the platform's address as a parameter of kind Kind.URL, with its usual value as "
            "the default where there is one.",
        )
