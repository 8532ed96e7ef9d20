"""The gate: every call to a vendor passes here."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hub.gate.circuit import Circuits
from hub.gate.client_state import OwnState, SharedState
from hub.gate.facts import CallRecord, ConnectionFacts, ConnectionStatus, Fence
from hub.gate.guard import Origin, Refused, split_url
from hub.gate.judge import Judge, entered
from hub.gate.limiter import BULK, Limiter
from hub.gate.quota import Account
from hub.gate.session import GateSession
from hub.gate.sessions import NothingToClose, Sessions
from hub.gate.sign_in import OnState, SignIn, sign_in_digest
from hub.gate.sql import light
from hub.gate.status import connection_status
from hub.gate.transport import Transport
from hub.registry.plugin import Plugin
from hub.sdk import (
    ConfigError,
    HubError,
    Kind,
    Rng,
)
from hub.store.database import Database
from hub.vault.sealing import Vault

log = logging.getLogger(__name__)

Resolve = Callable[[int], tuple[ConnectionFacts, Plugin, Mapping[str, Any]] | None]
"""Connection id to what is needed to open it; None when it is gone or incomplete."""


@dataclass(slots=True)
class OpenClient:
    """A plugin's client in use. ``client`` goes to the plugin's hooks; ``http`` counts and tells.

    Errors that leave the ``with`` block are judged by the gate. Who catches them inside hands
    them to ``judge``.
    """

    client: Any
    http: GateSession
    judge: Callable[[BaseException], None]

    @property
    def calls(self) -> int:
        """Calls sent through this client so far, sign-in included."""
        return self.http.calls


def _ignore(_connection_id: int, _state: str, _detail: str) -> None:
    return


class Gate:
    """Quotas, circuits, sessions and guarded connections of one process.

    ``owner`` is ``hub.store.owner.process_owner()``. ``keep_alive``: sessions stay open between
    uses until ``close_idle``; otherwise the last user signs out. ``on_state`` hears of changed
    connection states after the commit. ``ca_file``: an own certificate authority.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        rng: Rng,
        owner: str,
        *,
        keep_alive: bool = False,
        on_state: OnState | None = None,
        ca_file: str | None = None,
    ) -> None:
        self.db = db
        self.vault = vault
        self._on_state = on_state or _ignore
        self._transport = Transport(ca_file)
        self._limiter = Limiter(db, rng)
        self._circuits = Circuits(db, rng, owner, self._circuit_changed)
        self._sessions = Sessions(db, vault, owner, keep_alive=keep_alive)

    @contextmanager
    def open(
        self,
        connection: ConnectionFacts,
        plugin: Plugin,
        settings: Mapping[str, Any],
        *,
        priority: str = BULK,
        fence: Fence | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        test: bool = False,
    ) -> Iterator[OpenClient]:
        """Sign in (or reuse the shared session) and yield the client; sign out if last.

        ``priority`` is "person" or "bulk". ``fence.before_send`` runs in the permit's transaction of
        every call with ``writes``. ``test``: a person's explicit test: refused values are tried
        again and an open circuit does not stop it.
        Raises the connector vocabulary of ``hub.sdk``; ``LeaseLost`` passes through everything.
        """
        with self._open(
            connection,
            plugin,
            settings,
            priority=priority,
            fence=fence,
            on_call=on_call,
            should_stop=should_stop,
            test=test,
        ) as opened:
            yield opened

    @contextmanager
    def _open(
        self,
        connection: ConnectionFacts,
        plugin: Plugin,
        settings: Mapping[str, Any],
        *,
        priority: str = BULK,
        fence: Fence | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        test: bool = False,
        closing: bool = False,
    ) -> Iterator[OpenClient]:
        sign_in = SignIn(
            self.db,
            connection,
            "" if connection.id is None else sign_in_digest(self.vault, plugin, settings),
            test=test,
            on_state=self._on_state,
            healthy=lambda: self._healthy(connection.id),
        )
        sign_in.check()
        http = GateSession(
            connection,
            _account(connection, settings),
            allowed_origins(plugin, settings),
            plugin.quotas(settings),
            transport=self._transport,
            limiter=self._limiter,
            circuits=self._circuits,
            sign_in=sign_in,
            touch=lambda: self._touch(connection.id),
            clock=self.db.clock,
            priority=priority,
            fence=fence,
            on_call=on_call,
            should_stop=should_stop,
            test=test,
        )
        state = self._state(connection, sign_in, closing=closing)
        judge = Judge(connection, http, sign_in, self._limiter, self._circuits, test=test)
        try:
            with entered(plugin, settings, http, state, judge) as client:
                yield OpenClient(client, http, judge)
        finally:
            state.finish()

    def _state(
        self, connection: ConnectionFacts, sign_in: SignIn, *, closing: bool
    ) -> SharedState | OwnState:
        if connection.id is None:
            return OwnState()
        return SharedState(
            self._sessions,
            connection.id,
            check=sign_in.check,
            refused=sign_in.refused,
            closing=closing,
        )

    def _touch(self, connection_id: int | None) -> None:
        if connection_id is not None:
            self._sessions.touch(connection_id)

    def _circuit_changed(self, connection_id: int, closed: bool, reason: str) -> None:
        facts = ConnectionFacts(connection_id, "", "")
        sign_in = SignIn(self.db, facts, "", test=False, on_state=self._on_state)
        if not closed:
            sign_in.unreachable(reason)
            return
        if self._healthy(connection_id):
            sign_in.recovered()

    def _healthy(self, connection_id: int | None) -> bool:
        if connection_id is None:
            return True
        with light(self.db) as hot:
            return self._circuits.all_closed(hot, connection_id)

    def close_idle(self, resolve: Resolve, *, older_than: float = 60.0) -> int:
        """Sign out sessions that nobody has used for ``older_than`` seconds; returns how many.

        For the janitor (every minute) and the stop of the process (``older_than=0``). A system
        that is out of reach keeps its session row, so that the next try can end it.
        """
        closed = 0
        for connection_id in self._sessions.idle(older_than):
            found = resolve(connection_id)
            if found is None:
                continue
            facts, plugin, settings = found
            try:
                with self._open(facts, plugin, settings, priority=BULK, closing=True):
                    pass
                closed += 1
            except NothingToClose:
                continue
            except HubError as error:
                log.warning("The session of %s could not be signed out: %s", facts.key, error)
        return closed

    def try_now(self, connection_id: int) -> None:
        """Let calls of an open circuit be tried at once (the button *Try now*)."""
        self._circuits.try_now(connection_id)

    def status(
        self,
        connection_id: int,
        plugin: Plugin | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> ConnectionStatus:
        """Return circuits, quotas and session for the connection page; calls nobody."""
        specs = plugin.quotas(settings or {}) if plugin is not None else []
        return connection_status(self.db, connection_id, specs)

    def close(self) -> None:
        """Close kept connections (sessions stay; see ``close_idle``)."""
        self._transport.close()


def _account(connection: ConnectionFacts, settings: Mapping[str, Any]) -> Account:
    if connection.id is not None:
        return Account(connection.id, f"#{connection.id}", connection.quota_share)
    # Values under test: the same address shares one memory of its quota.
    texts = sorted(str(value) for value in settings.values() if "://" in str(value))
    return Account(None, f"{connection.plugin} {' '.join(texts)}", connection.quota_share)


def allowed_origins(plugin: Plugin, settings: Mapping[str, Any]) -> dict[Origin, str]:
    """Return what the connection may reach: the origins of its URL parameters, by name.

    Raises ``ConfigError`` at the parameter whose value is not a usable address.
    """
    found: dict[Origin, str] = {}
    for spec in plugin.parameters:
        value = settings.get(spec.name)
        if spec.kind is not Kind.URL or not value:
            continue
        try:
            origin, _ = split_url(str(value))
        except Refused as error:
            raise ConfigError(f"{spec.label}: {error}.", parameter=spec.name) from None
        found.setdefault(origin, spec.name)
    return found
