"""The mailbox: put, claim, settle, sweep, replay. A queue engine is only a doorbell."""

from hub.outbox.blocked import free_blocked, waits_for_nothing
from hub.outbox.claim import (
    LEASE_MS,
    begin_intent,
    claim_due,
    claim_unknown,
    end_claim,
    give_back,
    record_intent,
    renew,
    renew_or_lose,
    unknown_due,
    waiting_counts,
)
from hub.outbox.doorbell import Doorbell
from hub.outbox.put import Incoming, PageResult, put_keys, put_page, upsert_records
from hub.outbox.replay import retry, retry_like, skip
from hub.outbox.retention import purge
from hub.outbox.settle import Settled, Settlement
from hub.outbox.sweep import doubt_sent, sweep

__all__ = [
    "LEASE_MS",
    "Doorbell",
    "Incoming",
    "PageResult",
    "Settled",
    "Settlement",
    "begin_intent",
    "claim_due",
    "claim_unknown",
    "doubt_sent",
    "end_claim",
    "free_blocked",
    "give_back",
    "purge",
    "put_keys",
    "put_page",
    "record_intent",
    "renew",
    "renew_or_lose",
    "retry",
    "retry_like",
    "skip",
    "sweep",
    "unknown_due",
    "upsert_records",
    "waiting_counts",
    "waits_for_nothing",
]
