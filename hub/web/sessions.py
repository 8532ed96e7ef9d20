"""Sessions: signed-in ones live in the database, what comes before sign-in in a signed cookie."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, Request, current_app, g, session
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select, update
from werkzeug.datastructures import CallbackDict
from werkzeug.wrappers import Response

from hub.store.tables import User, UserSession
from hub.web.face import WebRuntime, frame_runtime, public_url

IDLE, ABSOLUTE = timedelta(minutes=60), timedelta(hours=12)
SEEN_EVERY = timedelta(seconds=60)
"""How old ``seen_at`` may get before it is written again: not every request is a write."""

BEFORE_SIGN_IN = "hub_before"
STATELESS = ("static", "health.healthz", "health.readyz")


def _touched(session: "CallbackDict[str, Any]") -> None:
    session.modified = True  # type: ignore[attr-defined]


class HubSession(CallbackDict[str, Any], SessionMixin):
    """What Flask calls the session. ``user`` is None before sign-in."""

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        super().__init__(data or {}, _touched)
        self.modified = False
        self.accessed = True
        self.user: User | None = None
        self.id_hash = ""
        self.new_cookie = ""
        self.ended = False
        self.stateless = False


def keyed_hash(pepper: bytes, kind: str, text: str) -> str:
    """Return the keyed hash of an id or token; ``kind`` keeps the uses apart."""
    return hmac.new(pepper, f"{kind}\n{text}".encode(), hashlib.sha256).hexdigest()


def is_secure(request: Request) -> bool:
    """True when the browser came by HTTPS, or by a public address that is HTTPS."""
    public = public_url(current_app.extensions["hub_runtime"])
    if not public.startswith("https://"):
        return request.is_secure
    return request.is_secure or request.host == public.removeprefix("https://").split("/")[0]


def cookie_name(request: Request, name: str) -> str:
    """Return the cookie's name: with ``__Host-`` where the browser can keep the promise (S24)."""
    return f"__Host-{name}" if is_secure(request) else name


def set_cookie(request: Request, response: Response, name: str, value: str, age: int) -> None:
    """Set a cookie for this host alone, out of reach of scripts and of foreign forms."""
    response.set_cookie(
        cookie_name(request, name), value, max_age=age, path="/", httponly=True, samesite="Lax",
        secure=is_secure(request),
    )  # fmt: skip


def drop_cookie(request: Request, response: Response, name: str) -> None:
    """Delete a cookie if the browser has it."""
    full = cookie_name(request, name)
    if full in request.cookies:
        response.delete_cookie(
            full, path="/", httponly=True, samesite="Lax", secure=is_secure(request)
        )


class ServerSessions(SessionInterface):
    """Flask's session interface over ``user_session``."""

    def open_session(self, app: Flask, request: Request) -> HubSession:
        """Find the browser's session; an ended or unknown one is an empty anonymous session."""
        runtime: WebRuntime = app.extensions["hub_runtime"]
        if request.endpoint in STATELESS or request.path.startswith("/static/"):
            nothing = HubSession()
            nothing.stateless = True
            return nothing
        raw = request.cookies.get(cookie_name(request, "hub_session"), "")
        found = _load(runtime, raw, polled="poll" in request.args) if raw else None
        return found or _anonymous(runtime, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed: the row when signed in, the signed cookie before."""
        from flask import request  # noqa: PLC0415 - the proxy, not the argument's type

        if not isinstance(session, HubSession) or session.stateless:
            return
        runtime: WebRuntime = app.extensions["hub_runtime"]
        response.vary.add("Cookie")
        if session.ended:
            drop_cookie(request, response, "hub_session")
        if session.user is None:
            if session.modified:
                text = _signer(runtime).dumps(dict(session))
                set_cookie(request, response, BEFORE_SIGN_IN, text, int(ABSOLUTE.total_seconds()))
            return
        if session.new_cookie:
            age = int(ABSOLUTE.total_seconds())
            set_cookie(request, response, "hub_session", session.new_cookie, age)
            drop_cookie(request, response, BEFORE_SIGN_IN)
        if session.modified:
            with runtime.write() as db:
                db.execute(
                    update(UserSession)
                    .where(UserSession.id_hash == session.id_hash)
                    .values(data=dict(session))
                )


def _signer(runtime: WebRuntime) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime.pepper, salt="before sign-in")


def _anonymous(runtime: WebRuntime, request: Request) -> HubSession:
    text = request.cookies.get(cookie_name(request, BEFORE_SIGN_IN), "")
    try:
        data = _signer(runtime).loads(text, max_age=int(ABSOLUTE.total_seconds())) if text else {}
    except BadSignature:
        data = {}
    return HubSession(data)


def _load(runtime: WebRuntime, raw: str, *, polled: bool) -> HubSession | None:
    id_hash = keyed_hash(runtime.pepper, "session", raw)
    now = runtime.clock.now()
    with runtime.read() as db:
        query = select(UserSession, User).join(User, User.id == UserSession.user_id)
        row = db.execute(query.where(UserSession.id_hash == id_hash)).first()
    if row is None:
        return None
    kept, user = row
    if user.disabled or now - kept.created_at > ABSOLUTE or now - kept.seen_at > IDLE:
        with runtime.write() as db:
            db.execute(delete(UserSession).where(UserSession.id_hash == id_hash))
        return None
    if not polled and now - kept.seen_at > SEEN_EVERY:
        with runtime.write() as db:
            db.execute(
                update(UserSession).where(UserSession.id_hash == id_hash).values(seen_at=now)
            )
    found = HubSession(kept.data or {})
    found.user, found.id_hash = user, id_hash
    return found


def here() -> HubSession:
    """Return the session of the request."""
    current: HubSession = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return current


def begin(user: User, *, address: str, browser: str) -> None:
    """Start a new session for ``user``: a new id, nothing kept of what came before."""
    runtime, current = frame_runtime(), here()
    raw = secrets.token_urlsafe(32)
    now = runtime.clock.now()
    data = {"csrf_token": secrets.token_hex(20)}
    id_hash = keyed_hash(runtime.pepper, "session", raw)
    with runtime.write() as db:
        if current.id_hash:
            db.execute(delete(UserSession).where(UserSession.id_hash == current.id_hash))
        db.execute(delete(UserSession).where(UserSession.created_at < now - ABSOLUTE))
        db.add(
            UserSession(
                id_hash=id_hash, user_id=user.id, data=data, address=address[:64],
                browser=browser[:200], created_at=now, seen_at=now,
            )
        )  # fmt: skip
    current.clear()
    current.update(data)
    current.modified = False
    current.user, current.id_hash, current.new_cookie = user, id_hash, raw
    current.ended = False
    g.pop("csrf_token", None)


def end() -> None:
    """End the browser's session here and in the database."""
    runtime, current = frame_runtime(), here()
    if current.id_hash:
        with runtime.write() as db:
            db.execute(delete(UserSession).where(UserSession.id_hash == current.id_hash))
    current.clear()
    current.user, current.id_hash, current.new_cookie = None, "", ""
    current.ended = True
    g.pop("csrf_token", None)
