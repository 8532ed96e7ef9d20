"""The target's side as rows of the database, to match many records at once (R10.3, ADR 6)."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import text

from hub.engine.context import FlowContext, Tools
from hub.engine.matching import natural_key, natural_of
from hub.engine.work import Work
from hub.mapping import canonical_json
from hub.outbox import Settled
from hub.sdk import Listed, Window
from hub.store.queries import listed_rows
from hub.store.transaction import Transaction

LISTING_MS = 600_000
"""A listing that is older is brought up to date before it is used again."""
WHOLE_TIMES = 20
"""While an old listing still shows records of ours, everything is listed anew when it is so many
times as old as it took: that costs at most a twentieth of the time."""
MARGIN = timedelta(seconds=120)
"""How far before a moment of the target's clock a list that begins there is asked for: its index
may lag behind."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on both clocks: one may be set back, the other stands still in a sleeping host."""

    monotonic: float
    ms: int

    @classmethod
    def now(cls, tools: Tools) -> "Mark":
        """Return this moment."""
        return cls(tools.clock.monotonic(), tools.now_ms())

    def age_ms(self, tools: Tools) -> int:
        """Return the milliseconds since then, by the clock that says more."""
        waited = int((tools.clock.monotonic() - self.monotonic) * 1000)
        return max(waited, abs(tools.now_ms() - self.ms))


class Listing:
    """The target's side, listed into the database once per run and never used when it is old.

    What was created or changed meanwhile is added by a list of just that, where the platform can
    tell it (``lists_changes``) and shows in it what the hub itself wrote meanwhile. Else, and
    in doubt whether what it shows is still there, everything is listed anew.
    """

    def __init__(self, tools: Tools, context: FlowContext) -> None:
        self._tools = tools
        self._context = context
        self._whole: Mark | None = None
        self._took_ms = 0
        self._seen: Mark | None = None
        self._since: datetime | None = None
        self._written: dict[str, str] = {}
        self._doubted = False

    @property
    def fresh(self) -> bool:
        """True while the listing may be used as it is."""
        if self._seen is None or (self._doubted and self.old):
            return False
        return self._seen.age_ms(self._tools) < LISTING_MS

    @property
    def old(self) -> bool:
        """True when some of it was last seen so long ago that it may have been deleted since."""
        return self._whole is None or self._whole.age_ms(self._tools) >= LISTING_MS

    @property
    def worn(self) -> bool:
        """True when listing everything anew would cost at most a twentieth of the time."""
        return self._whole is None or self._whole.age_ms(self._tools) >= WHOLE_TIMES * self._took_ms

    def doubt(self) -> None:
        """What the listing shows may not be there any more: all is listed anew once it is old."""
        self._doubted = True

    def wrote(self, rows: Sequence[Settled]) -> None:
        """These are ends of records that were sent: one of each kind must be among the changes."""
        for row in rows:
            if row.status == "done" and row.external_id:
                self._written.setdefault(row.outcome or "", row.external_id)

    def update(self, client: Any, ahead: Callable[[], timedelta] = timedelta) -> None:
        """Bring the listing up to date when it is not; ``ahead``: the target's clock before ours."""
        if self.fresh:
            return
        changes = self._context.target.action.lists_changes and not self._doubted
        if self._whole is None or not changes or not self._read_changes(client, ahead):
            self._read_whole(client, ahead)

    def _read_whole(self, client: Any, ahead: Callable[[], timedelta]) -> None:
        """List everything, a page per transaction.

        Others may match by these rows meanwhile, or list the same side: a row goes only when a
        whole listing that began later did not show it.
        """
        started, number = Mark.now(self._tools), self._next_number()
        for _ in self._pages(client, Window(), number):
            pass
        with self._tools.database.begin() as connection:
            connection.execute(DELETE_UNLISTED, {**self._where, "number": number})
        self._whole, self._took_ms = started, started.age_ms(self._tools)
        self._doubted = False
        self._know_since(started, ahead)
        if not self._context.target.action.lists_changes or self._took_ms >= LISTING_MS:
            self._seen = Mark.now(self._tools)

    def _read_changes(self, client: Any, ahead: Callable[[], timedelta]) -> bool:
        """List what was created or changed since the last time; False when that proves nothing.

        The numbers of these rows are those of the next listing: another worker's whole listing that
        is half way through does not take them away.
        """
        witness = self._written.get("created") or next(iter(self._written.values()), None)
        if witness is None:
            return False
        started, shown = Mark.now(self._tools), False
        window = Window(since=self._since, changed=True)
        for page in self._pages(client, window, self._next_number()):
            shown = shown or any(listed.external_id == witness for listed in page)
        if shown:
            self._know_since(started, ahead)
        return shown

    def _know_since(self, started: Mark, ahead: Callable[[], timedelta]) -> None:
        """What happens over there after ``started`` is not in the listing."""
        ago = timedelta(milliseconds=started.age_ms(self._tools))
        self._since = self._tools.clock.now() + ahead() - ago - MARGIN
        self._seen = started
        self._written = {}

    def _next_number(self) -> int:
        with self._tools.database.look() as connection:
            return int(connection.execute(NEXT_LISTING, self._where).scalar_one())

    @property
    def _where(self) -> dict[str, Any]:
        return {"connection": self._context.target.id, "entity": self._context.entity}

    def _pages(self, client: Any, window: Window, number: int) -> Iterator[Sequence[Listed]]:
        """Store the pages of a list under a number, and yield them."""
        target = self._context.target
        pages = target.plugin.listing(client, target.action, window, self._context.preferences)
        for page in pages:
            rows = [{**self._row(listed), "number": number} for listed in page]
            if rows:
                with self._tools.database.begin() as connection:
                    connection.execute(UPSERT_LISTED, rows)
            yield page

    def _row(self, listed: Listed) -> dict[str, Any]:
        return {
            **self._where,
            "external": listed.external_id,
            "stamp": listed.stamp or None,
            "natural": natural_key(self._context, listed.natural_keys),
            "name": str(listed.natural_keys.get("name") or "")[:300] or None,
            "scope": listed.scope,
            "fields": canonical_json(listed.fields),
        }

    def find(self, connection: Transaction, works: Sequence[Work]) -> dict[str, list[Listed]]:
        """Return the hits of each record, by its key: by stamp, else by natural key."""
        found = self._select(connection, "stamp", [work.key for work in works])
        naturals = {
            natural: work.key
            for work in works
            if work.key not in found and (natural := natural_of(self._context, work))
        }
        if naturals:
            hits = self._select(connection, "natural_key", list(naturals))
            for work in works:
                natural = natural_of(self._context, work)
                if work.key not in found and natural in hits:
                    found[work.key] = hits[natural]
        return found

    def _select(
        self, connection: Transaction, column: Literal["stamp", "natural_key"], values: list[str]
    ) -> dict[str, list[Listed]]:
        context = self._context
        found: dict[str, list[Listed]] = {}
        rows = listed_rows(connection, context.target.id, context.entity, column, values)
        for external_id, stamp, natural, name, scope, fields in rows:
            keys = {"name": name or "", "email": natural or ""}
            listed = Listed(external_id, stamp, keys, json.loads(fields or "{}"), scope)
            found.setdefault(stamp if column == "stamp" else natural, []).append(listed)
        return found


NEXT_LISTING = text("""
SELECT COALESCE(MAX(run_id), 0) + 1 FROM listing
WHERE connection_id = :connection AND entity = :entity
""")

UPSERT_LISTED = text("""
INSERT INTO listing (connection_id, entity, external_id, run_id, stamp, natural_key, name, scope,
                     fields)
VALUES (:connection, :entity, :external, :number, :stamp, :natural, :name, :scope, :fields)
ON CONFLICT (connection_id, entity, external_id) DO UPDATE SET
  run_id = CASE WHEN listing.run_id > excluded.run_id THEN listing.run_id ELSE excluded.run_id END,
  stamp = excluded.stamp, natural_key = excluded.natural_key, name = excluded.name,
  scope = excluded.scope, fields = excluded.fields
""")

DELETE_UNLISTED = text("""
DELETE FROM listing WHERE connection_id = :connection AND entity = :entity AND run_id < :number
""")
