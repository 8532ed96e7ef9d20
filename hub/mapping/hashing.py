"""Hashes that are equal exactly when nothing that matters has changed."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
).encode


def canonical_json(data: Mapping[str, Any]) -> str:
    """Return sorted, compact JSON; Decimals as plain text without trailing zeros."""
    return _encode(data)


def content_hash(text: str) -> str:
    """Return the SHA-256 of JSON text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
