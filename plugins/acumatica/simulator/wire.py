"""Records to JSON and back (CONTRACT §3): wrapped values, ``$select``, ``$expand``."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from plugins.acumatica.simulator.records import guid
from plugins.acumatica.simulator.schema import getter, spec


class Render(Protocol):
    """Turns a record into JSON; rows are numbered from 1."""

    def __call__(self, row: Any, row_number: int = 1) -> dict[str, Any]: ...


def stamp(moment: datetime) -> str:
    """Return ISO 8601 with offset and a trimmed fraction: ``2023-12-14T17:20:45.16+00:00``."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    if "." in text:
        text = text.rstrip("0")
    return text + "+00:00"


def wrap(value: Any) -> dict[str, Any]:
    """Return ``{"value": …}``; an empty field is ``{}``."""
    if value is None or value == "":
        return {}
    if isinstance(value, datetime):
        return {"value": stamp(value)}
    return {"value": value}


def system(entity: str, number: int, row_number: int) -> dict[str, Any]:
    """Return the bare members that every record carries."""
    return {
        "id": guid(entity, number),
        "rowNumber": row_number,
        "note": {"value": ""},
        "custom": {},
    }


@lru_cache(maxsize=256)
def renderer(entity: str, select: tuple[str, ...], expand: tuple[str, ...]) -> Render:
    """Return what turns a record into JSON. ``select`` empty = all fields; both hold slash paths.

    A linked or detail entity appears only when expanded. One that is expanded without a selected
    path of its own appears with all its fields.
    """
    of = spec(entity)
    own = [name for name in of.kinds if not select or name in select]
    plain = [(name, getter(entity, name)) for name in own]
    opened = {path.partition("/")[0] for path in expand}
    linked, details = [], []
    for name in sorted(opened):
        below = _below(select, name), _below(expand, name)
        if name in of.linked:
            target, read = of.linked[name]
            linked.append((name, read, renderer(target, *below)))
        elif name in of.details:
            target, read = of.details[name]
            details.append((name, read, renderer(target, *below)))

    def render(row: Any, row_number: int = 1) -> dict[str, Any]:
        found = system(row.entity, row.number, row_number)
        for name, read in plain:
            found[name] = wrap(read(row))
        for name, read, inner in linked:
            other = read(row)
            if other is not None:
                found[name] = inner(other, 1)
        for name, read, inner in details:
            found[name] = [inner(other, n) for n, other in enumerate(read(row), 1)]
        return found

    return render


def _below(paths: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(p.partition("/")[2] for p in paths if p.startswith(name + "/"))


def unwrap(value: Any) -> Any:
    """Return the bare value of ``{"value": x}``, or ``x``; ``{}`` is an empty field."""
    if isinstance(value, Mapping):
        lower = {str(k).lower(): v for k, v in value.items()}
        return lower.get("value")
    return value


def member(payload: Mapping[str, Any], name: str) -> Any:
    """Return a member whatever the case of its name (binding is case-insensitive)."""
    if name in payload:
        return payload[name]
    lower = name.lower()
    return next((v for k, v in payload.items() if str(k).lower() == lower), None)


def convert(kind: str, value: Any) -> Any:
    """Return a written value as the field's type; strings are accepted for numbers.

    Raises:
        ValueError: the text does not fit the type.

    """
    if value is None or value == "":
        return None
    if kind == "B":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "I":
        return int(value)
    if kind == "D":
        return float(value)
    if kind == "T":
        moment = datetime.fromisoformat(str(value))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return str(value)
