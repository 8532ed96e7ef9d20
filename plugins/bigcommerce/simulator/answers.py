"""Answer bodies of the vendor's three API families (CONTRACT §6.1)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hub.sdk.simulation import SimResponse

STATUS_CODES = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
NOT_FOUND = "This resource is not found."
UPPER = "SUCCESS"
"""``meta.message`` of companies."""
TITLE = "Success"
"""``meta.message`` of users, addresses, channels, lookups (CONTRACT §8.6)."""

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class Refused(Exception):
    """A rule of the store was broken. ``data`` is the B2B ``data`` block; None = ``{}``."""

    def __init__(self, status: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.data = {} if data is None else data


def parameter_error(message: Any) -> Refused:
    """Return the 422 of users and addresses, whose ``errMsg`` is text, an object or a list."""
    return Refused(422, "Parameter Error", {"errMsg": message})


def b2b(data: Any, message: str = UPPER, meta: Mapping[str, Any] | None = None) -> SimResponse:
    """Return a B2B success."""
    return SimResponse.json(
        {"code": 200, "data": data, "meta": {"message": message, **(meta or {})}}
    )


def b2b_page(
    fragments: Sequence[str], total: int, limit: int, offset: int, message: str
) -> SimResponse:
    """Return one page of a B2B list from rows that are JSON already."""
    rows = ",".join(fragments)
    text = (
        f'{{"code":200,"data":[{rows}],"meta":{{"message":"{message}","pagination":'
        f'{{"totalCount":{total},"limit":{limit},"offset":{offset}}}}}}}'
    )
    return SimResponse.encoded(text.encode())


def b2b_error(status: int, message: str, data: Any = None) -> SimResponse:
    """Return a B2B refusal."""
    body = {"code": status, "data": {} if data is None else data, "meta": {"message": message}}
    return SimResponse.json(body, status)


def v3_page(
    fragments: Sequence[str], total: int, limit: int, page: int, cursors: str = ""
) -> SimResponse:
    """Return one page of a V3 list from rows that are JSON already.

    ``cursors`` is a JSON block for ``meta`` beside the pagination; page 0 leaves the latter out,
    as the vendor does on later pages of a walk by cursor (CONTRACT §4.1).
    """
    blocks = [_pagination(len(fragments), total, limit, page)] if page else []
    if cursors:
        blocks.append(f'"cursor_pagination":{cursors}')
    text = f'{{"data":[{",".join(fragments)}],"meta":{{{",".join(blocks)}}}}}'
    return SimResponse.encoded(text.encode())


def _pagination(count: int, total: int, limit: int, page: int) -> str:
    pages = max(1, -(-total // limit))
    links = f'"current":"?page={page}&limit={limit}"'
    if page < pages:
        links += f',"next":"?page={page + 1}&limit={limit}"'
    if page > 1:
        links += f',"previous":"?page={page - 1}&limit={limit}"'
    return (
        f'"pagination":{{"total":{total},"count":{count},"per_page":{limit},'
        f'"current_page":{page},"total_pages":{pages},"links":{{{links}}}}}'
    )


def v3_error(
    status: int, title: str = "", errors: Mapping[str, str] | None = None, kind: str = "json"
) -> SimResponse:
    """Return a V3 refusal; stock's are of the media ``kind`` ``problem+json``."""
    body = {
        "status": status,
        "title": title or _TITLES.get(status, "Error"),
        "type": STATUS_CODES,
        "errors": dict(errors or {}),
    }
    text = json.dumps(body, ensure_ascii=False)
    return SimResponse.text(text, status, kind=f"application/{kind}")


def v2_error(status: int, message: str, details: Mapping[str, Any] | None = None) -> SimResponse:
    """Return a V2 refusal: a list of one."""
    body = [{"status": status, "message": message, "details": dict(details or {})}]
    return SimResponse.json(body, status)


def error_for(path: str, status: int, message: str = "") -> SimResponse:
    """Return a refusal in the shape of the API that ``path`` belongs to."""
    text = message or _TITLES.get(status, "Error")
    if path.startswith("/api/"):
        return b2b_error(status, text, {"errMsg": text})
    if "/v2/" in path:
        return v2_error(status, text)
    return v3_error(status, text)
