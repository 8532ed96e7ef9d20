"""A fresh simulator, its clock, the settings that reach it, and one connection's session."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hub.gate.transport import Transport
from hub.mapping import Mapper
from hub.registry.plugin import Plugin
from hub.sdk import (
    ActionType,
    Cursor,
    Direction,
    Listed,
    LoadItem,
    LoadResult,
    Outcome,
    Page,
    Record,
    VirtualClock,
    Window,
    parse_time,
)
from hub.sdk.simulation import Sample, SimulatedServer
from hub.testing.examples import EXAMPLES
from hub.testing.rules import broken
from hub.testing.wire import MemoryState, Sent, session

OVERLAP = 300.0
"""Seconds that the hub takes off a cursor (R8)."""


class World:
    """What one check works in; nothing of it outlives the check."""

    def __init__(
        self,
        plugin: Plugin,
        sim: SimulatedServer,
        clock: VirtualClock,
        url: str,
        transport: Transport,
    ) -> None:
        self.plugin = plugin
        self.sim = sim
        self.clock = clock
        self.settings = sim.settings(url)
        self.state = MemoryState()
        self.sent: list[Sent] = []
        self._transport = transport
        self._parents: dict[str, dict[str, Any]] = {}

    @contextmanager
    def client(self, **settings: Any) -> Iterator[Any]:
        """Open the plugin's client as the hub does; leaving it signs out as last user."""
        given = {**self.settings, **settings}
        http = session(self.plugin, given, self._transport, self.clock, self.sent)
        self.state.users += 1
        try:
            with self.plugin.open_client(given, http, self.state) as client:
                yield client
        finally:
            self.state.users -= 1

    def fault(self, name: str, match: str = "* /", **more: Any) -> None:
        """Let every request that matches go wrong in one way."""
        self.sim.faults.replace([{"match": match, "fault": name, **more}])

    def heal(self) -> None:
        """No more faults."""
        self.sim.faults.replace([])

    def sample(self, action: ActionType) -> Sample:
        """Return how this action type is tried."""
        name = f"{action.direction.value}:{action.key}"
        found = self.sim.samples.get(name)
        if found is None:
            broken(
                f"The simulator has no sample for {name}, so that nothing of it can be tried.",
                f"Add {name!r} to the samples of the simulator's class: a "
                "hub.sdk.simulation.Sample with the entity's name there.",
            )
        return found

    # -- reading --------------------------------------------------------------------------------

    def pages(
        self, client: Any, action: ActionType, since: datetime | None = None, partition: str = ""
    ) -> Iterator[Page]:
        """Yield the pages of one reading."""
        window = Window(since=since, partition=partition)
        for page in self.plugin.extract(client, action, window):
            if not isinstance(page, Page):
                broken(
                    f"hub_extract of {action.key} yielded {type(page).__name__}.",
                    "Yield hub.sdk.Page(records, resume).",
                )
            yield page

    def read(
        self, client: Any, action: ActionType, since: datetime | None = None
    ) -> tuple[dict[str, Record], Cursor | None]:
        """Return the records of a reading by key, all partitions, and its last cursor."""
        records: dict[str, Record] = {}
        resume: Cursor | None = None
        parts = ("",) if since is None else action.partitions
        for partition in parts:
            for page in self.pages(client, action, since, partition):
                records |= {record.key: record for record in page.records}
                resume = page.resume or resume
        return records, resume

    def edit(self, action: ActionType, key: str, n: int) -> None:
        """Change the source's record as a person over there would."""
        sample = self.sample(action)
        if sample.change is None:
            broken(
                f"The sample extract:{action.key} does not say how a person changes a row.",
                "Give it change=lambda n: {field: value}, for put_row.",
            )
        with self.sim.lock:
            self.sim.put_row(sample.entity, sample.row_key(key), sample.change(n))

    # -- loading --------------------------------------------------------------------------------

    def item(
        self, client: Any, action: ActionType, n: int, external_id: str | None = None
    ) -> LoadItem:
        """Return the record number n as the default mapping makes it."""
        canonical = self.canonical(action, n)
        context = {**canonical, "preferences": {}, "values": {}}
        context.setdefault("parent", self._parent(client, action))
        every = self.plugin.mapping_defaults(action)
        rules = [rule for rule in every if rule.counts(self.settings)]
        if not rules:
            return LoadItem(str(canonical["key"]), dict(canonical), external_id, f"kit-{n}")
        mapped = Mapper(rules).apply(context, new=external_id is None)
        if mapped.problems:
            first = mapped.problems[0]
            broken(
                f"The default rules of {action.key} cannot map an ordinary record: "
                f"{first.field}: {first.reason}",
                "Let the rule cope with it, or give the sample a record= with what is needed.",
            )
        return LoadItem(str(canonical["key"]), mapped.payload, external_id, f"kit-{n}")

    def canonical(self, action: ActionType, n: int) -> Mapping[str, Any]:
        """Return the canonical record number n of an action type."""
        sample = self.sample(action)
        if sample.record is not None:
            return sample.record(self.sim, n)
        if action.entity not in EXAMPLES:
            broken(
                f"The kit has no example of the entity {action.entity}.",
                f"Give the sample load:{action.key} a record=lambda sim, n: {{…}} that returns "
                "a canonical record with its key.",
            )
        return EXAMPLES[action.entity](n)

    def _parent(self, client: Any, action: ActionType) -> dict[str, Any]:
        if not action.reference:
            return {}
        if action.reference not in self._parents:
            above = next(
                (
                    a
                    for a in self.plugin.actions.values()
                    if a.direction is Direction.LOAD and a.entity == action.reference
                ),
                None,
            )
            found: dict[str, Any] = {}
            if above is not None:
                item = self.item(client, above, 1)
                (result,) = self.deliver(client, above, [item])
                found = {**self.canonical(above, 1), "external_id": result.external_id}
            self._parents[action.reference] = found
        return self._parents[action.reference]

    def new_items(self, client: Any, action: ActionType, *numbers: int) -> list[LoadItem]:
        """Return records to deliver; those that this action never creates are bound at once."""
        items = [self.item(client, action, n) for n in numbers]
        return items if action.creates else [self.bound(client, action, item) for item in items]

    def bound(self, client: Any, action: ActionType, item: LoadItem) -> LoadItem:
        """Return the item with the id under which it is found over there."""
        found = self.find(client, action, item)
        if len(found) != 1:
            broken(f"{action.key} {item.key} is found {len(found)} times instead of once.")
        return replace(item, external_id=found[0].external_id)

    def find(self, client: Any, action: ActionType, item: LoadItem) -> list[Listed]:
        """Search one item as the engine does: by match, else in the listing by its stamp."""
        if self.plugin.implements("hub_match"):
            return list(self.plugin.match(client, action, [item]).get(item.key, ()))
        pages = self.plugin.listing(client, action, Window(), {})
        return [row for page in pages for row in page if row.stamp == item.key]

    def load(self, client: Any, action: ActionType, items: Sequence[LoadItem]) -> list[LoadResult]:
        """Deliver a batch once; the results must belong to the items, one each, in order."""
        results = list(self.plugin.load(client, action, items))
        wanted = [item.key for item in items]
        got = [getattr(result, "key", type(result).__name__) for result in results]
        if wanted != got:
            broken(
                f"hub_load of {action.key} got the records {', '.join(wanted)} and answered for "
                f"{', '.join(got) or 'none'}.",
                "Return one LoadResult per item, in the order of the batch, also for those that "
                "were refused or not sent.",
            )
        return results

    def deliver(
        self, client: Any, action: ActionType, items: Sequence[LoadItem]
    ) -> list[LoadResult]:
        """Deliver as the engine does: what a bulk call leaves open is searched, then sent alone."""
        results = self.load(client, action, items)
        for at, (item, result) in enumerate(zip(items, results, strict=True)):
            asked = result.outcome is Outcome.UNKNOWN and result.answered
            if not asked and result.outcome not in (Outcome.RETRY, Outcome.NOT_SENT):
                continue
            if asked:
                self.clock.advance(max(action.verify_after, default=0.0))
            found = self.find(client, action, item) if asked else []
            if len(found) == 1:
                done = Outcome.UPDATED if item.external_id else Outcome.CREATED
                results[at] = replace(result, outcome=done, external_id=found[0].external_id)
            else:
                results[at] = self.load(client, action, [item])[0]
        return results

    def delivered(
        self, client: Any, action: ActionType, items: Sequence[LoadItem]
    ) -> list[LoadItem]:
        """Deliver healthy records and return them bound."""
        arrived = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)
        done = []
        for item, result in zip(items, self.deliver(client, action, items), strict=True):
            if result.outcome not in arrived or not (result.external_id or item.external_id):
                broken(
                    f"The ordinary record {item.key} of {action.key} ended as "
                    f"{result.outcome.value} with the id {result.external_id!r}: {result.detail} "
                    f"{dict(result.field_errors) or ''}",
                    "Answer CREATED with the platform's id for a create that was accepted, UPDATED "
                    "or UNCHANGED for an update.",
                )
            done.append(replace(item, external_id=result.external_id or item.external_id))
        return done

    def created(self, entity: str) -> list[str]:
        """Return the external ids that the simulator's journal says were created."""
        return [
            str(entry["external_id"])
            for entry in self.sim.journal.after(0)
            if entry["effect"] == "created" and entry["entity"] == entity
        ]


def since(cursor: Cursor, overlap: float = OVERLAP) -> datetime:
    """Return where the hub reads on from a cursor."""
    return parse_time(cursor.position) - timedelta(seconds=overlap)
