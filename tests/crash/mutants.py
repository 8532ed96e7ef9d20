"""Twenty rules, each taken out by one named patch. A rule counts only if that is noticed.

A patch replaces one attribute of one module in this process; child processes apply it themselves.
"""

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from hub.gate.window import Window
from hub.outbox.put import UPSERT_MESSAGE, dedup_key, move_cursor
from hub.outbox.settle import _UPDATE, Settlement
from hub.sdk import Cursor, LeaseLost
from hub.seams import crashpoint

Build = Callable[[Any], Any]
"""Makes the replacement; gets the original."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule, and what takes its place: ``module:attribute`` to the maker of the replacement."""

    rule: str
    scenario: str
    patches: dict[str, Build]


@contextmanager
def applied(name: str | None) -> Iterator[None]:
    """Work without one rule; None or an empty name works with all of them."""
    with ExitStack() as stack:
        for target, build in MUTANTS[name].patches.items() if name else ():
            module, _, path = target.partition(":")
            holder: Any = importlib.import_module(module)
            *outer, attribute = path.split(".")
            for part in outer:
                holder = getattr(holder, part)
            original = getattr(holder, attribute)
            stack.enter_context(patch.object(holder, attribute, build(original)))
        yield


def _constant(value: Any) -> Build:
    return lambda _original: value


def _cursor_first(original: Any) -> Any:
    def store_page(tools: Any, context: Any, page: Any, *rest: Any, moves: Any, **more: Any) -> Any:
        with tools.database.begin() as connection:
            for partition in moves if page.resume else ():
                move_cursor(connection, context.flow_id, partition, page.resume, tools.now_ms())
        return original(tools, context, page, *rest, moves=moves, **more)

    return store_page


def _split_settlement(_original: Any) -> Any:
    def write(self: Settlement, connection: Any, now_ms: int) -> int:
        if not self.rows:
            self._attempts(connection, now_ms)
            return 0
        self._messages(connection, now_ms)
        connection.control("COMMIT")
        crashpoint("settle.after_commit")
        connection.control("BEGIN IMMEDIATE")
        self._states(connection, now_ms)
        self._bindings(connection, now_ms)
        self._attempts(connection, now_ms)
        return 0

    return write


def _no_intent(_original: Any) -> Any:
    return property(lambda _self: False)


def _no_settlement_fence(_original: Any) -> Any:
    loose = _UPDATE.replace("WHERE id = :id AND claim_token = :token AND status = :expect",
                            "WHERE id = :id")  # fmt: skip

    def messages(self: Settlement, connection: Any, now_ms: int) -> None:
        values = [self._values(row, now_ms) for row in self.rows]
        connection.execute(text(loose.format(status=":status")), values)

    return messages


def _into_flight(original: Any) -> Any:
    """The newer content is put into the row that is on its way, which then counts as delivered."""

    def put_page(connection: Any, *, flow_id: int, records: Sequence[Any], **more: Any) -> Any:
        kept = []
        for record in records:
            changed = connection.execute(
                text("UPDATE message SET payload = :payload, canonical_hash = :hash, "
                     "source_version = :version WHERE dedup_key = :key "
                     "AND status IN ('in_flight','unknown')"),
                {"payload": record.payload, "hash": record.canonical_hash,
                 "version": record.source_version, "key": dedup_key(flow_id, record.key)},
            ).rowcount  # fmt: skip
            if not changed:
                kept.append(record)
        return original(connection, flow_id=flow_id, records=kept, **more)

    return put_page


def _older_wins(_original: Any) -> Any:
    return text(UPSERT_MESSAGE.text.partition("WHERE COALESCE")[0])


def _hub_clock(original: Any) -> Any:
    def store_page(tools: Any, context: Any, page: Any, *rest: Any, **more: Any) -> Any:
        if page.resume is not None:
            now = tools.clock.now() - timedelta(seconds=context.lag_seconds)
            page = dataclasses.replace(page, resume=Cursor(now.astimezone(UTC).isoformat()))
        return original(tools, context, page, *rest, **more)

    return store_page


def _one_budget(_original: Any) -> Any:
    """Whatever goes wrong with the connection is spent from the record's own budget."""
    from hub.engine.sending import DrainStopped
    from hub.outbox import Settled

    send = _original

    def spending(self: Any, works: Any, **more: Any) -> Any:
        from hub.engine.sending import Sent

        try:
            return send(self, works, **more)
        except DrainStopped as stopped:
            rows: list[Settled] = [self._again(work, str(stopped.cause)) for work in works]
            return Sent(rows, detail=str(stopped.cause))

    return spending


def _mates_pay(_original: Any) -> Any:
    """One refusal in a batch is held against all of it."""

    def unknown(self: Any, work: Any, detail: str, *, answered: bool = False) -> Any:
        if answered and detail:
            return work.settle("parked", reason=detail, reason_group=detail)
        return _original(self, work, detail, answered=answered)

    return unknown


def _ignoring(original: Any) -> Any:
    def renew(*arguments: Any, **more: Any) -> None:
        try:
            original(*arguments, **more)
        except LeaseLost:
            return

    return renew


COUNTED: dict[tuple[int, str, str], Window] = {}


def _own_memory(_original: Any) -> Any:
    """Every process keeps its own count of the quota."""
    COUNTED.clear()

    def load(self: Any, _hot: Any, account: Any, spec: Any) -> Any:
        return dataclasses.replace(COUNTED.get((id(self), account.name, spec.key), Window()))

    return load


def _own_memory_save(_original: Any) -> Any:
    def save(self: Any, _hot: Any, account: Any, spec: Any, window: Any) -> None:
        COUNTED[id(self), account.name, spec.key] = window

    return save


def _deferred(original: Any) -> Any:
    """A transaction that reads first and becomes a writing one later."""

    def light(self: Any, kind: str, **more: Any) -> Any:
        return original(self, "DEFERRED", **more)

    return light


def _pages(overlap: int) -> Build:
    def build(original: Any) -> Any:
        def read(ask: Any, identity: Any) -> Any:
            return original(ask, identity, size=5, overlap=overlap)

        def blind(ask: Any, _identity: Any) -> Any:
            start = 0
            while True:
                page = ask(5, start)
                yield page
                start += 5
                if len(page) < 5:
                    return

        return read if overlap else blind

    return build


@contextmanager
def small_pages() -> Iterator[None]:
    """The rule as it is, on pages small enough for a test."""
    from plugins.acumatica import extract

    with patch.object(extract, "read_pages", _pages(4)(extract.read_pages)):
        yield


SETTLE = "hub.outbox.settle:Settlement"
MUTANTS: dict[str, Mutant] = {
    "cursor before outbox": Mutant(
        "principle 4", "killed before a page is stored",
        {"hub.engine.reading:_store_page": _cursor_first}),
    "split settlement": Mutant(
        "R5", "killed between settlements", {f"{SETTLE}.write": _split_settlement}),
    "no search": Mutant(
        "R10.3", "bindings lost",
        {"hub.engine.delivery:Delivery._match": _constant(lambda _s, _t, works: list(works))}),
    "no intent": Mutant(
        "R10.4", "killed while a create runs late",
        {"hub.engine.intents:Intents._needed": _no_intent}),
    "no hold": Mutant(
        "R10.6", "answers late",
        {"hub.engine.context:FlowContext.hold_ms": _constant(property(lambda _self: 0))}),
    "no sweep": Mutant(
        "R6", "killed in mid-batch", {"hub.engine.engine:sweep": _constant(lambda *_a: 0)}),
    "no fence before the send": Mutant(
        "R4", "stalled before the send", {"hub.engine.intents:renew_or_lose": _ignoring}),
    "no fence at settlement": Mutant(
        "R4", "stalled before the settlement", {f"{SETTLE}._messages": _no_settlement_fence}),
    "unknown not counted as running": Mutant(
        "R2", "changed while unknown",
        {"hub.outbox.claim:CLAIM": lambda sql: sql.replace("('in_flight','unknown')",
                                                           "('in_flight')")}),
    "collapse into the row in flight": Mutant(
        "R2", "changed while in flight", {"hub.engine.reading:put_page": _into_flight}),
    "older overwrites newer": Mutant(
        "R2", "older fetch after newer poll", {"hub.outbox.put:UPSERT_MESSAGE": _older_wins}),
    "window cut by the hub's clock": Mutant(
        "R8", "hub's clock ahead", {"hub.engine.reading:_store_page": _hub_clock}),
    "no overlap": Mutant(
        "R8", "committed late",
        {"hub.engine.context:FlowContext.overlap_seconds": _constant(property(lambda _s: 0)),
         "hub.engine.context:FlowContext.lag_seconds": _constant(property(lambda _s: 0))}),
    "no tie": Mutant(
        "R9", "rows leave while paging", {"plugins.acumatica.extract:read_pages": _pages(0)}),
    "one budget for both": Mutant(
        "R12", "store says wait for days", {"hub.engine.sending:Sender.send": _one_budget}),
    "batch-mates pay": Mutant(
        "R3", "one poison in a batch", {"hub.engine.sending:Sender._unknown": _mates_pay}),
    "connection trouble as transient": Mutant(
        "R13", "store down, counted calls",
        {"hub.gate.circuit:Circuits.check": _constant(lambda *_a: False)}),
    "gate per process": Mutant(
        "R14", "two processes, one quota",
        {"hub.gate.limiter:Limiter._load": _own_memory,
         "hub.gate.limiter:Limiter._save": _own_memory_save}),
    "read-upgrade transaction": Mutant(
        "R20", "eight writers", {"hub.store.database:Database._light": _deferred}),
    "no clock watchdog": Mutant(
        "R18", "clock set back an hour",
        {"hub.scheduler.loop:SchedulerLoop._watch": _constant(lambda _self: None)}),
}  # fmt: skip
