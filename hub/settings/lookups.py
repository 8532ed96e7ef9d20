"""Live lists for the page, with the last good answer when the other system is out of reach."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.gate.facts import ConnectionFacts
from hub.registry import Plugin
from hub.sdk import Choice, ConfigError, HubError
from hub.settings import connection_values, connections
from hub.settings.connections import ConnectionInput
from hub.settings.context import Context
from hub.settings.errors import FieldErrors
from hub.settings.facts import facts_of, unsaved_facts
from hub.store.tables import LookupCache

FRESH_FOR = timedelta(minutes=10)

OpenClient = Callable[[ConnectionFacts, Plugin, Mapping[str, Any]], AbstractContextManager[Any]]
"""``Gate.open`` with ``priority="person"`` already given; yields an object with ``client``."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Choices with their age. ``error`` says why they are not new; ``parameter`` whose fault."""

    choices: tuple[Choice, ...]
    read_at: datetime | None
    error: str = ""
    parameter: str | None = None


class Lookups:
    """Live lookups of saved connections and of values not saved yet."""

    def __init__(self, context: Context, open_client: OpenClient) -> None:
        self._context = context
        self._open = open_client

    def cached(self, connection_id: int, lookup: str) -> Looked:
        """Return the last good answer without calling anybody; empty when there is none."""
        with self._context.database.read() as session:
            row = session.get(LookupCache, (connection_id, lookup))
            if row is None:
                return Looked((), None)
            return Looked(tuple(Choice(*item) for item in row.choices), row.read_at)

    def read(
        self, connection_id: int, lookup: str, *, query: str = "", fresh: bool = False
    ) -> Looked:
        """Return choices at most ten minutes old, or read them now (``fresh``: always).

        Never raises for the other system: its trouble is ``error``, beside the last good answer.
        """
        saved = self.cached(connection_id, lookup)
        young = saved.read_at is not None and self._context.now() - saved.read_at < FRESH_FOR
        if young and not fresh and not query:
            return saved
        try:
            with self._context.database.read() as session:
                connection = connection_values.get_connection(session, connection_id)
                values = connection_values.resolved(self._context, session, connection)
                facts = facts_of(connection, values)
            choices = self._ask(facts, values, lookup, query)
        except HubError as error:
            return Looked(saved.choices, saved.read_at, str(error), _parameter(error))
        now = self._context.now()
        if not query:
            self._keep(connection_id, lookup, choices, now)
        return Looked(choices, now)

    def read_unsaved(self, given: ConnectionInput, lookup: str, *, query: str = "") -> Looked:
        """Read with values as they stand in the form. Raises ``FieldErrors`` when they are wrong."""
        with self._context.database.read() as session:
            values = connections.unsaved(self._context, session, given)
            found = connections.by_key(session, given.key)
            saved_network = found.own_network if found else False
        own = saved_network if given.own_network is None else given.own_network
        facts = unsaved_facts(given.key, given.plugin, values, own_network=own)
        try:
            return Looked(self._ask(facts, values, lookup, query), self._context.now())
        except HubError as error:
            old = self.cached(found.id, lookup) if found else Looked((), None)
            return Looked(old.choices, old.read_at, str(error), _parameter(error))

    def _ask(
        self, facts: ConnectionFacts, values: Mapping[str, Any], lookup: str, query: str
    ) -> tuple[Choice, ...]:
        plugin = self._context.plugin(facts.plugin)
        if plugin is None:
            raise FieldErrors({"plugin": self._context.registry.why_not(facts.plugin)})
        with self._open(facts, plugin, values) as opened:
            return tuple(plugin.lookup(opened.client, lookup, query))

    def _keep(
        self, connection_id: int, lookup: str, choices: tuple[Choice, ...], now: datetime
    ) -> None:
        plain = [[c.value, c.label, c.note] for c in choices]
        with self._context.database.write() as session:
            session.merge(
                LookupCache(connection_id=connection_id, lookup=lookup, choices=plain, read_at=now)
            )


def _parameter(error: HubError) -> str | None:
    return error.parameter if isinstance(error, ConfigError) else None
