"""Hops 5 to 8 for one flow: claim, resolve, match, send, settle, until nothing is due."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from hub.engine.confirm import Confirmation
from hub.engine.context import FlowContext, Tools
from hub.engine.fetching import fetch_payloads
from hub.engine.hits import Matching
from hub.engine.intents import SECONDS, TOGETHER
from hub.engine.listing import Listing
from hub.engine.parents import fetch_missing_parents
from hub.engine.proof import StampLost, proof_needed, prove_stamp
from hub.engine.readback import ReadBack
from hub.engine.resolve import resolve_or_park
from hub.engine.sending import DrainStopped, Sender, Sent
from hub.engine.settling import Settling
from hub.engine.surroundings import look_around, unbound_due
from hub.engine.unknown import search_unknown
from hub.engine.work import Work, work_from
from hub.outbox import (
    Settled,
    claim_due,
    doubt_sent,
    give_back,
    waiting_counts,
)
from hub.sdk import LeaseLost
from hub.seams import crashpoint

log = logging.getLogger(__name__)

CLAIM_SIZE = 200
CLAIM_SINGLES = 50


class Delivery:
    """One drain of one flow by one worker."""

    def __init__(
        self,
        tools: Tools,
        context: FlowContext,
        source: Callable[[], Any],
        target: Any,
        sender: Sender,
        listing: Listing,
        *,
        run_id: int | None,
        ahead: Callable[[], timedelta] = timedelta,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: Callable[[Counter[str]], None] = lambda _counts: None,
    ) -> None:
        self._tools = tools
        self._context = context
        self._source = source
        self._target = target
        self._sender = sender
        self._run_id = run_id
        self._ahead = ahead
        self._should_stop = should_stop
        self._matching = Matching(tools, context, target, listing, ahead)
        self._read_back = ReadBack(tools, context, target, run_id, should_stop)
        sender.intents.accepted = self._read_back.open
        self._confirmation = Confirmation(tools, context, target, ahead)
        self._proof_needed = True
        self.bulk = False
        self._unbound = 0
        self._settling = Settling(tools, context, run_id, on_progress)
        self.counts = self._settling.counts

    def drain(self) -> Counter[str]:
        """Deliver until nothing is due now.

        Raises ``DrainStopped``, ``StampLost``, ``TooManyRefusals``; accepted writes that were not
        read back then return to the waiting ones.
        """
        self._judge_mode()
        try:
            self._drain()
        except LeaseLost as error:
            # This worker was stalled and its rows are with another one: stop, the next look goes on.
            log.warning("Flow %s: %s", self._context.key, error)
        finally:
            with self._tools.database.begin() as connection:
                for token in self._read_back.open:
                    give_back(connection, token, self._tools.now_ms())
                self._settling.refusals.save(connection, self._context.flow_id)
        return self.counts

    def _drain(self) -> None:
        while not self._should_stop():
            self._search()
            if self._waits_for_proof():
                break
            if not self._claim_and_deliver() and not self._anything_due():
                break
            self._settling.refusals.check()
        self._finish_read_back()

    def _judge_mode(self) -> None:
        """Batch or one by one: judged once, on the backlog when the drain begins."""
        with self._tools.database.look() as connection:
            waiting = waiting_counts(connection, self._context.flow_id, self._tools.now_ms())
            self._unbound = unbound_due(connection, self._context, self._tools.now_ms())
        threshold = int(self._context.messages.get("threshold_count") or 0)
        batch = bool(self._context.messages.get("batch"))
        self.bulk = batch and self._context.batch_limit > 1 and waiting["due"] > threshold

    def _anything_due(self) -> bool:
        with self._tools.database.look() as connection:
            waiting = waiting_counts(connection, self._context.flow_id, self._tools.now_ms())
        return waiting["unknown_due"] > 0 or (waiting["due"] > 0 and not self._read_back.count)

    def _search(self) -> None:
        hold_on = self._sender.intents.start_claim
        tools, ahead = self._tools, self._ahead()
        self._settling.count(
            search_unknown(tools, self._context, self._target, self._run_id, ahead, hold_on)
        )

    def _confirm(self, token: str) -> None:
        settled = self._confirmation.confirm()
        if settled:
            crashpoint("verify.before_commit")
            self._settling.settle_calls(token, settled)
            self._matching.learn((), *settled)
            crashpoint("verify.after_commit")

    def _claim_and_deliver(self) -> bool:
        size = max(CLAIM_SIZE, self._context.batch_limit) if self.bulk else CLAIM_SINGLES
        with self._tools.database.begin() as connection:
            token, rows = claim_due(
                connection, self._context.flow_id, self._tools.owner, size, self._tools.now_ms()
            )
            works = [work_from(row) for row in rows]
            if works:
                look_around(connection, self._context, token, works)
        crashpoint("claim.after_commit")
        if not works:
            return False
        self._sender.intents.start_claim(token)
        try:
            self._deliver(token, works)
            self._confirm(token)
        except LeaseLost:
            raise
        except BaseException:
            self._abandon(token)
            raise
        self._end_claim(token)
        return True

    def _abandon(self, token: str) -> None:
        """End a claim in mid-work: creates that may be under way are looked up, the rest waits."""
        self._confirmation.forget()
        now_ms = self._tools.now_ms()
        with self._tools.database.begin() as connection:
            self._sender.intents.withdraw(connection)
            doubt_sent(connection, token, now_ms, now_ms + self._context.hold_ms)
            give_back(connection, token, now_ms)

    def _end_claim(self, token: str) -> None:
        """Give back what is left of a claim; accepted writes keep theirs until read back."""
        if token in self._read_back.open or token == self._settling.ended:
            return
        with self._tools.database.begin() as connection:
            self._sender.intents.withdraw(connection)
            give_back(connection, token, self._tools.now_ms())

    def _deliver(self, token: str, works: Sequence[Work]) -> None:
        fetched = fetch_payloads(self._tools, self._context, self._source, works)
        ready: list[Work] = []
        ended: list[Settled] = list(fetched)
        gone = {row.id for row in fetched}
        for work in works:
            if work.id in gone:
                continue
            row = resolve_or_park(self._context, work)
            if row is None:
                ready.append(work)
            else:
                ended.append(row)
        self._settling.settle(token, ended)
        fetch_missing_parents(self._tools, self._context, ended, self._run_id)
        ready = self._match(token, ready)
        self._send_all(token, ready)

    def _match(self, token: str, works: Sequence[Work]) -> list[Work]:
        unbound = [work for work in works if work.external_id is None]
        if not unbound:
            return list(works)
        ended = self._matching.end(unbound, self._unbound)
        self._settling.settle(token, ended)
        gone = {row.id for row in ended}
        return [work for work in works if work.id not in gone]

    def _send_all(self, token: str, works: Sequence[Work]) -> None:
        creates = [work for work in works if work.external_id is None]
        updates = [work for work in works if work.external_id is not None and not work.delete]
        deletes = [work for work in works if work.delete]
        creates = self._prove_first(token, creates)
        for group in (creates, updates, deletes):
            size = self._context.batch_limit if self.bulk else 1
            held: list[Sent] = []
            since = self._tools.clock.monotonic()
            try:
                for start in range(0, len(group), size):
                    self._settling.refusals.check()
                    if self._should_stop():
                        break
                    part = group[start : start + size]
                    rest = range(start + size, min(start + size * TOGETHER, len(group)), size)
                    self._sender.intents.announce([group[at : at + size] for at in rest])
                    sent = self._sender.send(part, confirm=group is creates)
                    self._matching.learn(part, sent)
                    held.append(self._set_aside(token, part, sent))
                    if self.bulk or len(held) >= TOGETHER or self._late(since):
                        settled, held, since = held, [], self._tools.clock.monotonic()
                        self._settling.settle_calls(token, settled)
                    if self._confirmation.due:
                        self._confirm(token)
                    if self._read_back.count:
                        self._read_back.keep_alive()
            finally:
                # What was answered before a send that failed is settled all the same.
                self._settling.settle_calls(token, held)

    def _late(self, since: float) -> bool:
        return self._tools.clock.monotonic() - since > SECONDS

    def _prove_first(self, token: str, creates: list[Work]) -> list[Work]:
        """The first create of a flow goes singly and must come back by its stamp (R10.2)."""
        while creates and self._waits_for_first():
            self._settling.refusals.check()
            first, creates = creates[0], creates[1:]
            sent = self._sender.send([first])
            self._settling.settle_calls(token, [sent])
            if sent.rows[0].outcome == "created":
                if not self._proven(first, token):
                    return []
            elif sent.rows[0].status == "unknown":
                return []
        return creates

    def _waits_for_first(self) -> bool:
        # Proven once, proven for good: asked again only while it is not.
        self._proof_needed = self._proof_needed and proof_needed(self._tools, self._context)
        return self._proof_needed

    def _proven(self, first: Work, token: str) -> bool:
        return prove_stamp(
            self._tools, self._context, self._target, first, token, self._should_stop
        )

    def _waits_for_proof(self) -> bool:
        """While the end of the first create is not known, no second one is made."""
        if not self._waits_for_first():
            return False
        with self._tools.database.look() as connection:
            waiting = waiting_counts(connection, self._context.flow_id, self._tools.now_ms())
        return waiting["unknown"] > 0

    def _set_aside(self, token: str, works: Sequence[Work], sent: Sent) -> Sent:
        """Take accepted writes out of the settlement that are read back or confirmed later."""
        if not self._context.target.action.verify_after:
            return self._confirmation.add(works, sent)
        waiting = {row.id for row in sent.rows if row.status == "in_flight"}
        if waiting:
            self._read_back.add(token, [work for work in works if work.id in waiting])
            sent.rows = [row for row in sent.rows if row.id not in waiting]
        return sent

    def _finish_read_back(self) -> None:
        if not self._read_back.count:
            return
        differing = self._read_back.wait_and_check()
        if differing and not self._should_stop():
            for token, works in list(self._read_back.open.items()):
                self._sender.intents.start_claim(token)
                for start in range(0, len(works), self._context.batch_limit):
                    self._sender.send(works[start : start + self._context.batch_limit])
            self._read_back.give_up(self._read_back.wait_and_check())
        self._settling.count(self._read_back.ended)


__all__ = ["Delivery", "DrainStopped", "StampLost"]
