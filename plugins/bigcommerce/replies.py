"""One reading of the vendor's answers, whose shapes differ by API and by document (CONTRACT §8.6)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hub.sdk import Answer, ConnectionTrouble

Api = Literal["core", "b2b"]
_CAMEL = re.compile(r"_+([a-z0-9])")
_NAMED = re.compile(r"([A-Za-z]\w*): (\S.*)", re.DOTALL)
"""A complaint that is text and begins with the field."""
MAX_DETAIL = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its real status: B2B can report a refusal inside HTTP 200 (CONTRACT §6.1).

    ``body`` is the parsed JSON, None when empty (204) or not JSON; ``garbled`` says why not JSON.
    """

    api: Api
    method: str
    path: str
    status: int
    body: Any
    text: str
    headers: Mapping[str, str]
    garbled: str = ""

    @property
    def ok(self) -> bool:
        """True when the vendor did what was asked and said so readably."""
        return 200 <= self.status < 300 and not self.garbled

    @property
    def unsure(self) -> bool:
        """True when it is not known whether a write was carried out."""
        if self.status in (501, 505, 507):
            return False  # refused before anything was done: not offered, store limit reached
        return self.status in (408, *range(500, 600)) or (self.status < 300 and bool(self.garbled))

    @property
    def data(self) -> Any:
        """The ``data`` block, or the whole body where there is none (V2)."""
        return self.body.get("data") if isinstance(self.body, Mapping) else self.body


def whole(value: Any) -> int | None:
    """Return a number that may come as text; None when it is none."""
    text = str(value)
    try:
        return int(text)
    except ValueError:
        number, point, rest = text.partition(".")
        return whole(number) if point and rest and not rest.strip("0") else None


def truth(value: Any) -> bool:
    """Return a flag that may come as 0 or 1 or as text; a missing one counts as set."""
    return value is None or str(value).strip().lower() not in ("false", "0", "")


def identifier(value: Any) -> str | None:
    """Return a vendor's id as text; None when it is missing."""
    return None if value in (None, "", 0) else str(value)


def read(answer: Answer, api: Api, method: str, path: str) -> Reply:
    """Parse an answer of any status."""
    body: Any = None
    garbled = ""
    if answer.body.strip():
        try:
            body = answer.json()
        except ConnectionTrouble as trouble:
            garbled = f"BigCommerce {trouble}"
    status = answer.status
    if answer.ok and api == "b2b" and isinstance(body, Mapping):
        code = whole(body.get("code"))
        if code is not None and not 200 <= code < 300:
            status = code
    text = "" if body is not None or answer.ok else answer.text.strip()
    return Reply(api, method, path, status, body, text, answer.headers, garbled)


def rows(reply: Reply) -> list[Mapping[str, Any]]:
    """Return the rows of a list: ``data``, ``data.list`` or a bare array; 204 = none."""
    found = reply.data
    if isinstance(found, Mapping):
        found = found.get("list", [found] if found else [])
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []
    return [row for row in found if isinstance(row, Mapping)]


def total(reply: Reply) -> int | None:
    """Return how many rows a B2B list has in all: nested, flat or not said."""
    body = reply.body if isinstance(reply.body, Mapping) else {}
    for block in (body.get("meta"), body.get("data")):
        if isinstance(block, Mapping):
            nested = block.get("pagination")
            inner = nested if isinstance(nested, Mapping) else block
            if inner.get("totalCount") is not None:
                return whole(inner["totalCount"])
    return None


def last_page(reply: Reply) -> int | None:
    """Return how many pages a V3 list has; None when it does not say."""
    meta = reply.body.get("meta") if isinstance(reply.body, Mapping) else None
    paging = meta.get("pagination") if isinstance(meta, Mapping) else None
    return whole(paging.get("total_pages")) if isinstance(paging, Mapping) else None


def one(reply: Reply) -> Mapping[str, Any]:
    """Return a single record that may come bare or as a list of one."""
    found = rows(reply)
    return found[0] if len(found) == 1 else {}


def extra_field(row: Mapping[str, Any], name: str) -> str | None:
    """Return the value of a record's extra field; None when empty or not carried."""
    fields = row.get("extraFields")
    for item in fields if isinstance(fields, list) else ():
        if isinstance(item, Mapping) and item.get("fieldName") == name:
            return str(item.get("fieldValue") or "").strip() or None
    return None


def _words(value: Any) -> str:
    """Flatten an error text that may be text, a list, or an object of lists."""
    if isinstance(value, Mapping):
        return " · ".join(f"{k}: {_words(v)}" for k, v in value.items() if v)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " · ".join(filter(None, (_words(item) for item in value)))
    return "" if value is None else str(value).strip()


def camel(name: str) -> str:
    """Return the name under which a field was sent: the vendor complains in snake_case."""
    return _CAMEL.sub(lambda found: found[1].upper(), name)


def _message(body: Mapping[str, Any]) -> str:
    meta = body.get("meta")
    inner = meta.get("message") if isinstance(meta, Mapping) else None
    return _words(inner or body.get("message") or body.get("title") or body.get("detail"))


def complaint(reply: Reply) -> str:
    """Return what a refusal says, in one line; never a web page."""
    body = reply.body[0] if isinstance(reply.body, list) and reply.body else reply.body
    if not isinstance(body, Mapping):
        text = reply.text if not reply.text.lstrip().startswith("<") else ""
        return text[:MAX_DETAIL] or f"status {reply.status}"
    data = body.get("data")
    said = ""
    if isinstance(data, Mapping):
        said = _words(data.get("errMsg")) or _words(
            [e.get("_detail") for e in data.get("errors") or () if isinstance(e, Mapping)]
        )
    said = said or _words(body.get("errors"))
    head = _message(body)
    text = ": ".join(part for part in (head, said) if part) if said != head else head
    return text[:MAX_DETAIL] or f"status {reply.status}"


def field_errors(reply: Reply) -> dict[str, str]:
    """Return complaints by field name, from ``errMsg`` objects or V3 ``errors``."""
    body = reply.body
    if not isinstance(body, Mapping):
        return {}
    data = body.get("data")
    said = data.get("errMsg") if isinstance(data, Mapping) else None
    found = by_field(said if isinstance(said, Mapping) else body.get("errors"))
    text = said if isinstance(said, str) else _message(body)
    if not found and (named := _NAMED.fullmatch(text.strip())):
        return {camel(named[1]): named[2]}
    return found


def by_field(said: Any) -> dict[str, str]:
    """Return ``{field: text}`` of an object of complaints; anything else gives nothing."""
    if not isinstance(said, Mapping):
        return {}
    return {
        camel(str(name)): _words(text)
        for name, text in said.items()
        if name != "non_field_errors" and _words(text)
    }
