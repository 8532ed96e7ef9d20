"""Sign-in: one answer for unknown, wrong and disabled, in the same time."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from hub.settings.passwords import hash_password, needs_rehash, verify_password
from hub.store.tables import User
from hub.web import audit, sessions, throttle
from hub.web.face import WebRuntime, frame_runtime

KNOWN_BROWSER = "hub_known"
KNOWN_FOR = 400 * 86400
MOST_KNOWN = 5


@dataclass(frozen=True, slots=True)
class SignIn:
    """The end of a try. Without ``user``: how many free tries are left, or until when it pauses."""

    user: User | None
    left: int = 0
    until: datetime | None = None
    evaluated: bool = True


def sign_in(request: Request, email: str, password: str) -> SignIn:
    """Evaluate one try, throttled; on success a new session has begun."""
    runtime = frame_runtime()
    now = runtime.clock.now()
    email = email.strip().lower()[:200]
    address = request.remote_addr or ""
    names = throttle.subjects(runtime.pepper, email, address, _browser_of(request, email))
    with runtime.write() as db:
        verdict = throttle.take(db, names, now)
    if not verdict.allowed:
        return SignIn(None, 0, verdict.until, evaluated=False)
    with runtime.read() as db:
        user = db.scalar(select(User).where(User.email == email))
    stored = user.password_hash if user else None
    if not verify_password(stored, password) or user is None or user.disabled:
        _refused(runtime, email)
        return SignIn(None, verdict.left, verdict.until)
    rehashed = hash_password(password) if needs_rehash(user.password_hash) else None
    with runtime.write() as db:
        throttle.forget(db, names, now)
        kept = db.get_one(User, user.id)
        kept.signed_in_at = now
        if rehashed:
            kept.password_hash = rehashed
        audit.record(db, user, "session.sign-in", user.email, None, {"address": address})
    sessions.begin(user, address=address, browser=str(request.user_agent))
    return SignIn(user)


def _refused(runtime: WebRuntime, email: str) -> None:
    with runtime.write() as db:
        audit.record(db, None, "session.refused", email)


def _signer(runtime: WebRuntime) -> URLSafeSerializer:
    return URLSafeSerializer(runtime.pepper, salt="known browser")


def _known(request: Request) -> dict[str, str]:
    text = request.cookies.get(sessions.cookie_name(request, KNOWN_BROWSER), "")
    try:
        known = _signer(frame_runtime()).loads(text) if text else {}
    except BadSignature:
        return {}
    return known if isinstance(known, dict) else {}


def _account(email: str) -> str:
    return sessions.keyed_hash(frame_runtime().pepper, "known account", email)[:16]


def _browser_of(request: Request, email: str) -> str:
    return _known(request).get(_account(email), "")


def remembered(request: Request, email: str) -> str:
    """Return the cookie that marks this browser as one that signed in to the account."""
    known = _known(request)
    known.setdefault(_account(email), secrets.token_urlsafe(12))
    latest = dict(list(known.items())[-MOST_KNOWN:])
    text: str = _signer(frame_runtime()).dumps(latest)
    return text


def local_path(target: str | None) -> str:
    """Return ``target`` if it is a path on this hub, else ``/``: a sign-in never leads elsewhere."""
    text = target or ""
    if not text.startswith("/") or text.startswith("//") or "\\" in text:
        return "/"
    if any(ord(char) < 33 or ord(char) == 127 for char in text):
        return "/"
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or text.startswith(("/sign-in", "/sign-out")):
        return "/"
    return text
