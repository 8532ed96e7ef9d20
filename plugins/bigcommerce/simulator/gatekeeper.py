"""Who may call, and how often (CONTRACT §3, §5)."""

from collections.abc import Iterable, Mapping
from typing import Final

from hub.sdk.simulation import Quota, SimRequest, SimResponse, Stats
from plugins.bigcommerce.simulator.answers import b2b_error, error_for, v3_error

DEFAULT_QUOTAS: Final[Mapping[str, tuple[int, float]]] = {"b2b": (150, 60.0), "core": (150, 30.0)}
UNLIMITED: Final[Mapping[str, tuple[int, float]]] = {
    name: (1_000_000, seconds) for name, (_, seconds) in DEFAULT_QUOTAS.items()
}
"""As good as none, and announced: every answer carries the headers whatever the plan (CONTRACT
§5.1), and a caller that hears nothing has to assume the smallest plan."""
NO_SCOPE = "You don't have a required scope to access the endpoint"
SCOPES: Final[Mapping[str, str]] = {
    "/customer_groups": "store_v2_customers",
    "/customers": "store_v2_customers",
    "/catalog": "store_v2_products",
    "/inventory/locations": "store_locations",
    "/inventory": "store_inventory",
    "/channels": "store_channel_settings",
    "/store": "store_v2_information",
}
B2B_SCOPE = "b2b_edition"
SIGN_IN = "/api/io/auth/backend"
B2B_EMAIL, B2B_PASSWORD = "backend@example.com", "simulated-b2b-password"
ALSO_CORE = frozenset(
    f"POST /api/v3/io/{path}"
    for path in (
        "users",
        "users/bulk",
        "companies",
        "companies/bulk",
        "customer-groups/{customerGroupId}/companies",
    )
)
"""B2B calls that make core customers, and cost a call of the core quota too (CONTRACT §5.2)."""

Headers = list[tuple[str, str]]


def api_of(request: SimRequest) -> str:
    """Return the quota that a path belongs to: ``b2b`` or ``core``."""
    return "b2b" if request.segments[:1] == ("api",) else "core"


class Gatekeeper:
    """Signs requests in and counts them. ``without`` are scopes that the token lacks."""

    def __init__(
        self,
        quotas: Mapping[str, Quota],
        stats: Stats,
        store_hash: str,
        token: str,
        without: Iterable[str],
    ) -> None:
        self._quotas = quotas
        self._stats = stats
        self.store_hash = store_hash
        self.token = token
        self.without = set(without)
        self.tokens: set[str] = set()
        self._given = 0

    # -- signing in ------------------------------------------------------------------------------

    def refuse(self, request: SimRequest) -> SimResponse | None:
        """Return the refusal of a caller who is not known here, or None."""
        if request.pattern == SIGN_IN:
            return None
        return self._b2b(request) if api_of(request) == "b2b" else self._core(request)

    def _core(self, request: SimRequest) -> SimResponse | None:
        token = request.headers.get("x-auth-token")
        if token is None:
            return SimResponse.text("X-Auth-Token header is required", 401)
        if not token:
            return SimResponse.text("X-Auth-Token header should have correct format", 401)
        if token != self.token:
            return v3_error(401)
        if request.segments[1] != self.store_hash:
            return error_for(request.path, 403, NO_SCOPE)
        return self._scope(request, request.pattern.split("}", 1)[1][3:])

    def _scope(self, request: SimRequest, path: str) -> SimResponse | None:
        scope = next((s for prefix, s in SCOPES.items() if path.startswith(prefix)), None)
        needed = {scope} if request.method == "GET" else {scope, f"{scope}_write"}
        return error_for(request.path, 403, NO_SCOPE) if needed & self.without else None

    def _b2b(self, request: SimRequest) -> SimResponse | None:
        legacy = request.headers.get("authtoken")
        if legacy is not None:
            return self._user(request, legacy)
        token = request.headers.get("x-auth-token")
        if not token:
            return b2b_error(401, "Unauthorized", {"errMsg": "X-Auth-Token is required"})
        if request.headers.get("x-store-hash") != self.store_hash:
            return b2b_error(500, "Server error", {"errMsg": "Server error"})
        if token != self.token:
            return b2b_error(403, "Invalid token", {"errMsg": "Invalid token"})
        needed = {B2B_SCOPE} if request.method == "GET" else {B2B_SCOPE, f"{B2B_SCOPE}_write"}
        return b2b_error(403, NO_SCOPE, {"errMsg": NO_SCOPE}) if needed & self.without else None

    def _user(self, request: SimRequest, token: str) -> SimResponse | None:
        if "x-store-hash" in request.headers:
            # "Unexpected results" (CONTRACT §3): here a failure that cannot be overlooked.
            return b2b_error(500, "Server error", {"errMsg": "Server error"})
        if token in self.tokens:
            return None
        return b2b_error(401, "Unauthorized", {"errMsg": "Invalid token"})

    def sign_in(self, request: SimRequest) -> SimResponse:
        """Answer ``POST /api/io/auth/backend`` of a backend user (CONTRACT §3)."""
        given = request.json()
        wanted = {"storeHash": self.store_hash, "email": B2B_EMAIL, "password": B2B_PASSWORD}
        if not isinstance(given, Mapping) or not given.get("name"):
            return b2b_error(422, "name is required", {"name": "This field is required."})
        if any(given.get(name) != value for name, value in wanted.items()):
            return b2b_error(401, "Unauthorized", {"errMsg": "The e-mail or password is wrong."})
        self._given += 1
        token = f"simulated-b2b-user-token-{self._given:04d}"
        self.tokens.add(token)
        return SimResponse.json(
            {"code": 200, "data": {"token": token}, "meta": {"message": "SUCCESS"}}
        )

    # -- counting --------------------------------------------------------------------------------

    def over_quota(self, request: SimRequest) -> str | None:
        """Take the calls that the request costs; return the exhausted quota, or None."""
        wanted = [api_of(request)]
        if f"{request.method} {request.pattern}" in ALSO_CORE:
            wanted.append("core")
        for name in wanted:
            quota = self._quotas.get(name)
            if quota is None:
                continue
            self._stats.call(name)
            if not quota.take()[0]:
                return name
        return None

    def too_many(self, request: SimRequest, name: str, *, told: bool, empty: bool) -> SimResponse:
        """Return the 429; ``told`` says how long to wait, which the statistics remember."""
        if empty:
            answer = SimResponse.empty(429)
        else:
            answer = error_for(request.path, 429)
        if told and name in self._quotas:
            self._stats.told_to_wait(name, self._quotas[name].peek()[1])
            answer.headers.extend(self.headers(name))
        return answer

    def headers(self, name: str) -> Headers:
        """Return the headers that tell how a quota stands (CONTRACT §5.1, §5.2)."""
        quota = self._quotas.get(name)
        if quota is None:
            return []
        left, resets = quota.peek()
        if name == "core":
            return [
                ("X-Rate-Limit-Time-Window-Ms", str(round(quota.seconds * 1000))),
                ("X-Rate-Limit-Time-Reset-Ms", str(round(resets * 1000))),
                ("X-Rate-Limit-Requests-Quota", str(quota.calls)),
                ("X-Rate-Limit-Requests-Left", str(left)),
            ]
        return [
            ("X-Requests-Allocated", f"{quota.calls} times/{quota.seconds:g} s"),
            ("X-Requests-Window-Length", f"{quota.seconds:g} s"),
            ("X-Requests-Remaining", f"{left} times"),
            ("X-Request-Window-Resets-After", f"{resets:.3f} s"),
        ]
