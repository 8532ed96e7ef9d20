"""Audit events of what people do on the pages; the trail itself is ``hub.settings.audit``."""

from typing import Any

from sqlalchemy.orm import Session

from hub.settings import audit
from hub.store.tables import User
from hub.web.face import frame_runtime


def record(
    session: Session,
    user: User | str | None,
    action: str,
    target: str = "",
    before: Any = None,
    after: Any = None,
) -> None:
    """Append one event inside the caller's writing transaction, at the hub's time.

    ``user`` None means nobody signed in. Secrets in ``before`` and ``after`` are masked by the caller.
    """
    who = user.email if isinstance(user, User) else user or "nobody signed in"
    audit.record(session, who, action, target, before, after, at=frame_runtime().clock.now())
