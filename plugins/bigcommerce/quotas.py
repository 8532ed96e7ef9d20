"""The vendor's two quotas and the headers that tell how much of them is left (CONTRACT §5)."""

import re
from collections.abc import Mapping

from hub.sdk import QuotaSpec, QuotaState, http_date, retry_after

CORE_PATHS = r"^[A-Z]+ .*/stores/[^/]+/v[23]/"
B2B_PATHS = r"^[A-Z]+ .*/api/(v3/)?io/"
MAKES_CUSTOMERS = r"^POST .*/api/v3/io/(companies|users)(/bulk)?$"
"""Every new user is a customer of the core API too, which costs the core quota (CONTRACT §5.2)."""

_NUMBER = re.compile(r"\d+")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|h|min|m|s)?", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_RESETS = ("x-request-window-resets-after", "x-requests-window-resets-after")


def number(text: str | None) -> int | None:
    """Return the first whole number of a header value such as ``150 times/60 s``."""
    found = _NUMBER.search(text or "")
    return int(found[0]) if found else None


def duration(text: str | None) -> float | None:
    """Return seconds from a value with its unit, ``0.397 s`` or ``500 ms``; no unit = seconds."""
    found = _DURATION.search(text or "")
    return float(found[1]) * _UNITS[(found[2] or "").lower()] if found else None


def _milliseconds(text: str | None) -> float | None:
    value = number(text)
    return None if value is None else value / 1000


def read_core(headers: Mapping[str, str]) -> QuotaState:
    """Read ``X-Rate-Limit-*`` (CONTRACT §5.1)."""
    return QuotaState(
        limit=number(headers.get("x-rate-limit-requests-quota")),
        remaining=number(headers.get("x-rate-limit-requests-left")),
        resets_in=_milliseconds(headers.get("x-rate-limit-time-reset-ms")),
        seconds=_milliseconds(headers.get("x-rate-limit-time-window-ms")),
    )


def _b2b_resets(headers: Mapping[str, str]) -> float | None:
    return duration(next((headers[name] for name in _RESETS if name in headers), None))


def read_b2b(headers: Mapping[str, str]) -> QuotaState:
    """Read ``X-Requests-*``, whose values carry units (CONTRACT §5.2)."""
    allocated = headers.get("x-requests-allocated", "")
    window = duration(headers.get("x-requests-window-length"))
    return QuotaState(
        limit=number(allocated),
        remaining=number(headers.get("x-requests-remaining")),
        resets_in=_b2b_resets(headers),
        seconds=window or duration(allocated.partition("/")[2]),
    )


def wait(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a 429 or 503 asks to wait, in whichever header it says so."""
    stated = headers.get("retry-after")
    moment = http_date(headers.get("date"))
    if stated and _DURATION.fullmatch(stated.strip()):
        return duration(stated)
    if stated and moment is not None:
        return retry_after(stated, moment)
    if headers.get("x-retry-after"):
        return duration(headers["x-retry-after"])
    resets = _milliseconds(headers.get("x-rate-limit-time-reset-ms"))
    return _b2b_resets(headers) if resets is None else resets


def quotas() -> list[QuotaSpec]:
    """Return what the vendor allows on the smallest plan; the headers correct it."""
    return [
        QuotaSpec(
            "core",
            "BigCommerce API",
            150,
            30.0,
            match=(CORE_PATHS, MAKES_CUSTOMERS),
            read_headers=read_core,
        ),
        QuotaSpec("b2b", "B2B Edition API", 150, 60.0, match=(B2B_PATHS,), read_headers=read_b2b),
    ]
