"""Sign-in, sign-out and the licence's limit of API users (CONTRACT §2)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from hub.sdk import Clock
from hub.sdk.simulation import SimRequest, SimResponse
from plugins.acumatica.simulator import errors, names

IDLE_SECONDS = 600.0
LOCK_AFTER = 5
LOCK_SECONDS = 900.0
LOCALE = "Culture=en-US&TimeZone=GMTM0800A"
COOKIE = "ASP.NET_SessionId"


@dataclass(slots=True)
class Session:
    """One API user's seat: it is lost after ten idle minutes, or when its token is over."""

    id: str
    ticket: str
    tenant: str
    branch: str
    last_used: float
    held_until: float = 0.0


class Sessions:
    """The seats of one instance. ``limit`` None = as many as anyone likes."""

    def __init__(
        self,
        clock: Clock,
        *,
        tenants: tuple[str, ...],
        username: str,
        password: str,
        limit: int | None,
    ) -> None:
        self.clock = clock
        self.tenants = tenants
        self.username = username
        self.password = password
        self.limit = limit
        self.open: dict[str, Session] = {}
        self._made = 0
        self._wrong = 0
        self._locked_until = 0.0

    def settings(self, base_url: str) -> dict[str, Any]:
        """Return the connection's parameters for the first tenant."""
        return {
            "base_url": base_url,
            "tenant": self.tenants[0],
            "username": self.username,
            "password": self.password,
            "endpoint_version": "24.200.001",
        }

    def expire(self) -> None:
        """Drop the seats that were idle for too long."""
        now = self.clock.monotonic()
        for session in list(self.open.values()):
            if session.last_used <= now - IDLE_SECONDS and session.held_until <= now:
                del self.open[session.id]

    @property
    def full(self) -> bool:
        """True when the licence gives no further seat."""
        self.expire()
        return self.limit is not None and len(self.open) >= self.limit

    def find(self, request: SimRequest) -> Session | None:
        """Return the request's session, and note that it was used."""
        self.expire()
        cookies = _cookies(request)
        session = self.open.get(cookies.get(COOKIE, ""))
        if session is None or cookies.get(".ASPXAUTH") != session.ticket:
            return None
        session.last_used = self.clock.monotonic()
        return session

    def basic(self, request: SimRequest) -> bool:
        """Return whether the request carries the user's basic authentication (OData only)."""
        scheme, _, coded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, _, password = base64.b64decode(coded).decode().partition(":")
        except ValueError:
            return False
        return user.partition("@")[0] == self.username and password == self.password

    def login(self, request: SimRequest, *, leaked: int = 0) -> tuple[SimResponse, Session | None]:
        """Answer a sign-in; ``leaked`` seats are held by somebody who never signed out."""
        given = _credentials(request)
        refused = self._refusal(given)
        if refused is not None:
            return refused, None
        already = self.find(request)
        if already is None and self.limit is not None and len(self.open) + leaked >= self.limit:
            return over_limit(), None
        session = already or self.seat("")
        session.tenant = self._tenant(given)
        session.branch = str(given.get("branch") or names.BRANCHES[0][0])
        return SimResponse.empty(204, _signed_in(session)), session

    def logout(self, request: SimRequest, bearer: Session | None = None) -> SimResponse:
        """Answer a sign-out: the seat is free, the cookies are expired."""
        if "content-length" not in request.headers and "transfer-encoding" not in request.headers:
            return SimResponse.text(
                "<h1>Length Required</h1>", 411, kind="text/html; charset=us-ascii"
            )
        session = bearer or self.find(request)
        if session is not None:
            del self.open[session.id]
        gone = "; expires=Tue, 12-Oct-1999 07:00:00 GMT; path=/; HttpOnly"
        return SimResponse.empty(
            204, [("Set-Cookie", f"{name}={gone}") for name in (".ASPXAUTH", COOKIE)]
        )

    def lose(self, session: Session) -> None:
        """End a session behind its user's back."""
        self.open.pop(session.id, None)

    def seat(self, tenant: str) -> Session:
        """Give a seat in a tenant."""
        self._made += 1
        session = Session(
            id=f"sim{self._made:021x}",
            ticket=f"{self._made * 2654435761 % 2**32:08X}" * 16,
            tenant=tenant,
            branch="",
            last_used=self.clock.monotonic(),
        )
        self.open[session.id] = session
        return session

    def _tenant(self, given: dict[str, Any]) -> str:
        wanted = str(given.get("tenant") or given.get("company") or "")
        known = {name.lower(): name for name in self.tenants}
        # An empty name, and any name on an instance with one tenant, lands on the default.
        return known.get(wanted.lower(), self.tenants[0])

    def _refusal(self, given: dict[str, Any]) -> SimResponse | None:
        if "name" not in given and "password" not in given:
            return errors.invalid({"": ["The request body should not be empty."]})
        if given.get("tenant") and given.get("company"):
            return errors.invalid({"": ["Specify either the tenant or the company, not both."]})
        wanted = str(given.get("tenant") or given.get("company") or "")
        known = {name.lower() for name in self.tenants}
        if wanted and len(self.tenants) > 1 and wanted.lower() not in known:
            return errors.server_error(
                "A proper company ID cannot be determined for the request.",
                "PX.Data.PXUndefinedCompanyException",
            )
        return self.wrong_user(given)

    def wrong_user(self, given: Mapping[str, Any]) -> SimResponse | None:
        """Return the answer to a wrong name or password; five lock the user."""
        if self.clock.monotonic() < self._locked_until:
            return errors.server_error("Error: Your account is temporarily locked.")
        if given.get("name") == self.username and given.get("password") == self.password:
            self._wrong = 0
            return None
        self._wrong += 1
        if self._wrong >= LOCK_AFTER:
            self._locked_until = self.clock.monotonic() + LOCK_SECONDS
        return errors.server_error(
            "Error: Invalid credentials. Please try again.", stack="   at PX.Data.PXLogin.LoginUser"
        )


def refreshed(session: Session, request: SimRequest) -> list[tuple[str, str]]:
    """Return the cookies that every answer sets again."""
    return [
        ("Set-Cookie", f"Locale={LOCALE}; path=/"),
        ("Set-Cookie", f"UserBranch={_branch_number(session.branch)}; path=/"),
        ("Set-Cookie", f"requestid={request.seq:032X}; path=/"),
        ("Set-Cookie", f"requeststat=+st:1+sc:~{request.pattern}+start:{request.seq}; path=/"),
    ]


def _signed_in(session: Session) -> list[tuple[str, str]]:
    values = {
        COOKIE: session.id,
        "UserBranch": _branch_number(session.branch),
        "Locale": LOCALE,
        ".ASPXAUTH": session.ticket,
        "CompanyID": session.tenant,
        "requestid": "0" * 32,
        "requeststat": "+st:1+sc:~/entity/auth/login+start:0",
    }
    secret = {COOKIE, ".ASPXAUTH"}
    return [
        ("Set-Cookie", f"{name}={value}; path=/{'; HttpOnly' if name in secret else ''}")
        for name, value in values.items()
    ]


def _branch_number(branch: str) -> int:
    keys = [key for key, _ in names.BRANCHES]
    return 16 + (keys.index(branch) if branch in keys else 0)


def over_limit() -> SimResponse:
    """Return the answer to a sign-in beyond the licence's limit."""
    return errors.server_error(
        "The API Login Limit is reached. The number of API users is restricted by the licence.",
        stack="   at PX.LicensePolicy.PXLicensePolicy.CheckApiUsersLimits",
    )


def _cookies(request: SimRequest) -> dict[str, str]:
    raw = request.headers.get("cookie")
    if not raw:
        return {}
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(raw).items()}
    except CookieError:
        return {}


def _credentials(request: SimRequest) -> dict[str, Any]:
    kind = request.headers.get("content-type", "")
    if "x-www-form-urlencoded" in kind:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    if not request.body:
        return {}
    given = request.json()
    return {str(k).lower(): v for k, v in given.items()} if isinstance(given, dict) else {}
