"""Reading answers: JSON that keeps money exact, dates that keep their zone."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from hub.sdk.errors import ConnectionTrouble

if TYPE_CHECKING:
    from hub.sdk.http import Answer


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def parse_json(answer: "Answer") -> Any:
    """Parse an answer's body: Decimal for fractions, NaN refused.

    Raises ``ConnectionTrouble`` naming what came instead of JSON.
    """
    try:
        return json.loads(answer.text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        start = answer.text.lstrip()[:60].lower()
        kind = "a web page" if start.startswith(("<!doctype", "<html", "<")) else "no valid JSON"
        message = f"answered {answer.status} with {kind} instead of data"
        raise ConnectionTrouble(message) from None


def parse_time(text: str) -> datetime:
    """Read ISO 8601 with offset or Z, any number of fraction digits, into aware UTC.

    Raises ValueError when it is neither, or has no zone.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.astimezone(UTC)


def http_date(text: str | None) -> datetime | None:
    """Read a Date or Retry-After header; None when it is missing or unreadable."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header, which is a number or a date (RFC 9110 §10.2.3)."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        moment = http_date(text)
        return None if moment is None else max(0.0, (moment - now).total_seconds())
