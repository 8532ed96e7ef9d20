"""Sealing with a key list, keyed digests, masking, and the redacting log formatter."""

from hub.vault.keyfile import read_keys, write_keys
from hub.vault.logs import RedactingFormatter, configure_logging, escape, make_formatter
from hub.vault.redact import MASK, SHORTEST, Redactor
from hub.vault.sealing import KeyProblem, SealBroken, Vault, check_key, new_key

__all__ = [
    "MASK",
    "SHORTEST",
    "KeyProblem",
    "RedactingFormatter",
    "Redactor",
    "SealBroken",
    "Vault",
    "check_key",
    "configure_logging",
    "escape",
    "make_formatter",
    "new_key",
    "read_keys",
    "write_keys",
]
