"""Addresses of static files: each carries the hash of its content and is kept forever."""

import hashlib
from functools import cache
from pathlib import Path

from flask import url_for

STATIC = Path(__file__).parent / "static"
HASH_LENGTH = 12


@cache
def content_hash(name: str) -> str:
    """Return the first 12 hex digits of the file's sha256."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:HASH_LENGTH]


def static_url(name: str) -> str:
    """Return the address of a static file with ``?v=``."""
    return url_for("static", filename=name, v=content_hash(name))


def icon_url(name: str) -> str:
    """Return the address of one icon in the sprite."""
    return f"{static_url('icons.svg')}#{name}"
