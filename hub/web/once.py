"""Form tokens that are accepted once: the guard against double submits that needs no script."""

import secrets
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from hub.store.tables import FormToken
from hub.web.face import frame_runtime
from hub.web.sessions import keyed_hash

FIELD = "_once"
KEPT = timedelta(hours=24)
"""Longer than any session lives, so that a token never outlives its mark."""


def new_token() -> str:
    """Return a token for one form; nothing is stored until it comes back."""
    return secrets.token_urlsafe(18)


def use(token: str) -> bool:
    """Mark the token as used; False when it already was."""
    runtime = frame_runtime()
    now = runtime.clock.now()
    hashed = keyed_hash(runtime.pepper, "form", token[:100])
    try:
        with runtime.write() as db:
            db.execute(delete(FormToken).where(FormToken.used_at < now - KEPT))
            db.add(FormToken(token_hash=hashed, used_at=now))
    except IntegrityError:
        return False
    return True


def give_back(token: str) -> None:
    """Forget that the token was used."""
    runtime = frame_runtime()
    hashed = keyed_hash(runtime.pepper, "form", token[:100])
    with runtime.write() as db:
        db.execute(delete(FormToken).where(FormToken.token_hash == hashed))
