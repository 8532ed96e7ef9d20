"""``/identity/connect/token``: password and refresh-token grants (CONTRACT §2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from hub.sdk.simulation import SimRequest, SimResponse
from plugins.acumatica.simulator.sessions import Session, Sessions, over_limit

TOKEN = "/identity/connect/token"  # noqa: S105 - a path
LIFETIME = 3600.0
CLIENT = "8D9A1F43-6C70-4B6E-9C5E-2F0B7D1E5A11"
SECRET = "simulated-client-secret"  # noqa: S105 - of a simulator
FIRST = "simulated-refresh-token-0"
"""The refresh token of the grant that a person gave before the simulator started."""


@dataclass(slots=True)
class Bearer:
    """One access token, and the seat that it holds."""

    session: Session
    until: float


class Grants:
    """The connected application of one instance: its access tokens and the one refresh token."""

    def __init__(self, sessions: Sessions, signed_in: Callable[[], None]) -> None:
        self._sessions = sessions
        self._signed_in = signed_in
        self._made = 0
        self.refresh = FIRST
        self._seat: Session | None = None
        self.open: dict[str, Bearer] = {}

    @property
    def application(self) -> dict[str, str]:
        """The registered application; its id fixes the tenant."""
        return {"client_id": f"{CLIENT}@{self._sessions.tenants[0]}", "client_secret": SECRET}

    def settings(self, values: dict[str, Any], way: str) -> dict[str, Any]:
        """Return the parameters of a connection that signs in this way."""
        left_out = {"tenant"} if way == "oauth_password" else {"tenant", "username", "password"}
        more = {} if way == "oauth_password" else {"refresh_token": self.refresh}
        kept = {name: value for name, value in values.items() if name not in left_out}
        return {**kept, "sign_in": way, **self.application, **more}

    def find(self, request: SimRequest) -> Session | None:
        """Return the session of a bearer token that is still good."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = self.open.get(token) if scheme.lower() == "bearer" else None
        if found is None:
            return None
        now = self._sessions.clock.monotonic()
        if found.until <= now or found.session.id not in self._sessions.open:
            self.open.pop(token, None)
            return None
        found.session.last_used = now
        return found.session

    def token(self, request: SimRequest) -> SimResponse:
        """Answer the token endpoint."""
        given = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        own = self.application
        if any(given.get(name) != own[name] for name in own):
            return _error("invalid_client", 401)
        kind = given.get("grant_type")
        if kind == "password":
            return self._by_password(given)
        if kind == "refresh_token":
            return self._by_refresh(given)
        return _error("unsupported_grant_type")

    def _by_password(self, given: dict[str, str]) -> SimResponse:
        if given.get("scope") != "api":
            return _error("invalid_scope")
        named = {"name": given.get("username"), "password": given.get("password")}
        if self._sessions.wrong_user(named) is not None:
            return _error("invalid_grant", text="invalid_username_or_password")
        if self._sessions.full:
            return over_limit()
        return self._given(self._sessions.seat(self._sessions.tenants[0]))

    def _by_refresh(self, given: dict[str, str]) -> SimResponse:
        if given.get("refresh_token") != self.refresh:
            return _error("invalid_grant")
        if self._seat is None or self._seat.id not in self._sessions.open:
            if self._sessions.full:
                return over_limit()
            self._seat = self._sessions.seat(self._sessions.tenants[0])
        self.refresh = f"simulated-refresh-token-{self._made + 1}"
        return self._given(self._seat, refresh_token=self.refresh)

    def _given(self, session: Session, **more: str) -> SimResponse:
        self._made += 1
        token = f"simulated-access-token-{self._made:06d}"
        until = self._sessions.clock.monotonic() + LIFETIME
        session.held_until = until
        self.open[token] = Bearer(session, until)
        self._signed_in()
        body = {"access_token": token, "expires_in": int(LIFETIME), "token_type": "Bearer"}
        return SimResponse.json({**body, **more, "scope": "api" + " offline_access" * bool(more)})


def _error(word: str, status: int = 400, text: str = "") -> SimResponse:
    return SimResponse.json(
        {"error": word, **({"error_description": text} if text else {})}, status
    )
