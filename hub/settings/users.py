"""People who sign in: made on the first page or from the command line, never with a default."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.seams import Clock
from hub.settings import audit
from hub.settings.passwords import (
    PasswordProblem,
    check_password,
    hash_password,
    verify_password,
)
from hub.store.tables import User, UserSession

ROLES = ("viewer", "operator", "admin")
EMAIL = re.compile(r"[^@\s<>()\[\],;:\"\\]{1,64}@[^@\s<>()\[\],;:\"\\]{1,130}")

Write = Callable[[], AbstractContextManager[Session]]
"""Opens one writing transaction that commits on exit."""


class UserProblem(ValueError):
    """Something about a user cannot be done.

    ``field`` is email, password, role, current or time_zone.
    """

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def clean_email(text: str) -> str:
    """Return the e-mail as it is stored (lower case); raise ``UserProblem``."""
    email = text.strip().lower()
    if not EMAIL.fullmatch(email):
        raise UserProblem("email", "This is not an e-mail address. Write it like name@example.com.")
    return email


def any_user(session: Session) -> bool:
    """True once the first administrator exists."""
    return session.scalar(select(User.id).limit(1)) is not None


def _checked(email: str, password: str) -> tuple[str, str]:
    address = clean_email(email)
    try:
        check_password(password, address)
    except PasswordProblem as problem:
        raise UserProblem("password", str(problem)) from None
    return address, hash_password(password)


def create_first_admin(write: Write, clock: Clock, email: str, password: str) -> User | None:
    """Create the administrator of an empty hub; None when somebody was faster.

    Looking and inserting are one writing transaction, so that parallel posts make one user (S17).
    Raises ``UserProblem``.
    """
    address, hashed = _checked(email, password)
    with write() as session:
        if any_user(session):
            return None
        user = User(email=address, password_hash=hashed, role="admin", created_at=clock.now())
        session.add(user)
        session.flush()
        audit.record(
            session, address, "user.created", address, None,
            {"role": "admin", "how": "first start"}, at=clock.now(),
        )  # fmt: skip
    return user


def create_user(
    write: Write, clock: Clock, email: str, password: str, *, role: str = "admin",
    who: str = "command line",
) -> User:  # fmt: skip
    """Create a user. Raises ``UserProblem`` for a bad value or an e-mail that is in use."""
    if role not in ROLES:
        raise UserProblem("role", f"The role is {', '.join(ROLES)}. You gave {role!r}.")
    address, hashed = _checked(email, password)
    with write() as session:
        if session.scalar(select(User.id).where(User.email == address)) is not None:
            raise UserProblem(
                "email", f"{address} already has an account. Set its password instead."
            )
        user = User(email=address, password_hash=hashed, role=role, created_at=clock.now())
        session.add(user)
        session.flush()
        audit.record(session, who, "user.created", address, None, {"role": role}, at=clock.now())
    return user


def set_password(
    write: Write, clock: Clock, email: str, password: str, who: str = "command line"
) -> int:
    """Set a password and end every session of the account; return how many ended.

    Raises ``UserProblem`` when there is no such account or the password may not be used.
    """
    address, hashed = _checked(email, password)
    with write() as session:
        user = session.scalar(select(User).where(User.email == address))
        if user is None:
            raise UserProblem("email", f"No account has the e-mail {address}.")
        user.password_hash = hashed
        count = session.scalar(
            select(func.count()).select_from(UserSession).where(UserSession.user_id == user.id)
        )
        session.execute(delete(UserSession).where(UserSession.user_id == user.id))
        audit.record(session, who, "user.password", address, at=clock.now())
    return count or 0


def change_own_password(
    write: Write, clock: Clock, user: User, current: str, password: str
) -> int:
    """Change a person's own password and end all of their sessions; return how many ended.

    Raises ``UserProblem`` for ``current`` (not the password of today) or ``password``.
    """
    if not verify_password(user.password_hash, current):
        raise UserProblem("current", "This is not your password of today. Type it again.")
    if password == current:
        raise UserProblem("password", "This is the password you have now. Choose another one.")
    _, hashed = _checked(user.email, password)
    with write() as session:
        kept = session.get_one(User, user.id)
        if kept.password_hash != user.password_hash:
            raise UserProblem("current", "The password was changed meanwhile. Type the new one.")
        kept.password_hash = hashed
        ended = session.execute(delete(UserSession).where(UserSession.user_id == user.id))
        audit.record(session, user.email, "user.password", user.email, at=clock.now())
    return int(getattr(ended, "rowcount", 0))


def set_time_zone(write: Write, clock: Clock, user: User, zone: str) -> bool:
    """Keep the zone in which a person reads times; empty = the hub's. True when it changed.

    Raises ``UserProblem`` for a name that is no time zone.
    """
    name = zone.strip()[:60]
    try:
        if name:
            ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise UserProblem(
            "time_zone", f"{name} is not a time zone. Choose one like America/Chicago."
        ) from None
    with write() as session:
        kept = session.get_one(User, user.id)
        before = kept.time_zone
        if before == name:
            return False
        kept.time_zone = name
        audit.record(
            session, user.email, "user.time-zone", user.email, {"time_zone": before},
            {"time_zone": name}, at=clock.now(),
        )  # fmt: skip
    return True


def end_other_sessions(write: Write, clock: Clock, user: User, kept: str) -> int:
    """End every session of a person but the one whose hashed id is ``kept``; return how many."""
    with write() as session:
        ended = session.execute(
            delete(UserSession).where(UserSession.user_id == user.id, UserSession.id_hash != kept)
        )
        count = int(getattr(ended, "rowcount", 0))
        if count:
            audit.record(
                session, user.email, "user.sessions-ended", user.email, None,
                {"sessions": count}, at=clock.now(),
            )  # fmt: skip
    return count
