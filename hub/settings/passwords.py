"""Passwords: what may be one, and how it is kept (argon2id, at most two hashes at once)."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)
"""A hash takes 19 MiB; a burst of sign-ins must not take the machine (S19)."""

NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$S48XmQmoNf+bmxSWuwDveg$"
    "2+f82JJUBqLhlIziaVO8a0PSHBrAU+KrbmhdaNHWpoY"
)
"""Checked when the account is unknown, so that the answer takes as long as for a known one.

Written down, since each process of the hub would pay 35 ms and 19 MiB for making it.
"""

COMMON_STEMS = (
    "password", "passwort", "passw0rd", "qwerty", "qwertyuiop", "qwertz", "azerty", "letmein",
    "welcome", "iloveyou", "administrator", "admin", "changeme", "secret", "monkey", "dragon",
    "football", "baseball", "sunshine", "princess", "superman", "batman", "trustno1", "master",
    "shadow", "michael", "jordan", "abc123", "abcdef", "abcdefghijkl", "asdfgh", "asdfghjkl",
    "zxcvbn", "zxcvbnm", "1q2w3e4r", "1q2w3e4r5t6y", "1qaz2wsx", "1qaz2wsx3edc", "qazwsx",
    "qazwsxedc", "integration", "integrationhub", "acumatica", "bigcommerce", "company", "demo",
    "test", "hello", "login", "default", "guest", "root", "summer", "winter", "spring", "autumn",
)  # fmt: skip
"""A password made of one of these, repeated or with digits and signs around, is refused."""

SEQUENCES = (
    "0123456789" * 3,
    "9876543210" * 3,
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)


class PasswordProblem(ValueError):
    """A password that may not be used; the text is the sentence for the person who typed it."""


def check_password(password: str, email: str = "") -> None:
    """Raise ``PasswordProblem`` unless the password is 12 to 128 characters and not a common one."""
    if len(password) < SHORTEST:
        raise PasswordProblem(
            f"The password has {len(password)} characters. Use at least {SHORTEST}; "
            "a few unrelated words work well."
        )
    if len(password) > LONGEST:
        raise PasswordProblem(
            f"The password has {len(password)} characters. Use at most {LONGEST}."
        )
    if _is_common(password.lower(), email.lower()):
        raise PasswordProblem(
            "This password is among the first that anyone would try. "
            "Use a few unrelated words instead."
        )


def _is_common(password: str, email: str) -> bool:
    if len(set(password)) < 5 or any(password in run for run in SEQUENCES):
        return True
    letters = password.strip("0123456789!?.,-_+*#@$%&/()= ")
    stems = [*COMMON_STEMS, *[part for part in (email, email.partition("@")[0]) if part]]
    return any(
        letters and letters.replace(stem, "").strip("0123456789!?.,-_+*#@$%&/()= ") == ""
        for stem in stems
    )


def hash_password(password: str) -> str:
    """Return the argon2id hash; about 45 ms, two at once at most."""
    with _AT_ONCE:
        return HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """True when ``password`` belongs to the hash; takes the same time when there is none."""
    with _AT_ONCE:
        try:
            matches = HASHER.verify(stored or NOBODY, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return matches and stored is not None


def needs_rehash(stored: str) -> bool:
    """True when the hash was made with other costs than today's."""
    return HASHER.check_needs_rehash(stored)
