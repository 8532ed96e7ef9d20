"""Sealing with a key list, keyed digests, masking, and the redacting log formatter."""

from hub.vault.keyfile import KeyFile, read_keys, sync_folder, write_keys
from hub.vault.logs import RedactingFormatter, configure_logging, escape, make_formatter
from hub.vault.redact import MASK, SHORTEST, Redactor
from hub.vault.sealing import KeyProblem, SealBroken, Vault, check_key, key_id, new_key

__all__ = [
    "MASK",
    "SHORTEST",
    "KeyFile",
    "KeyProblem",
    "RedactingFormatter",
    "Redactor",
    "SealBroken",
    "Vault",
    "check_key",
    "configure_logging",
    "escape",
    "key_id",
    "make_formatter",
    "new_key",
    "read_keys",
    "sync_folder",
    "write_keys",
]
