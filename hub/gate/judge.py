"""What errors of a client mean for its connection, and a careful way in and out of a client."""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hub.gate.circuit import Circuits
from hub.gate.client_state import OwnState, SharedState
from hub.gate.facts import ConnectionFacts
from hub.gate.limiter import Limiter
from hub.gate.session import GateSession
from hub.gate.sessions import NothingToClose
from hub.gate.sign_in import SignIn
from hub.registry.plugin import Plugin
from hub.sdk import AmbiguousWrite, AuthError, ConnectionTrouble, HubError, RateLimited

log = logging.getLogger(__name__)


class Judge:
    """Turns errors of a client into what the connection must know of them, each once."""

    def __init__(
        self,
        facts: ConnectionFacts,
        http: GateSession,
        sign_in: SignIn,
        limiter: Limiter,
        circuits: Circuits,
        *,
        test: bool,
    ) -> None:
        self._facts = facts
        self._http = http
        self._sign_in = sign_in
        self._limiter = limiter
        self._circuits = circuits
        self._test = test
        self._judged: BaseException | None = None

    def __call__(self, error: BaseException) -> None:
        """Note a refused sign-in, a spent quota, or trouble that the transport did not see."""
        if error is self._judged:
            return
        self._judged = error
        seen = error is self._http.counted
        if isinstance(error, AuthError):
            self._sign_in.refused(error)
        elif isinstance(error, RateLimited) and not seen:
            if self._http.last_status is not None and self._http.last_status != 429:
                for spec in self._http.last_specs:
                    self._limiter.refuse(self._http.account, spec, error.retry_after)
        elif isinstance(error, ConnectionTrouble | AmbiguousWrite) and not seen:
            self._trouble(error)
        if self._test and isinstance(error, ConnectionTrouble):
            self._sign_in.unreachable(str(error))

    def _trouble(self, error: HubError) -> None:
        if self._facts.id is None or isinstance(error, NothingToClose) or not self._http.calls:
            return
        if self._http.last_failed:
            return  # counted when it came
        self._circuits.failed(
            self._facts.id, self._http.last_way, str(error), probe=False, instead=True
        )


@contextmanager
def entered(
    plugin: Plugin,
    settings: Mapping[str, Any],
    http: GateSession,
    state: SharedState | OwnState,
    judge: Judge,
) -> Iterator[Any]:
    """Enter and leave the plugin's client; a failed sign-out never hides how the work ended."""
    try:
        manager = plugin.open_client(settings, http, state)
        client = manager.__enter__()
    except HubError as error:
        judge(error)
        raise
    try:
        yield client
    except BaseException as error:
        if isinstance(error, HubError):
            judge(error)
        _leave(manager, http, sys.exc_info())
        raise
    _leave(manager, http, (None, None, None))


def _leave(manager: Any, http: GateSession, info: Sequence[Any]) -> None:
    try:
        manager.__exit__(*info)
    except HubError as error:
        if error is not info[1]:
            log.warning("Signing out of %s failed: %s", http.facts.key, error)
