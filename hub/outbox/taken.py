"""One record over there is linked to one record of the ERP: the second one waits for a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub.store.queries import bound_records
from hub.store.transaction import Transaction

if TYPE_CHECKING:
    from hub.outbox.settle import Settled

ALREADY_LINKED = "already linked to another record"
ITS_OWN = "Give this record its own e-mail in the ERP, or skip it."


def park_taken(
    connection: Transaction, target_id: int, entity: str, rows: Sequence["Settled"]
) -> None:
    """Park those of ``rows`` whose record over there is linked to another one already.

    Two that share an e-mail both find the one user who bears it. One of them alone would fail the
    whole settlement, and every search after it.
    """
    binding = [row for row in rows if row.bind and row.external_id]
    if not binding:
        return
    ids = sorted({str(row.external_id) for row in binding})
    found = bound_records(connection, target_id, entity, ids)
    holders = {one: (row.record_id, row.key) for one, row in found.items()}
    for row in binding:
        holder, key = holders.setdefault(str(row.external_id), (row.record_id, row.key))
        if holder == row.record_id:
            continue
        row.reason = f"Record {row.external_id} of the store is already linked to {key} of the ERP."
        row.reason_group, row.remedy, row.field = ALREADY_LINKED, ITS_OWN, "email"
        row.status, row.outcome = "parked", None
        row.bind = row.state = False
        row.external_id = row.due_ms = row.hold_ms = None
