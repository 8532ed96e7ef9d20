"""Sealing with a list of keys; every sealed text carries the place it belongs to."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from hub.vault.redact import Redactor

KEY_BYTES = 32
FEWEST_DISTINCT = 12
"""Of 32 random bytes about 30 differ; a key with fewer than 12 was typed or copied from a sample."""


class KeyProblem(Exception):
    """A sealing key cannot be used; the text is one sentence that never holds the key."""


class SealBroken(Exception):
    """Sealed bytes do not open: other key, altered, or moved here from another place."""


def new_key() -> str:
    """Return a new random sealing key as text."""
    return Fernet.generate_key().decode()


def check_key(key: str) -> None:
    """Raise ``KeyProblem`` when ``key`` is short, malformed or a sample."""
    try:
        raw = base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise KeyProblem("it is not a key made by the hub (44 characters of base64)") from None
    if len(raw) != KEY_BYTES:
        raise KeyProblem(f"it must hold {KEY_BYTES} bytes, it holds {len(raw)}")
    if len(set(raw)) < FEWEST_DISTINCT:
        raise KeyProblem("it looks like a sample, not like a random key")


def key_id(key: str) -> str:
    """Return the name of a key that may be told: 12 hex digits that reveal nothing of it."""
    return hashlib.sha256(f"hub key id\n{key}".encode()).hexdigest()[:12]


class Vault:
    """Seals and opens texts, makes keyed digests. The first key seals, all of them open.

    ``newer`` returns the keys when they have changed since: a running hub asks it before it seals,
    and when something does not open, so that a rotation reaches it without a restart.
    """

    def __init__(
        self,
        keys: Sequence[str],
        redactor: Redactor,
        pepper: bytes = b"",
        *,
        newer: Callable[[], Sequence[str] | None] | None = None,
    ) -> None:
        self.redactor = redactor
        self._pepper = pepper
        self._newer = newer
        self._use(keys)

    def _use(self, keys: Sequence[str]) -> None:
        if not keys:
            raise KeyProblem("no sealing key is set")
        for key in keys:
            check_key(key)
        self.redactor.learn(*keys)
        self._singles = {key_id(key): Fernet(key) for key in keys}
        self._fernet = MultiFernet(list(self._singles.values()))

    def _refresh(self) -> bool:
        keys = self._newer() if self._newer is not None else None
        if not keys:
            return False
        try:
            self._use(keys)
        except KeyProblem:
            return False
        return True

    def __repr__(self) -> str:
        return "<Vault>"

    def with_pepper(self, pepper: bytes) -> "Vault":
        """Return this vault with the secret that digests are keyed with."""
        twin = object.__new__(Vault)
        twin.__dict__.update(self.__dict__)
        twin._pepper = pepper
        return twin

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The names of the keys, the sealing one first."""
        return tuple(self._singles)

    def opener(self, sealed: bytes) -> str | None:
        """Return the id of the key that opens these bytes; None when no key does."""
        for name, fernet in self._singles.items():
            try:
                fernet.decrypt(bytes(sealed))
            except InvalidToken:
                continue
            return name
        return None

    def belongs(self, start: tuple[str, ...], sealed: bytes) -> bool:
        """True when these bytes open and the place they carry begins with ``start``."""
        try:
            found, _text = json.loads(self._decrypt(bytes(sealed)))
        except (InvalidToken, ValueError):
            return False
        return tuple(found[: len(start)]) == start

    def reseal(self, sealed: bytes) -> bytes | None:
        """Return the same text for the same place under the first key; None when it is already.

        Raises ``SealBroken`` when no key opens it.
        """
        found = self.opener(sealed)
        if found is None:
            raise SealBroken("the sealed value does not open")
        return None if found == self.key_ids[0] else self._fernet.rotate(bytes(sealed))

    def seal(self, place: tuple[str, ...], text: str, *, learn: bool = True) -> bytes:
        """Encrypt ``text`` for ``place`` (table, row, name); it opens only there.

        The redactor learns it, unless ``learn`` is False (session data, the canary).
        """
        if learn:
            self.redactor.learn(text)
        self._refresh()
        body = json.dumps([list(place), text], ensure_ascii=False)
        return self._fernet.encrypt(body.encode())

    def open(self, place: tuple[str, ...], sealed: bytes, *, learn: bool = True) -> str:
        """Decrypt what was sealed for ``place``. Raises ``SealBroken``."""
        try:
            found, text = json.loads(self._decrypt(bytes(sealed)))
        except (InvalidToken, ValueError):
            raise SealBroken(f"the sealed value of {'/'.join(place)} does not open") from None
        if tuple(found) != place:
            raise SealBroken(f"the sealed value at {'/'.join(place)} belongs to another place")
        if learn:
            self.redactor.learn(text)
        return str(text)

    def _decrypt(self, sealed: bytes) -> bytes:
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            if not self._refresh():
                raise
        return self._fernet.decrypt(sealed)

    def digest(self, *parts: str) -> str:
        """Return a keyed SHA-256 of the parts as 64 hex digits; equal parts give equal digests."""
        if not self._pepper:
            raise KeyProblem("digests need the pepper of an opened database")
        body = json.dumps(parts, ensure_ascii=False).encode()
        return hmac.new(self._pepper, body, hashlib.sha256).hexdigest()
