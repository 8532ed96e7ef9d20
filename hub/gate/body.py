"""What goes out: headers and body of a request, exact numbers included."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from hub import __version__
from hub.sdk.exact_json import dump_json

AGENT = f"integration-hub/{__version__}"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        number = float(value)
        if Decimal(repr(number)) != value:
            raise ValueError(f"{value} has too many digits to be sent exactly")
        return number
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def encode(
    json: Any,
    form: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
    cookies: Mapping[str, str] | None,
) -> tuple[dict[str, str], bytes | None]:
    """Return headers and body of a request. Raises ValueError for a header with a line break."""
    head = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": AGENT,
    }
    body: bytes | None = None
    if json is not None:
        body = dump_json(json, _plain).encode()
        head["Content-Type"] = "application/json"
    elif form is not None:
        body = urlencode(form).encode()
        head["Content-Type"] = "application/x-www-form-urlencoded"
    if cookies:
        head["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if headers:
        head.update(headers)
    for name, value in head.items():
        if "\r" in value or "\n" in value:
            raise ValueError(f"The header {name} holds a line break")
    return head, body
