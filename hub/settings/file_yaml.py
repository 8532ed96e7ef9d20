"""Reading YAML where every scalar is text, nothing is repeated and nothing is expanded."""

from dataclasses import dataclass
from typing import Any

import yaml

try:
    from yaml import CBaseLoader as Loader
except ImportError:  # no C library: the same rules, slower
    from yaml import BaseLoader as Loader  # type: ignore[assignment]

LARGEST = 2 * 1024 * 1024
DEEPEST = 12
_NULLS = ("", "~", "null", "Null", "NULL")


class FileProblem(Exception):
    """The file cannot be read as configuration; one sentence with the line."""


@dataclass(frozen=True, slots=True)
class Document:
    """The content, and the line (from 1) on which each path stands."""

    data: dict[str, Any]
    lines: dict[str, int]

    def at(self, path: str) -> str:
        """Return `` (line 7)`` for a path or its nearest parent that stands in the file."""
        parts = path.split(".")
        while parts:
            line = self.lines.get(".".join(parts))
            if line:
                return f" (line {line})"
            parts.pop()
        return ""


def read(text: str) -> Document:
    """Parse one YAML document. Raises ``FileProblem``.

    Aliases, tags, repeated keys, several documents, more than 2 MB or 12 levels are refused.
    """
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise FileProblem("The file is larger than 2 MB. Split it.")
    try:
        _refuse(text)
        node = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it is not YAML"
        raise FileProblem(f"The file cannot be read{where}: {what}.") from None
    lines: dict[str, int] = {}
    data = {} if node is None else _value(node, "", lines)
    if data in ("", None):
        data = {}
    if not isinstance(data, dict):
        raise FileProblem("The file must be a table with common, connections and connectors.")
    return Document(data, lines)


def _refuse(text: str) -> None:
    depth = documents = 0
    for event in yaml.parse(text, Loader=Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise FileProblem(f"Line {line}: aliases (*name) are not read. Write the value out.")
        if getattr(event, "tag", None):
            raise FileProblem(f"Line {line}: tags (!name) are not read. Write the plain value.")
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise FileProblem(f"Line {line}: the file is nested more than {DEEPEST} levels deep.")
        if documents > 1:
            raise FileProblem(f"Line {line}: the file holds a second document. Use one only.")


def _value(node: yaml.Node, path: str, lines: dict[str, int]) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return "" if node.style is None and node.value in _NULLS else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, path, lines) for item in node.value]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise FileProblem(f"Line {line}: a name must be plain text.")
        key = key_node.value
        inner = f"{path}.{key}" if path else key
        if key in found:
            raise FileProblem(f"Line {line}: {inner} stands twice. Keep one of them.")
        lines[inner] = line
        found[key] = _value(value_node, inner, lines)
    return found
