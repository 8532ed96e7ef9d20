"""Configuration changes in the connector log: old → new, under the labels of the page."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hub.sdk import ParameterSpec
from hub.store.tables import LogEntry

LONGEST = 4_000


def labels(specs: Iterable[ParameterSpec], prefix: str = "") -> dict[str, str]:
    """Return path → label."""
    return {prefix + spec.name: spec.label for spec in specs}


def lines(old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return one line per changed field; secrets come masked."""
    found = []
    for path in sorted(set(old) | set(new)):
        label = names.get(path, path)
        if path in old:
            found.append(f"{label}: {_words(old[path])} → {_words(new.get(path))}")
        else:
            found.append(f"{label}: {_words(new[path])}")
    return "\n".join(found)[:LONGEST]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item}" for key, item in value.items()) or "none"
    return "none" if value in (None, "") else str(value)


def note(
    session: Session,
    connector_id: int,
    message: str,
    *,
    who: str,
    at: datetime,
    description: str = "",
) -> None:
    """Add an info line to the connector log, in the caller's transaction."""
    session.add(
        LogEntry(
            at=at,
            level="info",
            connector_id=connector_id,
            message=message,
            user=who,
            description=description,
        )
    )
