"""Hop 7, second half: one call to the target, and what its answer means for each record."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hub.engine.context import FlowContext, Tools
from hub.engine.intents import Intents
from hub.engine.work import Work
from hub.gate import CallRecord
from hub.outbox import Settled
from hub.outbox.settle import results_json
from hub.sdk import (
    AmbiguousWrite,
    ConfigError,
    ConnectionTrouble,
    HubError,
    LoadResult,
    Outcome,
    RateLimited,
    RecordRejected,
)
from hub.sdk.exact_json import dump_json
from hub.seams import crashpoint

log = logging.getLogger(__name__)

MAX_BACKOFF_MS = 6 * 3600 * 1000
EXCERPT = 2_000
HALVE_OVER = 50


class DrainStopped(Exception):
    """No more can be sent now; ``cause`` says why. Unsent messages wait, nothing is spent."""

    def __init__(self, cause: HubError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(slots=True)
class Sent:
    """What one call to the plugin did: settled rows, and how it is kept as an attempt."""

    rows: list[Settled]
    attempts: list[dict[str, Any]] = field(default_factory=list)
    intents: list[dict[str, Any]] = field(default_factory=list)
    detail: str = ""
    url: str = ""
    sent_at: int = 0


class Sender:
    """Sends batches of one claim through the plugin; ``intents`` holds its fence."""

    def __init__(self, tools: Tools, context: FlowContext, client: Any, intents: Intents) -> None:
        self._tools = tools
        self._context = context
        self._client = client
        self.intents = intents
        self._calls: list[CallRecord] = []
        self._started = 0
        self._size = 0
        self._confirm = False

    def on_call(self, call: CallRecord) -> None:
        """Remember a call for the attempt that it belongs to."""
        if call.writes:
            self._calls.append(call)

    def send(self, works: Sequence[Work], *, confirm: bool = False) -> Sent:
        """Deliver these records in one call of the plugin.

        ``confirm``: creates whose answer names no sure id stay in flight; the caller confirms them.
        Raises ``DrainStopped`` when the connection, its quota or its settings stop all work, and
        ``LeaseLost`` when the claim was taken over.
        """
        self._calls, self._started = [], self._tools.now_ms()
        self._size, self._confirm = len(works), confirm
        items = [work.item() for work in works]
        context = self._context
        try:
            results = context.target.plugin.load(self._client, context.target.action, items)
            crashpoint("send.after_answer")
        except AmbiguousWrite as error:
            return self._sent(works, [self._unknown(w, str(error)) for w in works], str(error))
        except (RateLimited, ConnectionTrouble, ConfigError) as error:
            if self._partly_done():
                return self._sent(works, [self._unknown(w, str(error)) for w in works], str(error))
            self._refused(works)
            raise DrainStopped(error) from None
        except RecordRejected as error:
            result = LoadResult("", Outcome.REJECTED, detail=str(error), field_errors=_at(error))
            rows = [self._rejected(work, result) for work in works]
            if len(works) > 1 and self._partly_done():
                rows = [self._unknown(work, str(error)) for work in works]
            elif len(works) > 1:
                rows = [self._again(work, str(error), alone=True) for work in works]
            return self._sent(works, rows, str(error))
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.exception("Plugin %s failed while it delivered", context.target.plugin.info.key)
            return self._sent(works, self._after_failure(works, error), str(error))
        if len(results) != len(works):
            wrong = TypeError(f"{len(works)} records went in, {len(results)} results came back")
            return self._sent(works, self._after_failure(works, wrong), str(wrong))
        rows = [self._row(work, result) for work, result in zip(works, results, strict=True)]
        return self._sent(works, rows, "")

    def _partly_done(self) -> bool:
        """True when some calls of this batch may be done: what they made is looked up first."""
        return any(call.unsure or (call.status or 0) // 100 in (2, 3, 5) for call in self._calls)

    def _after_failure(self, works: Sequence[Work], error: Exception) -> list[Settled]:
        """A plugin bug or a passing fault: creates that may have been sent are looked up."""
        text = f"The connector failed on this record: {type(error).__name__}: {error}"
        if self._calls:
            return [self._unknown(work, text) for work in works]
        return [self._again(work, text) for work in works]

    def _sent(self, works: Sequence[Work], rows: list[Settled], detail: str) -> Sent:
        last = self._calls[-1] if self._calls else None
        kept = {
            "status_code": last.status if last else None,
            "results": results_json(rows),
            "request": last.request_excerpt()[:EXCERPT] if last else None,
            "response": last.response_excerpt()[:EXCERPT] if last else None,
        }
        outcome = "unknown" if any(row.status == "unknown" for row in rows) else "answered"
        intents = [{"id": i, "outcome": outcome, **kept} for i in self.intents.take(works)]
        attempts = []
        if not intents and last is not None:
            attempts.append(
                {
                    "keys": dump_json([work.key for work in works]),
                    "method": last.method,
                    "url": last.path,
                    "sent_at": self._started,
                    "outcome": outcome,
                    **kept,
                }
            )
        url = f"{last.method} {last.path}" if last else ""
        return Sent(rows, attempts, intents, detail, url, self._started)

    def _refused(self, works: Sequence[Work]) -> None:
        intents = self.intents.take(works)
        if intents:
            with self._tools.database.begin() as connection:
                self.intents.refuse(connection, intents)

    def _row(self, work: Work, result: LoadResult) -> Settled:
        outcome = result.outcome
        if outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED):
            return delivered(self._context, work, outcome.value, result.external_id)
        if outcome is Outcome.DELETED:
            return deleted(self._context, work)
        if outcome is Outcome.REJECTED:
            return self._rejected(work, result)
        if outcome is Outcome.BLOCKED:
            parent = (self._context.parent_entity or "", work.parent_key or "")
            missing = result.missing or parent
            if missing == parent and work.parent_external is not None:
                # For all we know it is there: who waits for it would be freed at once.
                return self._again(work, result.detail)
            return work.settle("blocked", reason=result.detail, blocked=missing)
        if outcome is Outcome.UNKNOWN and result.answered and self._seen_later(work, result):
            return work.settle("in_flight")
        if outcome is Outcome.UNKNOWN:
            return self._unknown(work, result.detail, answered=result.answered)
        if outcome is Outcome.NOT_SENT:
            # Sent again at once: while the trouble lasts the next call is the one that meets it.
            return work.settle("pending", reason=result.detail, attempts=work.attempts)
        # Found a moment ago and gone again: it has to wait, else it is found again at once.
        work.gone = result.external_id == ""
        if work.gone and not work.adopted:
            return work.settle(
                "pending", unbind=True, forget_hash=True, reason=result.detail, attempts=0
            )
        return self._again(work, result.detail)

    def _seen_later(self, work: Work, result: LoadResult) -> bool:
        """Accepted for all we know: read back or confirmed later, while the claim is held."""
        if self._context.target.action.verify_after:
            return True
        return self._confirm and work.external_id is None and not result.detail

    def _rejected(self, work: Work, result: LoadResult) -> Settled:
        field = next(iter(result.field_errors), "")
        detail = result.detail or "; ".join(f"{f}: {t}" for f, t in result.field_errors.items())
        return work.settle(
            "parked",
            reason=detail,
            reason_group=f"refused: {field}: {detail}" if field else f"refused: {detail}",
            field=field,
            remedy=result.remedy
            or "Correct the record in the ERP; the next sync picks it up by itself.",
            attempts=work.attempts + 1,
        )

    def _unknown(self, work: Work, detail: str, *, answered: bool = False) -> Settled:
        """The end is not known: search soon; repeat only after the hold (R10.6, R10.7)."""
        now_ms = self._tools.now_ms()
        refused = answered and bool(detail)
        hold = now_ms if refused else now_ms + self._context.hold_ms
        return work.settle(
            "unknown",
            outcome="updated" if work.external_id is not None else None,
            reason=detail or "The answer names no record; it is being looked up.",
            due_ms=now_ms if answered else now_ms + 2_000,
            hold_ms=hold,
            searches=0,
            isolation=1 if refused else 0,
            # Known to be over there already: the search must not take it for the create of it.
            bind=work.external_id is not None,
            external_id=work.external_id,
            how=work.adopted_how if work.adopted else "created",
            forget_hash=work.external_id is not None,
            rule_version=self._context.rule_version,
            sent=work.hashed_json,
        )

    def _again(self, work: Work, detail: str, *, alone: bool = False) -> Settled:
        """Spend an attempt: retry with backoff, or park when the budget is used up (R12)."""
        attempts = work.attempts + 1
        budget = int(self._context.messages.get("retry_count") or 0)
        if attempts > budget:
            return work.settle(
                "parked",
                reason=f"{detail} Tried {attempts} times.",
                reason_group=f"failed: {detail}",
                remedy="Mend the cause, then retry this message.",
                attempts=attempts,
            )
        return work.settle(
            "pending",
            reason=detail,
            due_ms=self._tools.now_ms() + (0 if alone else self.backoff_ms(attempts)),
            attempts=work.attempts if alone else attempts,
            isolation=self._apart() if alone or attempts >= 2 else None,
        )

    def _apart(self) -> int:
        """How many rows of this batch go together next time: one by one, over 50 by halving."""
        return 1 if self._size <= HALVE_OVER else self._size // 2

    def backoff_ms(self, attempts: int) -> int:
        """Retry Interval, then doubled with full jitter, at most six hours."""
        first = int(self._context.messages.get("retry_interval") or 5) * 60_000
        if attempts <= 1:
            return first
        cap = min(MAX_BACKOFF_MS, first * 2 ** min(attempts - 1, 20))
        return int(self._tools.rng.uniform(first, max(first, cap)))


def delivered(context: FlowContext, work: Work, outcome: str, external_id: str | None) -> Settled:
    """End a row that is over there now; its binding is made in the same transaction."""
    bound = external_id or work.external_id
    return work.settle(
        "unchanged" if outcome == "unchanged" else "done",
        outcome="adopted" if work.adopted and context.target.action.creates else outcome,
        bind=bound is not None,
        how=work.adopted_how if work.adopted else "created",
        external_id=bound,
        state=True,
        content_hash=work.content_hash,
        rule_version=context.rule_version,
        sent=work.hashed_json,
    )


def deleted(context: FlowContext, work: Work) -> Settled:
    """End a row whose record is gone from the store, as wanted."""
    return work.settle(
        "done",
        outcome="deleted",
        unbind=True,
        state=True,
        content_hash=None,
        rule_version=context.rule_version,
    )


def _at(error: RecordRejected) -> dict[str, str]:
    return {error.field: str(error)} if error.field else {}
