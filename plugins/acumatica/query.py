"""OData filters and parameters of contract version 4 (CONTRACT §3)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from plugins.acumatica.actions import Shape

MAX_URL = 1900
"""Characters; IIS and proxies before it cut or refuse longer ones."""
MAX_KEYS = 20


def literal(text: str) -> str:
    """Return a string literal; a quote inside is doubled."""
    return "'" + text.replace("'", "''") + "'"


def moment(at: datetime) -> str:
    """Return a date and time literal, cut to milliseconds; its ``+`` is encoded with the URL."""
    at = at.astimezone(UTC)
    return f"datetimeoffset'{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+00:00'"


def window_filter(field: str, since: datetime | None, until: datetime | None) -> str:
    """Return the condition of a reading; empty when it reads everything."""
    parts = []
    if since is not None:
        parts.append(f"{field} ge {moment(since)}")
    if until is not None:
        parts.append(f"{field} le {moment(until + timedelta(milliseconds=1))}")
    return " and ".join(parts)


def key_filter(shape: Shape, key: str) -> str:
    """Return the condition for one record; empty for a text that cannot be a key."""
    if shape.integers:
        return f"{shape.keys[0]} eq {int(key)}" if key.isascii() and key.isdigit() else ""
    if len(shape.keys) == 1:
        return f"{shape.keys[0]} eq {literal(key)}"
    first, slash, second = key.rpartition("/")
    if not slash or not first or not second:
        return ""
    return f"({shape.keys[0]} eq {literal(first)} and {shape.keys[1]} eq {literal(second)})"


def parent_filter(shape: Shape, key: str) -> str:
    """Return the condition for all children of a customer."""
    return f"{shape.parent} eq {literal(key)}" if key else ""


def list_params(
    shape: Shape, condition: str, top: int | None = None, skip: int = 0
) -> dict[str, str]:
    """Return the parameters of an entity list; absent ones are left out."""
    params = {"$select": ",".join(shape.select)}
    if shape.expand:
        params["$expand"] = ",".join(shape.expand)
    if condition:
        params["$filter"] = condition
    if top is not None:
        params["$top"] = str(top)
    if skip:
        params["$skip"] = str(skip)
    return params


def chunks(
    keys: Sequence[str], condition: Callable[[str], str], params: dict[str, str], url: str
) -> Iterator[str]:
    """Yield ``or`` conditions over all keys: at most 20 each, and the URL stays short enough."""
    parts: list[str] = []
    for key in dict.fromkeys(keys):
        part = condition(key)
        if not part:
            continue
        longer = " or ".join([*parts, part])
        length = len(url) + 1 + len(urlencode({**params, "$filter": longer}, quote_via=quote))
        if parts and (len(parts) >= MAX_KEYS or length > MAX_URL):
            yield " or ".join(parts)
            parts = []
        parts.append(part)
    if parts:
        yield " or ".join(parts)
