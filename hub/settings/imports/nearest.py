"""What a person may have meant by a key that no record has."""

import difflib

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.store.tables import Connector, RecordRow

AROUND = 25


def no_record(entity: str, key: str, meant: str) -> str:
    """Return the sentence for a key that no record has, with the key that may be meant."""
    noun = entity.replace("_", " ")
    if meant:
        return f"There is no {noun} {key} in the ERP. {meant} exists; correct the key."
    return (
        f"The hub knows no {noun} {key} of the ERP. Correct the key, or let its sync read it first."
    )


def meant_by(session: Session, connector: Connector, entity: str, key: str) -> str:
    """Return the key that a person may have meant; empty when there is none."""
    kind = (RecordRow.connection_id == connector.erp_id, RecordRow.entity == entity)
    alike = session.scalar(
        select(RecordRow.key).where(
            *kind, RecordRow.key.in_([key.upper(), key.lower(), "0" + key, "00" + key])
        )
    )
    if alike is not None:
        return alike
    near = [
        *session.scalars(
            select(RecordRow.key).where(*kind, RecordRow.key > key)
            .order_by(RecordRow.key).limit(AROUND)
        ),
        *session.scalars(
            select(RecordRow.key).where(*kind, RecordRow.key < key)
            .order_by(RecordRow.key.desc()).limit(AROUND)
        ),
    ]  # fmt: skip
    # Keys with digits differ by one from their neighbours: nothing was meant but another number.
    if any(c.isdigit() for c in key):
        return ""
    return next(iter(difflib.get_close_matches(key, near, 1, 0.8)), "")
