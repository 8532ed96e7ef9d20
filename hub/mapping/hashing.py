"""Hashes that are equal exactly when nothing that matters has changed."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hub.sdk.exact_json import dump_json


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


def canonical_json(data: Mapping[str, Any]) -> str:
    """Return sorted, compact JSON; Decimals as plain text without trailing zeros."""
    return dump_json(data, _plain, sort_keys=True, allow_nan=True)


def content_hash(text: str) -> str:
    """Return the SHA-256 of JSON text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
