"""What an answer means for the hub: whose fault it is and what a person should do (CONTRACT §3, §6)."""

from typing import NoReturn

from hub.sdk import (
    AuthError,
    ConfigError,
    ConnectionTrouble,
    LoadItem,
    LoadResult,
    Outcome,
    RateLimited,
    TransientError,
)
from plugins.bigcommerce.parameters import SCOPES
from plugins.bigcommerce.quotas import wait
from plugins.bigcommerce.replies import Reply, complaint, field_errors

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    507: "Insufficient Storage",
}
_AREAS = (
    ("/v3/inventory/locations", "Store locations: read-only"),
    ("/v3/inventory/", "Store inventory: modify"),
    ("/v2/customer_groups", "Customers: read-only"),
    ("/v2/store", "Information & settings: read-only"),
)
NO_ROUTE = "route is not found"
CORRECT = "Correct it in the ERP and the next sync picks it up, or skip it."


def status_words(status: int) -> str:
    """Return ``401 Unauthorized``."""
    return f"{status} {_REASONS.get(status, '')}".strip()


def _token_refused(reply: Reply, store: str) -> AuthError:
    return AuthError(
        f"BigCommerce answered {status_words(reply.status)} for store {store}: the token is not "
        f"valid for this store. Create an API account with the scopes {SCOPES}, and paste its "
        "access token here.",
        parameter="access_token",
    )


def _forbidden(reply: Reply, store: str) -> ConfigError:
    if "invalid token" in complaint(reply).lower():
        return _token_refused(reply, store)
    said = f"BigCommerce answered {status_words(reply.status)} for store {store}"
    if reply.path == "/v2/time":
        return ConfigError(
            f"{said}: the token belongs to another store. Copy the store hash from the API path "
            "that was shown when the API account was made: the part after /stores/.",
            parameter="store_hash",
        )
    area = next((scope for path, scope in _AREAS if reply.path.startswith(path)), "")
    scope = area or "B2B Edition: modify"
    return ConfigError(
        f"{said}: the token has no right to {reply.path}. Give the API account the scope "
        f"“{scope}”, and check that the store hash is the one of this token.",
        parameter="access_token",
    )


def _url_parameter(reply: Reply) -> str:
    return "api_url" if reply.api == "core" else "b2b_api_url"


def _no_route(reply: Reply) -> ConfigError:
    return ConfigError(
        f"BigCommerce does not know the address {reply.path} ({status_words(reply.status)}). "
        "Check the URL: only the host is entered, without a path.",
        parameter=_url_parameter(reply),
    )


def _moved(reply: Reply) -> ConfigError:
    return ConfigError(
        f"The address answered {reply.status} and points elsewhere; it was not followed. "
        "Enter the address that BigCommerce names in its documents.",
        parameter=_url_parameter(reply),
    )


def is_no_route(reply: Reply) -> bool:
    """True for the 404 of an unknown address, which is not the 404 of an unknown record."""
    if reply.status != 404:
        return False
    record = reply.path.rpartition("/")[2].isdigit() and not reply.text.startswith("<")
    return (bool(reply.garbled) and not record) or NO_ROUTE in complaint(reply).lower()


def raise_trouble(reply: Reply, store: str) -> None:
    """Raise what concerns the whole connection: sign-in, settings, quota. Else return.

    Raises ``AuthError``, ``ConfigError``, ``RateLimited``.
    """
    if reply.status < 300:
        return
    if reply.status < 400:
        raise _moved(reply)
    if reply.status == 401:
        raise _token_refused(reply, store)
    if reply.status == 403:
        raise _forbidden(reply, store)
    if reply.status == 429:
        message = f"BigCommerce answered {status_words(429)}: the quota is used up."
        raise RateLimited(message, retry_after=wait(reply.headers))
    if is_no_route(reply):
        raise _no_route(reply)


def unreadable(reply: Reply) -> NoReturn:
    """Raise for a read that gave nothing usable: ``ConnectionTrouble`` or ``TransientError``."""
    if reply.garbled and reply.status < 500:
        raise ConnectionTrouble(f"{reply.garbled}, for {reply.path}.")
    if reply.status >= 500:
        hint = (
            " B2B Edition also answers so when the store hash is not the one of the token: "
            "check it if this goes on."
            if reply.api == "b2b"
            else ""
        )
        message = f"BigCommerce answered {status_words(reply.status)} for {reply.path}.{hint}"
        raise ConnectionTrouble(message, retry_after=wait(reply.headers))
    raise TransientError(
        f"BigCommerce answered {status_words(reply.status)} for {reply.path}: {complaint(reply)}."
    )


def unsure(item: LoadItem, reply: Reply) -> LoadResult:
    """Nobody knows whether this write was carried out; the hold must pass first."""
    said = reply.garbled or f"BigCommerce answered {status_words(reply.status)}"
    return LoadResult(
        item.key, Outcome.UNKNOWN, detail=f"{said}; whether it was saved is not known."
    )


def answered(item: LoadItem, refusal: str = "") -> LoadResult:
    """The vendor did answer, but not which record it saved: a listing settles it at once.

    ``refusal`` is what it complained of; without one the record was saved for all we know.
    """
    return LoadResult(item.key, Outcome.UNKNOWN, detail=refusal, answered=True)


def refused(item: LoadItem, reply: Reply, what: str) -> LoadResult:
    """The vendor refused this one record. Equal refusals read alike, so that they group."""
    said = complaint(reply).rstrip(". ")
    return LoadResult(
        item.key,
        Outcome.REJECTED,
        detail=f"BigCommerce refused the {what} ({status_words(reply.status)}): {said}.",
        remedy=CORRECT,
        field_errors=field_errors(reply),
    )


def gone(item: LoadItem, what: str) -> LoadResult:
    """A bound record is no longer in the store: the binding is dropped, it is searched again."""
    return LoadResult(
        item.key,
        Outcome.RETRY,
        external_id="",
        detail=f"The {what} is no longer in the store; it is searched for again.",
    )
