"""People who sign in: made on the first page or from the command line, never with a default."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.seams import Clock
from hub.settings import audit
from hub.settings.passwords import PasswordProblem, check_password, hash_password
from hub.store.tables import User, UserSession

ROLES = ("viewer", "operator", "admin")
EMAIL = re.compile(r"[^@\s<>()\[\],;:\"\\]{1,64}@[^@\s<>()\[\],;:\"\\]{1,130}")

Write = Callable[[], AbstractContextManager[Session]]
"""Opens one writing transaction that commits on exit."""


class UserProblem(ValueError):
    """Something about a user cannot be done. ``field`` is email, password or role."""

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
