"""Refused sign-ins: values that a system refused once are not tried again (R16: it locks users)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from hub.gate.facts import ConnectionFacts
from hub.registry.plugin import Plugin
from hub.sdk import AuthError
from hub.store.database import Database
from hub.store.tables import Connection as ConnectionRow
from hub.vault.sealing import Vault

CONNECTED, NEEDS_SIGN_IN, NOT_REACHABLE = "connected", "needs_sign_in", "not_reachable"
OnState = Callable[[int, str, str], None]
"""Called with (connection id, new state, detail) after the change is committed."""


def sign_in_digest(vault: Vault, plugin: Plugin, settings: Mapping[str, Any]) -> str:
    """Return the keyed digest of the values that decide a sign-in (marked ``sign_in``, secrets)."""
    names = sorted(spec.name for spec in plugin.parameters if spec.sign_in or spec.secret)
    values = {name: str(settings.get(name) or "") for name in names}
    return vault.digest("sign-in", json.dumps(values, sort_keys=True))


def _yes() -> bool:
    return True


class SignIn:
    """What one open client knows of its connection's sign-in state."""

    def __init__(
        self,
        db: Database,
        facts: ConnectionFacts,
        digest: str,
        *,
        test: bool,
        on_state: OnState,
        healthy: Callable[[], bool] = _yes,
    ) -> None:
        self._db = db
        self._facts = facts
        self._digest = digest
        self._test = test
        self._on_state = on_state
        self._healthy = healthy
        self._said_connected = False

    def check(self) -> None:
        """Raise ``AuthError`` when exactly these values were refused before; calls nobody.

        A person's explicit test always tries.
        """
        if self._facts.id is None or self._test:
            return
        with self._db.read() as session:
            found = session.execute(
                select(
                    ConnectionRow.refused_digest, ConnectionRow.state_detail, ConnectionRow.state
                ).where(ConnectionRow.id == self._facts.id)
            ).first()
        if found is None:
            return
        if found[0] == self._digest:
            raise AuthError(found[1] or "The sign-in was refused. Change the sign-in values.")
        self._said_connected = found[2] == CONNECTED

    def refused(self, error: AuthError) -> None:
        """The system refused: remember the values, so that nobody tries them again."""
        self._set(NEEDS_SIGN_IN, str(error), self._digest)

    def unreachable(self, detail: str) -> None:
        """Calls wait: show it, unless a refused sign-in is the older trouble."""
        self._set(NOT_REACHABLE, detail, None, unless=NEEDS_SIGN_IN)

    def answered(self) -> None:
        """A call succeeded: the connection works. Costs nothing when that was known."""
        if self._said_connected:
            return
        # While calls of the other direction still wait, one that passes is not "connected".
        unless = None if self._healthy() else NOT_REACHABLE
        self._set(CONNECTED, "", None, unless=unless)
        self._said_connected = True

    def recovered(self) -> None:
        """Calls pass again after an outage; a refused sign-in stays refused."""
        self._set(CONNECTED, "", None, unless=NEEDS_SIGN_IN)

    def _set(self, state: str, detail: str, digest: str | None, unless: str | None = None) -> None:
        if self._facts.id is None:
            return
        with self._db.write() as session:
            row = session.get(ConnectionRow, self._facts.id)
            if row is None or row.state == unless:
                return
            if (row.state, row.state_detail, row.refused_digest) == (state, detail, digest):
                return
            row.state, row.state_detail, row.refused_digest = state, detail, digest
            row.state_at = self._db.clock.now()
        self._said_connected = False
        self._on_state(self._facts.id, state, detail)
