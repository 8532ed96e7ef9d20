"""Hop 8: binding, attempt and status in one transaction, fenced by the claim token."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.outbox.blocked import free_children, unblock_bound
from hub.outbox.log_lines import LogLine, write_log
from hub.outbox.taken import park_taken
from hub.sdk import LeaseLost
from hub.sdk.exact_json import dump_json
from hub.store.queries import statement
from hub.store.transaction import Transaction
from hub.store.work_tables import WAITING, aliased

WELL = {"done", "unchanged"}
"""Ends with nothing to tell or to wait for."""
BACK = {"pending", "blocked", "parked"}
"""Back among the waiting ones, where a newer row of the same record may be in the way."""


@dataclass(slots=True)
class Settled:
    """How one claimed row ends. ``status`` is the message's next status.

    ``state``: write FlowState (hashes and what was sent). ``forget_hash``: the target's content is
    not known. ``external_id`` with ``bind``: make the binding. ``unbind``: drop it.
    """

    id: int
    key: str
    record_id: int
    status: str
    outcome: str | None = None
    reason: str = ""
    reason_group: str = ""
    field: str = ""
    remedy: str = ""
    due_ms: int | None = None
    hold_ms: int | None = None
    attempts: int | None = None
    searches: int | None = None
    isolation: int | None = None
    blocked: tuple[str, str] | None = None
    bind: bool = False
    how: str = "created"
    unbind: bool = False
    external_id: str | None = None
    state: bool = False
    forget_hash: bool = False
    canonical_hash: str | None = None
    content_hash: str | None = None
    source_version: str | None = None
    rule_version: str = ""
    sent: str | None = None


@dataclass(slots=True)
class Settlement:
    """Everything that one transaction settles for one claim."""

    flow_id: int
    connector_id: int
    flow_key: str
    run_id: int | None
    target_id: int
    entity: str
    token: str
    expect: str = "in_flight"
    rows: list[Settled] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    ended_intents: list[dict[str, Any]] = field(default_factory=list)
    log: list[LogLine] = field(default_factory=list)
    ended: bool = False

    def write(self, connection: Transaction, now_ms: int) -> int:
        """Settle. Returns how many blocked messages were released.

        ``ended`` tells afterwards whether the claim holds no row any more; it is gone then.

        Raises ``LeaseLost`` (and so rolls everything back) when a row is no longer ours.
        """
        if not self.rows:
            self._attempts(connection, now_ms)
            return 0
        park_taken(connection, self.target_id, self.entity, self.rows)
        self._messages(connection, now_ms)
        self._states(connection, now_ms)
        self._bindings(connection, now_ms)
        self._attempts(connection, now_ms)
        self._log(connection, now_ms)
        blocked = [row for row in self.rows if row.status == "blocked"]
        unblock_bound(connection, self.target_id, blocked, now_ms)
        self.ended = (
            connection.execute(
                statement(
                    "DELETE FROM claim WHERE token = :token "
                    "AND NOT EXISTS (SELECT 1 FROM message WHERE claim_token = :token)"
                ),
                {"token": self.token},
            ).rowcount
            == 1
        )
        keys = [row.key for row in self.rows if row.external_id or row.status == "filtered"]
        return free_children(connection, self.connector_id, self.entity, keys, now_ms)

    def _messages(self, connection: Transaction, now_ms: int) -> None:
        well = [self._well(row, now_ms) for row in self.rows if row.status in WELL]
        rest = [row for row in self.rows if row.status not in WELL]
        final = [self._values(row, now_ms) for row in rest if row.status not in BACK]
        back = [self._values(row, now_ms) for row in rest if row.status in BACK]
        changed = 0
        if well:
            changed += connection.execute(_UPDATE_WELL, well).rowcount
        if final:
            changed += connection.execute(
                statement(_UPDATE.format(status=":status")), final
            ).rowcount
        if back:
            superseded = (
                f"CASE WHEN EXISTS (SELECT 1 FROM message AS w WHERE w.dedup_key = "
                f"message.dedup_key AND {aliased('w', WAITING)} AND w.id <> message.id) "
                "THEN 'superseded' ELSE :status END"
            )
            changed += connection.execute(
                statement(_UPDATE.format(status=superseded)), back
            ).rowcount
        if changed != len(self.rows):
            raise LeaseLost("another worker took these records over; nothing was settled")

    def _well(self, row: Settled, now_ms: int) -> dict[str, Any]:
        return {
            "id": row.id,
            "token": self.token,
            "expect": self.expect,
            "status": row.status,
            "outcome": row.outcome,
            "run": self.run_id,
            "now": now_ms,
            "mapped": row.sent,
        }

    def _values(self, row: Settled, now_ms: int) -> dict[str, Any]:
        keeps_claim = row.status == self.expect == "in_flight"
        return {
            "id": row.id,
            "token": self.token,
            "expect": self.expect,
            "next_token": self.token if keeps_claim else None,
            "status": row.status,
            "outcome": row.outcome,
            "reason": row.reason,
            "reason_group": row.reason_group[:200],
            "field": row.field[:100],
            "remedy": row.remedy,
            "due": now_ms if row.due_ms is None else row.due_ms,
            "hold": row.hold_ms,
            "attempts": row.attempts,
            "searches": row.searches,
            "isolation": row.isolation,
            "blocked_entity": row.blocked[0] if row.blocked else None,
            "blocked_key": row.blocked[1] if row.blocked else None,
            "run": self.run_id,
            "now": now_ms,
            "mapped": row.sent,
        }

    def _states(self, connection: Transaction, now_ms: int) -> None:
        rows = [
            {
                "flow": self.flow_id,
                "record": row.record_id,
                "canonical_hash": row.canonical_hash,
                "content_hash": row.content_hash,
                "source_version": row.source_version,
                "rule_version": row.rule_version,
                "sent": row.sent,
                "now": now_ms,
            }
            for row in self.rows
            if row.state
        ]
        if rows:
            connection.execute(_UPSERT_STATE, rows)
        forget = [
            {"flow": self.flow_id, "record": row.record_id} for row in self.rows if row.forget_hash
        ]
        if forget:
            connection.execute(
                statement(
                    "UPDATE flow_state SET content_hash = NULL, canonical_hash = NULL "
                    "WHERE flow_id = :flow AND record_id = :record"
                ),
                forget,
            )

    def _bindings(self, connection: Transaction, now_ms: int) -> None:
        drop = [
            {"connection": self.target_id, "record": row.record_id, "entity": self.entity}
            for row in self.rows
            if row.unbind
        ]
        if drop:
            connection.execute(
                statement(
                    "DELETE FROM binding WHERE connection_id = :connection "
                    "AND record_id = :record AND entity = :entity"
                ),
                drop,
            )
        make = [
            {
                "record": row.record_id,
                "connection": self.target_id,
                "entity": self.entity,
                "external": row.external_id,
                "how": row.how,
                "now": now_ms,
            }
            for row in self.rows
            if row.bind and row.external_id
        ]
        if make:
            connection.execute(_UPSERT_BINDING, make)

    def _attempts(self, connection: Transaction, now_ms: int) -> None:
        if self.ended_intents:
            connection.execute(
                statement(
                    "UPDATE attempt SET ended_at = :now, status_code = :status_code, "
                    "outcome = :outcome, results = :results, request = :request, "
                    "response = :response WHERE id = :id"
                ),
                [{**intent, "now": now_ms} for intent in self.ended_intents],
            )
        if self.attempts:
            connection.execute(
                statement(
                    "INSERT INTO attempt (flow_id, run_id, claim_token, creates, keys, method, "
                    "url, sent_at, ended_at, status_code, outcome, results, request, response) "
                    "VALUES (:flow, :run, :token, false, :keys, :method, :url, :sent_at, :now, "
                    ":status_code, :outcome, :results, :request, :response)"
                ),
                [
                    {
                        **attempt,
                        "flow": self.flow_id,
                        "run": self.run_id,
                        "token": self.token,
                        "now": now_ms,
                    }
                    for attempt in self.attempts
                ],
            )

    def _log(self, connection: Transaction, now_ms: int) -> None:
        if self.log:
            write_log(
                connection,
                self.log,
                connector_id=self.connector_id,
                flow_key=self.flow_key,
                run_id=self.run_id,
                now_ms=now_ms,
            )


_UPDATE = """
UPDATE message SET status = {status}, claim_token = :next_token, outcome = :outcome,
  reason = :reason, reason_group = :reason_group, field = :field, remedy = :remedy, due_at = :due,
  hold_until = :hold, attempts = COALESCE(:attempts, attempts),
  searches = COALESCE(:searches, searches), isolation = COALESCE(:isolation, isolation),
  blocked_entity = :blocked_entity, blocked_key = :blocked_key,
  run_id = COALESCE(:run, run_id), mapped = COALESCE(:mapped, mapped), updated_at = :now
WHERE id = :id AND claim_token = :token AND status = :expect
"""

# Most rows end like this: a third of the values, half of the time.
_UPDATE_WELL = statement("""
UPDATE message SET status = :status, claim_token = NULL, outcome = :outcome, reason = '',
  reason_group = '', field = '', remedy = '', due_at = :now, hold_until = NULL,
  blocked_entity = NULL, blocked_key = NULL, run_id = COALESCE(:run, run_id),
  mapped = COALESCE(:mapped, mapped), updated_at = :now
WHERE id = :id AND claim_token = :token AND status = :expect
""")

_UPSERT_STATE = statement("""
INSERT INTO flow_state (flow_id, record_id, canonical_hash, content_hash, source_version,
                        rule_version, sent, settled_at)
VALUES (:flow, :record, :canonical_hash, :content_hash, :source_version, :rule_version, :sent, :now)
ON CONFLICT (flow_id, record_id) DO UPDATE SET
  canonical_hash = excluded.canonical_hash, content_hash = excluded.content_hash,
  source_version = excluded.source_version, rule_version = excluded.rule_version,
  sent = COALESCE(excluded.sent, flow_state.sent), settled_at = excluded.settled_at
""")

_UPSERT_BINDING = statement("""
INSERT INTO binding (record_id, connection_id, entity, external_id, how, bound_at)
VALUES (:record, :connection, :entity, :external, :how, :now)
ON CONFLICT (connection_id, record_id, entity) DO UPDATE SET
  external_id = excluded.external_id, how = excluded.how, bound_at = excluded.bound_at
""")


def results_json(rows: Sequence[Settled]) -> str:
    """Return the per-record results of a call, as kept with its attempt."""
    return dump_json(
        [
            {"key": row.key, "outcome": row.outcome or row.status, "detail": row.reason}
            for row in rows
        ]
    )
