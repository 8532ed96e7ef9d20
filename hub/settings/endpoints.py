"""Endpoint templates: filled by a regular expression over allowed names, never by str.format."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hub.sdk import Kind, ParameterSpec

_FIELD = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class BadTemplate(ValueError):
    """The template names something that is not a parameter."""


def expand(template: str, specs: list[ParameterSpec], values: Mapping[str, Any]) -> str:
    """Return the URL; values are URL-quoted, those of URL parameters stand as they are.

    A parameter without a value stays visible as ``{name}``; a secret is never filled in. Raises
    ``BadTemplate`` for anything but plain parameter names (``{base_url.__class__}``).
    """
    known = {spec.name: spec for spec in specs}

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        spec = known.get(name)
        if not _NAME.match(name) or spec is None or spec.secret:
            raise BadTemplate(f"the endpoint template names {match[0]}, which is no parameter")
        value = values.get(name)
        if value is None or value == "":
            value = spec.default
        if value is None or value == "":
            return match[0]
        text = str(value)
        return text.rstrip("/") if spec.kind is Kind.URL else quote(text, safe="")

    expanded = _FIELD.sub(fill, template)
    if "{" in _FIELD.sub("", template) or "}" in _FIELD.sub("", template):
        raise BadTemplate("the endpoint template has an unpaired brace")
    return expanded
