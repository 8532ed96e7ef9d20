"""The error classifier: one class of the connector vocabulary for every row of CONTRACT §3."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from hub.sdk import (
    AmbiguousWrite,
    Answer,
    AuthError,
    ConfigError,
    ConnectionTrouble,
    HubError,
    RateLimited,
    RecordRejected,
    SystemClock,
    TransientError,
    http_date,
    retry_after,
)

SESSION_WAIT = 180.0
"""Seconds until the next try after a session limit; a leaked session dies after 10 min (§2)."""

_LOCKED = re.compile(
    r"\b(account|user|password)\b.*\b(locked|disabled|blocked|expired)\b", re.IGNORECASE
)
_REDIRECTS = {301, 302, 303, 307, 308}
_LOCKS = ("another process has updated", "another process has added", "another process has deleted")


class NotFound(RecordRejected):
    """No record has this key; Acumatica says so with a 500 (CONTRACT §3)."""


class ShapeRefused(ConfigError):
    """The list cannot be read in this shape: ask for keys, then each record by key."""


class SessionGone(AuthError):
    """The cookie session is no longer known: sign in again once."""


class EntityMissing(ConfigError):
    """The endpoint has no such entity, action or version."""


class ServerFault(ConnectionTrouble):
    """A 500 of no known kind: an outage, or something in the request that the server trips on."""


class Precondition(RecordRejected):
    """``If-Match`` or ``If-None-Match`` did not hold: the record is missing or already there."""


class SaveRejected(RecordRejected):
    """The save was refused, perhaps as a duplicate: look up by our reference, then decide."""


def vendor_text(answer: Answer) -> str:
    """Return what Acumatica said, short and without stack trace; empty when it is not text."""
    body = _body(answer)
    if isinstance(body, Mapping):
        parts = [body.get("exceptionMessage") or body.get("messageDetail") or body.get("message")]
        state = body.get("modelState")
        if isinstance(state, Mapping):
            parts += [str(text) for texts in state.values() for text in _listed(texts)]
        text = " ".join(str(part) for part in parts if part)
    else:
        text = "" if answer.text.lstrip().startswith("<") else answer.text
    text = " ".join(text.split()).removeprefix("Error: ")
    return text if len(text) <= 300 else text[:299] + "…"


def field_errors(answer: Answer) -> dict[str, str]:
    """Return path → text from the entity that a 422 answer echoes (``""`` = the record itself)."""
    found: dict[str, str] = {}
    _collect(_body(answer), "", found)
    return found


def failure(answer: Answer, asked: str, *, write: bool = False) -> HubError:
    """Return the error for an answer that is not 2xx.

    ``asked`` says what was asked for ("the Customer list"). ``write`` is True for calls that
    change records: an end that is not known is then ``AmbiguousWrite``.
    """
    status = answer.status
    if status in _REDIRECTS:
        return _redirected(answer, asked)
    if status == 500:
        return _server_error(answer, asked, write=write)
    said = _said(answer, asked)
    if status == 400:
        if write:
            return RecordRejected(f"{said} The record was not saved.")
        return ConfigError(f"{said} Check the endpoint version of this connection.")
    if status == 401:
        return SessionGone(f"{said} The session is no longer valid.")
    if status == 403:
        return ConfigError(
            f"{said} Give the API user's role access to this form in Acumatica, "
            "or switch on the feature it belongs to, then test the connection.",
            parameter="username",
        )
    if status == 404:
        return EntityMissing(
            f"{said} The endpoint version has no such entity, or the address is wrong. "
            "Check base URL and endpoint version; 24.200.001 is offered from 2024 R2 on.",
            parameter="endpoint_version",
        )
    if status == 412:
        return Precondition(f"{said} The record is missing or already there.")
    if status == 422:
        return _unprocessable(answer, asked)
    if status == 429:
        return _throttled(answer, asked)
    if status >= 500 and write:
        return AmbiguousWrite(f"{said} It may have been saved.")
    return ConnectionTrouble(f"{said} The hub tries again by itself.")


def sign_in_failure(answer: Answer, settings: Mapping[str, Any]) -> HubError:
    """Return the error for a sign-in that was not answered with a session."""
    base_url, tenant = settings.get("base_url", ""), settings.get("tenant") or ""
    locked = answer.status == 500 and _LOCKED.search(vendor_text(answer))
    if answer.status in {401, 403} or locked or _has(answer, "invalid credentials"):
        return AuthError(
            f"Acumatica refused the sign-in of user {settings.get('username', '')}: "
            f"{(vendor_text(answer) or str(answer.status)).rstrip('.')}. Type the password again here. "
            "The hub does not try again by itself, because repeated failures lock the user.",
            parameter="password",
        )
    if _has(answer, "pxundefinedcompanyexception", "proper company id cannot be determined"):
        return _unknown_tenant(tenant)
    if answer.status == 404:
        return ConfigError(
            f"There is no Acumatica at {base_url}: the sign-in page answered 404. Enter the "
            "address as in the browser up to the site name, for instance "
            "https://erp.example.com/Site.",
            parameter="base_url",
        )
    if answer.ok:
        return ConfigError(
            f"{base_url} answered the sign-in without a session, so it is not an Acumatica "
            "instance or a proxy stands before it. Check the address.",
            parameter="base_url",
        )
    if answer.status in {400, 405, 415}:
        return ConfigError(
            f"{_said(answer, 'the sign-in')} Check the address; it must lead to an "
            "Acumatica instance.",
            parameter="base_url",
        )
    error = failure(answer, "the sign-in")
    if isinstance(error, SessionGone | EntityMissing | ShapeRefused | RecordRejected):
        return ConnectionTrouble(str(error))
    return error


def _server_error(answer: Answer, asked: str, *, write: bool) -> HubError:
    said = _said(answer, asked)
    if _has(answer, "noentitysatisfiesthecondition", "no entity satisfies the condition"):
        return NotFound(f"Acumatica has no such record ({asked}).")
    if _has(answer, "invalid credentials"):
        return AuthError(f"{said} Type the password again here.", parameter="password")
    if _has(answer, "api login limit", "checkapiuserslimits"):
        return _session_limit()
    if _has(answer, "pxundefinedcompanyexception"):
        return _unknown_tenant("")
    if _has(answer, "optimization cannot be performed"):
        return ShapeRefused(f"{said} The hub reads the records one by one instead.")
    if _has(answer, "outcomeentityhaserrorsexception"):
        return SaveRejected(f"{said} The record was not saved; it may already be there.")
    if _has(answer, "pxsetupnotenteredexception"):
        return ConfigError(f"{said} Complete that form in Acumatica, then test the connection.")
    if _has(answer, *_LOCKS):
        return TransientError(f"{said} Somebody saved the same record; it is tried again.")
    if write:
        return AmbiguousWrite(f"{said} It may have been saved.")
    return ServerFault(f"{said} The hub tries again by itself.")


def _session_limit() -> ConnectionTrouble:
    return ConnectionTrouble(
        "Acumatica refuses another sign-in: the licence's limit of API sessions is reached "
        "(API Login Limit). The hub tries again in 3 minutes. Sessions that other programs left "
        "open end by themselves after 10 minutes; License Monitoring Console (SM604000) shows them.",
        retry_after=SESSION_WAIT,
    )


def _unknown_tenant(tenant: str) -> AuthError:
    name = f" {tenant}" if tenant else ""
    return AuthError(
        f"Acumatica does not know the tenant{name}. Enter the tenant's login name exactly as the "
        "sign-in page of Acumatica lists it.",
        parameter="tenant",
    )


def _throttled(answer: Answer, asked: str) -> HubError:
    if _has(answer, "api login limit", "checkapiuserslimits"):
        return _session_limit()
    now = http_date(answer.headers.get("date")) or SystemClock().now()
    wait = retry_after(answer.headers.get("retry-after"), now)
    return RateLimited(
        f"Acumatica declined {asked}: the licence's request limit is reached.", retry_after=wait
    )


def _redirected(answer: Answer, asked: str) -> HubError:
    target = answer.headers.get("location", "")
    asked_path, new = urlsplit(answer.url).path, urlsplit(target)
    if asked_path and new.path.endswith(asked_path) and new.netloc:
        site = new.path[: len(new.path) - len(asked_path)] + asked_path.partition("/entity")[0]
        address = f"{new.scheme}://{new.netloc.rpartition('@')[2]}{site}"
        return ConfigError(
            f"Acumatica has moved to {address}. Enter the new address here; the hub does not "
            "follow redirects with a password in hand.",
            parameter="base_url",
        )
    if "login" in new.path.lower():
        return SessionGone(f"Acumatica answered {asked} with its sign-in page.")
    return ConnectionTrouble(
        f"Acumatica answered {answer.status} for {asked} and led to {new.path or 'a web page'}: "
        "the site is restarting or shows an error page. The hub tries again by itself."
    )


def _unprocessable(answer: Answer, asked: str) -> RecordRejected:
    errors = field_errors(answer)
    if not errors:
        return RecordRejected(_said(answer, asked))
    fields = {path: text for path, text in errors.items() if path}
    shown = "; ".join(f"{path}: {text}" for path, text in fields.items())
    field = next(iter(fields), None)
    return RecordRejected(
        f"Acumatica refused {asked}. {shown or next(iter(errors.values()))}", field=field
    )


def _collect(node: Any, path: str, found: dict[str, str]) -> None:
    if isinstance(node, list):
        for number, row in enumerate(node, 1):
            _collect(row, f"{path}[{number}]", found)
    elif isinstance(node, Mapping):
        if isinstance(node.get("error"), str) and node["error"]:
            found[path] = " ".join(node["error"].split())
        for name, value in node.items():
            if name not in {"error", "value", "_links", "custom"}:
                _collect(value, f"{path}.{name}" if path else str(name), found)


def _said(answer: Answer, asked: str) -> str:
    text = vendor_text(answer).rstrip(".")
    return f"Acumatica answered {answer.status} for {asked}" + (f": {text}." if text else ".")


def _has(answer: Answer, *markers: str) -> bool:
    if answer.status not in {429, 500}:
        return False
    text = answer.text.lower()
    return any(marker in text for marker in markers)


def _body(answer: Answer) -> Any:
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError):
        return None


def _listed(texts: Any) -> list[Any]:
    return list(texts) if isinstance(texts, list) else [texts]
