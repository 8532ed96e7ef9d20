"""The ``http`` that a plugin gets: permits, fence, guard, deadline, and sorted errors per call."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy.exc import SQLAlchemyError

from hub.gate.adapter import NotSent
from hub.gate.body import encode
from hub.gate.call import Call, moved, trouble
from hub.gate.circuit import Circuits, Way
from hub.gate.facts import CallRecord, ConnectionFacts, Fence
from hub.gate.guard import Origin, Refused, split_url
from hub.gate.limiter import Limiter
from hub.gate.quota import Account, Permit, matching
from hub.gate.sign_in import SignIn
from hub.gate.sql import Hot
from hub.gate.transport import NoAnswer, Raw, Request, TooLarge, Transport
from hub.registry.watch import outside
from hub.sdk import (
    AmbiguousWrite,
    Answer,
    Clock,
    ConfigError,
    ConnectionTrouble,
    HubError,
    LeaseLost,
    LoadItem,
    QuotaSpec,
    RateLimited,
    http_date,
)
from hub.seams import crashpoint
from hub.store.database import is_away
from hub.store.transaction import Transaction

log = logging.getLogger(__name__)

DEFAULT_SECONDS = 30.0
DEFAULT_MB = 20
SAFE = {"GET", "HEAD", "OPTIONS"}
EXCERPT = 4000
UNLISTED = QuotaSpec("unlisted", "Calls without a stated limit", calls=1_000_000, seconds=60.0)
"""For calls that match no quota of the plugin: a 429 makes everybody wait there too."""

Params = Mapping[str, str] | Sequence[tuple[str, str]]


@contextmanager
def _never_hiding_the_answer() -> Iterator[None]:
    """What the hub notes about a call must not hide how the call ended: a create may be done."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            log.warning("A finished call could not be noted: the database is away")
        else:
            log.exception("A finished call could not be noted")


class GateSession:
    """``hub.sdk.Http`` for one open client."""

    def __init__(
        self,
        facts: ConnectionFacts,
        account: Account,
        origins: Mapping[Origin, str],
        specs: Sequence[QuotaSpec],
        *,
        transport: Transport,
        limiter: Limiter,
        circuits: Circuits,
        sign_in: SignIn,
        touch: Callable[[], None],
        clock: Clock,
        priority: str,
        fence: Fence | None,
        on_call: Callable[[CallRecord], None] | None,
        should_stop: Callable[[], bool] | None,
        test: bool,
    ) -> None:
        self.facts = facts
        self.calls = 0
        self.last_way: Way = "read"
        self.last_specs: list[QuotaSpec] = []
        self.last_status: int | None = None
        self.last_failed = False
        self.counted: BaseException | None = None
        self.account = account
        self._origins = origins
        self._specs = specs
        self._transport = transport
        self._limiter = limiter
        self._circuits = circuits
        self._sign_in = sign_in
        self._touch = touch
        self._clock = clock
        self._priority = priority
        self._fence = fence
        self._on_call = on_call
        self._should_stop = should_stop
        self._test = test
        self._lost: LeaseLost | None = None
        self._date = ""
        self._server_now: datetime | None = None

    @property
    def server_now(self) -> datetime | None:
        """The vendor's time, from the last Date header."""
        if self._server_now is None and self._date:
            self._server_now = http_date(self._date)
        return self._server_now

    @outside
    def request(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        writes: Sequence[LoadItem] | None = None,
        reads: bool = False,
        timeout: float | None = None,
        max_mb: int | None = None,
    ) -> Answer:
        """Send one request and return its whole answer (see ``hub.sdk.Http``)."""
        method = method.upper()
        if method not in SAFE and writes is None and not reads:
            raise ValueError(f"{method} without writes= changes records that nobody names")
        if writes is not None and self._lost is not None:
            raise LeaseLost(*self._lost.args)
        origin, target, path = self._target(url, params)
        head, body = encode(json, form, headers, cookies)
        call = Call(method, url, path, origin, tuple(writes or ()), writes is not None, body)
        permit, probe = self._permit(call)
        if call.write:
            crashpoint("intent.after_commit")
        started = self._clock.monotonic()
        try:
            raw = self._transport.send(
                origin,
                Request(method, target, head, body, (max_mb or DEFAULT_MB) * 1_000_000),
                own_network=self.facts.own_network,
                seconds=timeout or DEFAULT_SECONDS,
            )
        except Exception as error:
            raise self._failed(call, permit, probe, error, started) from None
        finally:
            permit.release()
        if call.write:
            crashpoint("call.after_answer")
        took = self._clock.monotonic() - started
        return self._answered(call, permit, probe, raw, took)

    def _target(self, url: str, params: Params | None) -> tuple[Origin, str, str]:
        try:
            origin, parts = split_url(url)
        except Refused as error:
            raise ConfigError(f"The call is not possible: {error}.") from None
        if origin not in self._origins:
            raise ConfigError(
                f"{origin} is not an address of this connection, so nothing was sent there."
            )
        path = parts.path or "/"
        query = parts.query or ""
        if params:
            query += ("&" if query else "") + urlencode(
                list(params.items()) if isinstance(params, Mapping) else params, quote_via=quote
            )
        return origin, f"{path}?{query}" if query else path, path

    def _permit(self, call: Call) -> tuple[Permit, bool]:
        specs = matching(self._specs, call.method, call.path) or [UNLISTED]
        self.last_specs, self.last_way = specs, call.way
        self._touch()
        if self._should_stop is not None:
            # Whoever asks keeps leases alive: a listing of many pages outlasts each of them.
            self._should_stop()
        probe = False
        connection_id = self.facts.id
        fence = self._fence if call.write else None
        covered = fence is not None and fence.covered(call.items)

        def check(hot: Hot) -> None:
            nonlocal probe
            probe = False
            if covered and fence is not None and not fence.covered(call.items):
                raise LeaseLost("the lease ran out while a permit was waited for; nothing was sent")
            if connection_id is not None and not self._test:
                probe = self._circuits.check(hot, connection_id, call.way)
            if covered and fence is not None:
                fence.begins(hot.transaction, call.items)

        def also(conn: Transaction) -> None:
            if fence is not None:
                fence.before_send(conn, call.items, call.method, call.url)

        try:
            permit = self._limiter.acquire(
                self.account,
                specs,
                priority=self._priority,
                should_stop=self._should_stop,
                check=check,
                also=also if fence is not None and not covered else None,
            )
        except LeaseLost as error:
            self._lost = error
            raise
        except (ConnectionTrouble, RateLimited) as error:
            self.counted = error
            raise
        except SQLAlchemyError:
            # What the fence noted is not on disk: nothing more is sent on the strength of it.
            self._lost = LeaseLost("the hub's database failed before the call; nothing was sent")
            raise
        return permit, probe

    def _failed(
        self, call: Call, permit: Permit, probe: bool, error: Exception, started: float
    ) -> HubError:
        self.calls += 1
        self.last_status, self.last_failed = None, True
        took = self._clock.monotonic() - started
        told = self._sorted(call, error)
        self.counted = told
        with _never_hiding_the_answer():
            self._limiter.failed(self.account, permit)
            if self.facts.id is not None and (probe or not isinstance(told, ConfigError)):
                self._circuits.failed(self.facts.id, call.way, str(told), probe=probe)
            unsure = isinstance(told, AmbiguousWrite)
            self._report(call, None, took, str(told), b"", unsure=unsure)
        return told

    def _sorted(self, call: Call, error: Exception) -> HubError:
        parameter = self._origins[call.origin]
        if isinstance(error, Refused):
            return ConfigError(f"{call.origin} {error}.", parameter=parameter)
        if isinstance(error, NotSent):
            if self._test and error.kind != "connect":
                return ConfigError(f"{error}. Check the address.", parameter=parameter)
            return ConnectionTrouble(f"{error}.")
        if isinstance(error, NoAnswer | TooLarge):
            text = f"{error}." if isinstance(error, NoAnswer) else f"{call.origin} {error}."
            return AmbiguousWrite(text) if call.write else ConnectionTrouble(text)
        text = f"The call to {call.origin} failed: {type(error).__name__}."
        return AmbiguousWrite(text) if call.write else ConnectionTrouble(text)

    def _answered(self, call: Call, permit: Permit, probe: bool, raw: Raw, took: float) -> Answer:
        self.calls += 1
        self.last_status = raw.status
        date = raw.headers.get("date", "")
        if date != self._date:
            self._date, self._server_now = date, None
        gone = moved(call, raw, self._origins[call.origin])
        with _never_hiding_the_answer():
            self._limiter.answered(self.account, permit, raw.status, raw.headers, took)
            self._judge(call, raw, probe, gone)
            self._report(call, raw.status, took, str(gone or ""), raw.body)
        if gone is not None:
            self.counted = gone
            raise gone
        return Answer(raw.status, raw.headers, raw.body, call.url, took, raw.cookies)

    def _judge(self, call: Call, raw: Raw, probe: bool, gone: HubError | None) -> None:
        if self.facts.id is None:
            return
        reason = trouble(call, raw, gone)
        self.last_failed = bool(reason)
        if not reason:
            self._circuits.passed(self.facts.id, call.way, closes=probe or self._test)
            if 200 <= raw.status < 300:
                self._sign_in.answered()
            return
        # Some systems answer 500 for one bad record: it counts for the rate only.
        soft = raw.status == 500
        self._circuits.failed(self.facts.id, call.way, reason, probe=probe, soft=soft)

    def _report(
        self,
        call: Call,
        status: int | None,
        took: float,
        error: str,
        answer: bytes,
        *,
        unsure: bool = False,
    ) -> None:
        if self._on_call is None:
            return
        sent = call.body or b"" if call.write else b""
        got = answer if call.write or (status or 0) >= 400 else b""
        self._on_call(
            CallRecord(
                call.method,
                call.path,
                status,
                took,
                call.items,
                error,
                lambda: sent[:EXCERPT].decode("utf-8", "replace"),
                lambda: got[:EXCERPT].decode("utf-8", "replace"),
                unsure,
            )
        )
