"""The simulated instance: routes, sign-in, licence, faults and the control path's rows."""

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.sdk import Clock
from hub.sdk.simulation import Handler, SimBadJson, SimRequest, SimResponse, SimulatedServer
from plugins.acumatica.simulator import control, discovery, errors, versions
from plugins.acumatica.simulator.entities import Entities
from plugins.acumatica.simulator.licence import Licence
from plugins.acumatica.simulator.oauth import TOKEN, Grants
from plugins.acumatica.simulator.samples import SAMPLES
from plugins.acumatica.simulator.seeded import seed_world
from plugins.acumatica.simulator.sessions import Session, Sessions, refreshed
from plugins.acumatica.simulator.world import World

_ENTITY = "/entity/{endpoint}/{version}/{entity}"
_ODATA = "/t/{tenant}/api/odata/dac/{set}"


class AcumaticaSimulator(SimulatedServer):
    """An Acumatica instance in memory; ``world`` holds the records of its first tenant.

    Options: ``tenants`` (the first holds the data; one alone accepts any name), ``session_limit``
    (None = none), ``concurrent`` requests, ``storage_details`` (False = the inquiry is missing),
    ``links`` (``_links`` on records, which the OpenAPI file does not know), ``sign_in`` (which way
    ``settings`` signs in: cookie, oauth_password, oauth_refresh), ``stray_contacts``
    (contacts of nobody and of vendors), ``quotas`` with ``api`` = the licence's requests.

    Vendor faults by name, beside those that every simulator knows (CONTRACT §7):

    ====================  =======================================================================
    leaked_sessions       ``count`` seats are held by somebody who never signed out (1)
    session_lost          the session of the matching request is gone: 401
    optimization          list GET with ``$expand``: 500 "Optimization cannot be performed" (10)
    empty_expand          ``field`` (comma list) comes back empty on lists, filled by key (11)
    shuffle               every list in another order (13)
    cross_view            an AND over two views is empty whatever it compares (12)
    late_commit           other people's edits carry the stamp of the save's start and are seen
                          ``seconds`` later (15)
    recycle               the site restarts: 503, then a redirect to /ui/error, by turns (28)
    html_login            200 with the sign-in page (29)
    redirect_login        302 to the sign-in page (29)
    tenant_missing        the sign-in knows no such tenant: 500
    wrong_tenant          the sign-in lands silently in the last tenant (23)
    no_storage_details    StorageDetailsInquiry does not exist: 404
    not_stored            PUT answers 200 and stores nothing (8)
    forbidden             403, rights are missing (26)
    setup_missing         500, a set-up form is empty (26)
    lock_error            500, another process has updated the record (27)
    deadlock              500, database deadlock
    save_rejected         500, the save raised errors (5)
    ====================  =======================================================================

    Always in force: 2 wrong password = 500 and a lock after five, 3 plain-text 429 (fault
    ``throttle``), 4 slowness before refusal (``per_minute``), 6 auto-numbering, 7 unknown fields
    dropped, 9 not found = 500, 12 AND over two views with dates is empty, 14 stamps.
    """

    name: ClassVar[str] = "acumatica"
    samples = SAMPLES
    vendor_faults: ClassVar[Mapping[str, str | None]] = {
        "leaked_sessions": "count",
        "session_lost": None,
        "optimization": "value",
        "empty_expand": "field",
        "shuffle": None,
        "cross_view": None,
        "late_commit": "seconds",
        "recycle": None,
        "tenant_missing": None,
        "wrong_tenant": None,
        "no_storage_details": None,
        "not_stored": None,
        **dict.fromkeys(errors.STATED),
    }

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int,
        customers: int = 120,
        items: int = 400,
        tenants: tuple[str, ...] = ("Company", "Training"),
        username: str = "admin",
        password: str = "simulated-password",  # noqa: S107 - of a simulator
        session_limit: int | None = 2,
        concurrent: int | None = None,
        links: bool = False,
        sign_in: str = "cookie",
        stray_contacts: int = 0,
        storage_details: bool = True,
        quotas: Mapping[str, tuple[int, float]] | None = None,
    ) -> None:
        super().__init__(clock=clock, seed=seed, quotas=quotas)
        self.sessions = Sessions(
            clock, tenants=tenants, username=username, password=password, limit=session_limit
        )
        self._sign_in = sign_in
        self.grants = Grants(self.sessions, self._signed_in)
        api = self.quotas.get("api")
        self.licence = Licence(clock, api, concurrent, unlimited=quotas is None)
        self.world = World()
        self.entities = Entities(self, storage_details=storage_details, links=links)
        self._others = {tenant: World() for tenant in tenants[1:]}
        self._commits: list[tuple[float, int, Callable[[], Any]]] = []
        self._recycled = 0
        size = {"customers": customers, "items": items, "strays": stray_contacts}
        seed_world(self.world, start=clock.now(), seed=seed, **size)
        self._routes()

    def dispatch(self, request: SimRequest) -> SimResponse:
        """Answer a request: site, sign-in, licence, entity."""
        with self.lock:
            self.commit_due()
            stated = self._stated(request)
        if stated is not None:
            return stated
        if request.pattern in _PUBLIC:
            return self._metered(request)
        with self.lock:
            session = self.grants.find(request) or self.sessions.find(request)
            if session is not None and request.fault("session_lost"):
                self.sessions.lose(session)
                session = None
        if session is None and not (request.pattern == _ODATA and self.sessions.basic(request)):
            return errors.message(401, "You are not logged in.")
        request.params["tenant"] = session.tenant if session else request.params["tenant"]
        response = self._metered(request)
        if session is not None:
            response.headers += refreshed(session, request)
        return response

    def _metered(self, request: SimRequest) -> SimResponse:
        self.stats.call("api")
        declined = self.licence.enter()
        if declined is not None:
            return declined
        try:
            with self.lock:
                return errors.not_readable(request) or super().dispatch(request)
        finally:
            self.licence.leave()

    def _stated(self, request: SimRequest) -> SimResponse | None:
        if not request.faults:
            return None
        for fault in request.faults:
            answer = errors.STATED.get(str(fault["fault"]))
            if answer is not None:
                return answer()
        if request.fault("recycle"):
            self._recycled += 1
            if self._recycled % 2:
                return SimResponse.text(errors.LOGIN_PAGE, 503, kind="text/html; charset=utf-8")
            return errors.redirected("/ui/error")
        return None

    def _login(self, request: SimRequest) -> SimResponse:
        if request.fault("tenant_missing"):
            return errors.server_error(
                "A proper company ID cannot be determined for the request.",
                "PX.Data.PXUndefinedCompanyException",
            )
        leaked = int(self.faults.number("leaked_sessions", "count", 0))
        if self.faults.active("leaked_sessions") and not leaked:
            leaked = self.sessions.limit or 0
        response, session = self.sessions.login(request, leaked=leaked)
        if session is not None:
            if request.fault("wrong_tenant"):
                response = self._misplaced(session, response)
            self._signed_in()
        return response

    def _signed_in(self) -> None:
        self.stats.signed_in(len(self.sessions.open))

    def _misplaced(self, session: Session, response: SimResponse) -> SimResponse:
        right, session.tenant = session.tenant, self.sessions.tenants[-1]
        swapped = [
            (name, value.replace(f"CompanyID={right};", f"CompanyID={session.tenant};"))
            for name, value in response.headers
        ]
        return SimResponse(response.status, swapped, response.body)

    def _logout(self, request: SimRequest) -> SimResponse:
        response = self.sessions.logout(request, self.grants.find(request))
        self.stats.open_signins = len(self.sessions.open)
        return response

    def world_of(self, request: SimRequest) -> World:
        """Return the records of the tenant that the request's session is in."""
        return self._others.get(request.params.get("tenant", ""), self.world)

    def family(self, request: SimRequest) -> str:
        """Return the path with keys collapsed and the entity named."""
        pattern = request.pattern
        if pattern.startswith("/entity/{"):
            pattern = pattern.replace("{endpoint}", request.params["endpoint"])
            pattern = pattern.replace("{entity}", self.entities.known(request))
            return pattern.replace("{rest:path}", "{key}")
        if pattern == _ODATA:
            return pattern.replace("{set}", request.params["set"])
        return super().family(request)

    def unknown(self, request: SimRequest) -> SimResponse:
        """Return 404, or 405 when only the method is wrong."""
        if self.router.methods(request.segments):
            text = f"The requested resource does not support http method '{request.method}'."
            answer = errors.message(405, text)
            answer.headers.extend(self.allowed(request))
            return answer
        return errors.no_resource(request.path)

    def bad_json(self, request: SimRequest, error: SimBadJson) -> SimResponse:
        """Return the 400 of a body that cannot be read."""
        text = str(error) if request.body else "The request body should not be empty."
        return errors.invalid({"": [text]})

    def crashed(self, request: SimRequest) -> SimResponse:
        """Return a 500 in the vendor's shape."""
        super().crashed(request)
        return errors.server_error("Object reference not set to an instance of an object.")

    def throttled(
        self,
        request: SimRequest,  # noqa: ARG002 - the web server answers all alike
        headers: bool,
    ) -> SimResponse:
        """Return the web server's plain-text 429."""
        self.stats.call("api")
        if headers:
            self.stats.told_to_wait("api", 60.0)
        return errors.throttled(headers)

    def moment(self) -> datetime:
        """Return now, as exact as the database keeps it."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def commit(self, save: Callable[[datetime], Any]) -> Any:
        """Save now, or with fault ``late_commit`` later but with the stamp of now."""
        seconds = self.faults.number("late_commit", "seconds", 0.0)
        moment = self.moment()
        if seconds <= 0:
            return save(moment)
        due = self.clock.monotonic() + seconds
        heapq.heappush(self._commits, (due, len(self._commits), lambda: save(moment)))
        return None

    def commit_due(self) -> None:
        """Carry out the saves whose time has come."""
        while self._commits and self._commits[0][0] <= self.clock.monotonic():
            heapq.heappop(self._commits)[2]()

    def settings(self, base_url: str) -> dict[str, Any]:
        """Return the connection's parameters."""
        values = self.sessions.settings(base_url) | self.licence.settings()
        return values if self._sign_in == "cookie" else self.grants.settings(values, self._sign_in)

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Return all records of an entity with what hangs on them."""
        self.commit_due()
        return control.rows(self.world, entity)

    def put_row(self, entity: str, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change or create a record as a person in the ERP would."""
        return control.put_row(self, entity, key, changes)

    def delete_row(self, entity: str, key: str) -> None:
        """Delete a record as a person in the ERP would."""
        control.delete_row(self, entity, key)

    def stats_json(self) -> dict[str, Any]:
        """Return the statistics; open sign-ins without those that are lost by now."""
        with self.lock:
            self.sessions.expire()
            self.stats.open_signins = len(self.sessions.open)
        return super().stats_json()

    def _routes(self) -> None:
        add, entities = self.router.add, self.entities
        for path in ("/entity", "/entity/"):
            add("GET", path, discovery.root)
        add("POST", "/entity/auth/login", self._login)
        add("POST", "/entity/auth/logout", self._logout)
        add("POST", TOKEN, self.grants.token)
        add("GET", "/Frames/Login.aspx", lambda r: discovery.login_page(self.sessions.find(r)))
        add("GET", "/entity/swagger.json", discovery.swagger)
        add("GET", "/entity/{endpoint}/{version}/swagger.json", discovery.swagger)
        add("GET", _ODATA, discovery.odata)
        add("GET", _ENTITY, _versioned(entities.list))
        add("PUT", _ENTITY, _versioned(entities.put))
        add("POST", _ENTITY, entities.post)
        add("GET", _ENTITY + "/{rest:path}", _versioned(entities.get))
        add("DELETE", _ENTITY + "/{rest:path}", entities.delete)
        add("POST", _ENTITY + "/{rest:path}", entities.action)


def _versioned(handler: Handler) -> Handler:
    """Let an endpoint version answer as it differs from 24.200.001."""

    def handle(request: SimRequest) -> SimResponse:
        return versions.told(versions.refused(request) or handler(request), request)

    return handle


_PUBLIC = {
    "",
    "/entity",
    "/entity/",
    "/entity/auth/login",
    "/entity/auth/logout",
    "/Frames/Login.aspx",
    TOKEN,
}
