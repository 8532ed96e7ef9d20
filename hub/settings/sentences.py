"""From pydantic's errors to our sentences; a secret's value is in none of them."""

import difflib
from collections.abc import Iterable
from typing import Any

from hub.sdk import Kind, ParameterSpec
from hub.vault import escape

LONGEST_ECHO = 60
LONGEST_SECRET = 20_000
"""Characters: a private key in PEM fits."""


def entered(value: Any) -> str:
    """Return the end of a sentence that repeats what was entered, cut and escaped."""
    text = escape(value if isinstance(value, str) else str(value))
    return f"You entered {text[:LONGEST_ECHO]}{'…' if len(text) > LONGEST_ECHO else ''}."


def span(spec: ParameterSpec) -> str:
    """Return the allowed range in words, with a space in front; empty = any number."""
    low, high = spec.minimum, spec.maximum
    if low is not None and high is not None:
        return f" between {low} and {high}"
    if low is not None:
        return f" of at least {low}"
    return "" if high is None else f" of at most {high}"


def unknown(name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that does not exist, with the nearest one that does."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    advice = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(names)}."
    return f"There is no setting called {escape(name)[:LONGEST_ECHO]} here. {advice}"


def missing(spec: ParameterSpec) -> str:
    """Return the sentence for a required field without a value."""
    verb = "Choose" if spec.kind in (Kind.CHOICE, Kind.MULTI) else "Enter"
    return f"{spec.label} is needed. {verb} a value."


def wrong(spec: ParameterSpec, error: str, value: Any) -> str:
    """Return the sentence for pydantic's error type at one field."""
    if error == "missing" or value is None or value == "":
        return missing(spec)
    if spec.kind is Kind.SECRET:
        return f"{spec.label} must be text of at most {LONGEST_SECRET} characters."
    if error == "string_too_long":
        return (
            f"{spec.label} must have at most {spec.max_length} characters. "
            f"You entered {len(value)}."
        )
    if error == "string_pattern_mismatch":
        return f"{_pattern(spec)}. {entered(value)}"
    return f"{spec.label} {_wanted(spec, error)}. {entered(value)}"


def _pattern(spec: ParameterSpec) -> str:
    """A plugin's help may be a whole sentence, start with "must", or be a plain remark."""
    words = spec.pattern_help.rstrip(". ") or "must be written another way"
    if words[0].isupper():
        return words
    return f"{spec.label}{' ' if words.startswith('must ') else ': '}{words}"


def _wanted(spec: ParameterSpec, error: str) -> str:
    if spec.kind is Kind.NUMBER:
        in_range = error in ("greater_than_equal", "less_than_equal")
        return f"must be{'' if in_range else ' a whole number'}{span(spec)}".replace(
            "must be of", "must be"
        )
    if spec.kind is Kind.BOOL:
        return "must be true or false"
    if spec.kind is Kind.CHOICE and spec.choices:
        return f"must be one of: {', '.join(choice.value for choice in spec.choices)}"
    if spec.kind is Kind.MULTI:
        return "must be a list, or all"
    if spec.kind is Kind.TABLE and spec.choices:
        return "must be default, a list of warehouses, or a table of warehouse to store location"
    if spec.kind is Kind.TABLE:
        return "must be a table of names to values"
    return "must be text"
