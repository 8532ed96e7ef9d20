"""What the simulators of all vendors share."""

import heapq
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from hub.sdk.simulation.control import PREFIX, control
from hub.sdk.simulation.faults import TRANSPORT, FaultScript
from hub.sdk.simulation.journal import Journal
from hub.sdk.simulation.messages import SimBadJson, SimRequest, SimResponse
from hub.sdk.simulation.quota import Quota
from hub.sdk.simulation.router import Router
from hub.sdk.simulation.samples import Sample
from hub.sdk.simulation.stats import CUT, Stats
from hub.seams import Clock, Rng, SystemClock

_log = logging.getLogger(__name__)

WEB_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"


@dataclass(slots=True)
class Reply:
    """How the transport ends a request: send the answer, cut the connection before it, send half
    of the body, or send it slowly (``rate`` bytes per second).
    """

    response: SimResponse | None
    how: Literal["send", "cut", "truncate", "drip"] = "send"
    rate: float = 0.0
    counted: bool = True


class SimulatedServer:
    """A vendor's server in memory. A subclass adds routes, signs in, and keeps the rows.

    ``lock`` guards the rows. ``faults`` are set over the control path. The vendor's own
    misbehaviours are named in ``vendor_faults`` with the member that ``NAME=V`` sets (or None);
    handlers find those of their request in ``request.faults``. ``samples`` tell the contract kit, by
    ``extract:KEY`` and ``load:KEY``, how each action type is tried.
    """

    name: ClassVar[str] = "server"
    vendor_faults: ClassVar[Mapping[str, str | None]] = {}
    samples: ClassVar[Mapping[str, Sample]] = {}

    def __init__(
        self, *, clock: Clock, seed: int, quotas: Mapping[str, tuple[int, float]] | None = None
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.rng = Rng(seed)
        self.router = Router()
        self.journal = Journal(clock)
        self.faults = FaultScript(self.vendor_faults)
        self.stats = Stats(clock)
        self.lock = threading.RLock()
        self.quotas = {k: Quota(k, c, s, clock) for k, (c, s) in (quotas or {}).items()}
        self._seq = 0
        self._late: list[tuple[float, int, SimRequest]] = []
        self._late_lock = threading.Lock()

    # -- for the vendor's part ------------------------------------------------------------------

    def dispatch(self, request: SimRequest) -> SimResponse:
        """Answer a request whose route is already found: quotas and sign-in come before this."""
        if request.handler is None:
            return self.unknown(request)
        return request.handler(request)

    def unknown(self, request: SimRequest) -> SimResponse:
        """Return the vendor's answer for a path that does not exist."""
        return SimResponse.text(f"There is no {request.path} here.", 404)

    def bad_json(
        self,
        request: SimRequest,  # noqa: ARG002 - for subclasses
        error: SimBadJson,
    ) -> SimResponse:
        """Return the vendor's answer for a body that is not JSON."""
        return SimResponse.text(f"The body is not JSON: {error}", 400)

    def allowed(self, request: SimRequest) -> list[tuple[str, str]]:
        """Return the header of a 405: the methods that the path does take."""
        return [("Allow", ", ".join(sorted(self.router.methods(request.segments))))]

    def crashed(self, request: SimRequest) -> SimResponse:
        """Return the vendor's answer when a handler fails; the trace goes to the log."""
        _log.exception("%s %s failed", request.method, request.path)
        return SimResponse.text("Internal server error", 500)

    def throttled(
        self,
        request: SimRequest,  # noqa: ARG002 - for subclasses
        headers: bool,  # noqa: ARG002 - for subclasses
    ) -> SimResponse:
        """Return the vendor's 429; without ``headers`` a bare one."""
        return SimResponse.text("Too many requests", 429)

    def family(self, request: SimRequest) -> str:
        """Return the path as the statistics count it: ids collapsed."""
        return request.pattern or "(unknown)"

    def settings(self, base_url: str) -> dict[str, Any]:
        """Return the connection's parameters that reach this simulator, secrets in clear."""
        raise NotImplementedError

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Return the rows of an entity in the vendor's own shape. Raises KeyError: no such."""
        raise NotImplementedError

    def put_row(self, entity: str, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change or create a row as a person in that system would; time stamps move."""
        raise NotImplementedError

    def delete_row(self, entity: str, key: str) -> None:
        """Remove a row as a person in that system would. Raises KeyError: no such."""
        raise NotImplementedError

    def stats_json(self) -> dict[str, Any]:
        """Return the statistics, with whatever the vendor's part adds."""
        return self.stats.as_json(self.quotas)

    # -- for the transport ----------------------------------------------------------------------

    def receive(self, request: SimRequest, *, loopback: bool = True) -> Reply:
        """Handle one request: control path, faults, then the vendor. Call ``finished`` after."""
        self.settle_late()
        if request.segments[:1] == (PREFIX,):
            if not loopback:
                return Reply(SimResponse.text("Not found", 404), counted=False)
            return Reply(control(self, request), counted=False)
        with self._late_lock:
            self._seq += 1
            request.seq = self._seq
        self._route(request)
        self.stats.begin(f"{request.method} {self.family(request)}")
        fired = self.faults.fire(request)
        if not fired:
            return Reply(self.execute(request))
        request.faults = tuple(f for f in fired if f["fault"] not in TRANSPORT)
        transport = next((f for f in fired if f["fault"] in TRANSPORT), None)
        if transport is None:
            return Reply(self.execute(request))
        return self._faulty(request, transport)

    def _route(self, request: SimRequest) -> None:
        """Find what answers: a slash at the end means nothing, HEAD is GET without the body."""
        if len(request.segments) > 1 and not request.segments[-1]:
            request.segments = request.segments[:-1]
            request.path = "/" + "/".join(request.segments)
        found = self.router.find(request.method, request.segments)
        if found is None and request.method == "HEAD":
            found = self.router.find("GET", request.segments)
            request.method = "HEAD" if found is None else "GET"
        if found is not None:
            request.handler, request.params, request.pattern = found

    def finished(self, reply: Reply) -> None:
        """Count the end of a request, after its answer has left."""
        if reply.counted:
            status = CUT if reply.response is None else reply.response.status
            self.stats.end(status, 0 if reply.response is None else len(reply.response.body))

    def execute(self, request: SimRequest) -> SimResponse:
        """Let the vendor's part answer; never raises."""
        try:
            return self.dispatch(request)
        except SimBadJson as error:
            return self.bad_json(request, error)
        except Exception:
            return self.crashed(request)

    def call(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> SimResponse:
        """Send a request without a socket; a cut connection raises ConnectionResetError."""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        if body:
            lower.setdefault("content-length", str(len(body)))
        reply = self.receive(SimRequest.parse(method, target, lower, body))
        self.finished(reply)
        if reply.response is None:
            raise ConnectionResetError(f"{method} {target}")
        return reply.response

    def settle_late(self) -> None:
        """Carry out the requests of fault ``late`` whose time has come."""
        while self._late:
            with self._late_lock:
                if not self._late or self._late[0][0] > self.clock.monotonic():
                    return
                _, _, request = heapq.heappop(self._late)
            self.execute(request)

    def _faulty(self, request: SimRequest, fault: Mapping[str, Any]) -> Reply:
        name = fault["fault"]
        if name in ("reset", "late"):
            if name == "late":
                self._postpone(request, float(fault["after"]))
            return Reply(None, "cut")
        if name == "html":
            return Reply(SimResponse.text(WEB_PAGE, kind="text/html; charset=utf-8"))
        if name == "status":
            return Reply(_stated(fault))
        if name == "throttle":
            return Reply(self.throttled(request, fault.get("headers", True) is not False))
        response = self.execute(request)
        if name == "answer_lost":
            return Reply(None, "cut")
        if name == "slow":
            self.clock.sleep(float(fault["seconds"]))
            return Reply(response)
        if name == "drip":
            return Reply(response, "drip", rate=float(fault["bytes_per_second"]))
        return Reply(response, "truncate")

    def _postpone(self, request: SimRequest, seconds: float) -> None:
        with self._late_lock:
            due = self.clock.monotonic() + seconds
            heapq.heappush(self._late, (due, request.seq, request))
        if isinstance(self.clock, SystemClock):
            # Nobody may ever call again: the request has to run by itself.
            threading.Thread(target=self._wait_for_late, args=(seconds,), daemon=True).start()

    def _wait_for_late(self, seconds: float) -> None:
        self.clock.sleep(seconds + 0.001)
        self.settle_late()


def _stated(fault: Mapping[str, Any]) -> SimResponse:
    body, headers = fault.get("body", ""), dict(fault.get("headers") or {})
    code = int(fault["code"])
    extra = [(str(n), str(v)) for n, v in headers.items() if n.lower() != "content-type"]
    if not isinstance(body, str):
        return SimResponse.json(body, code, extra)
    kind = next((v for n, v in headers.items() if n.lower() == "content-type"), "text/plain")
    return SimResponse.text(body, code, extra, kind=str(kind))
