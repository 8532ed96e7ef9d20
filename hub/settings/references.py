"""References to secrets kept outside the database: ``env:NAME`` and ``file:PATH``."""

import re
from collections.abc import Mapping
from pathlib import Path

from hub.sdk import ConfigError
from hub.vault import SHORTEST

LARGEST_FILE = 65_536
_ENV = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*\Z")
_FILE = re.compile(r"file:/?[^\x00-\x1f]+\Z")


def is_reference(value: object) -> bool:
    """True for ``env:…`` and ``file:…``, well-formed or not."""
    return isinstance(value, str) and value.startswith(("env:", "file:"))


def problem(value: str, *, files: bool) -> str:
    """Return what is wrong with a reference, as the end of a sentence; empty = nothing.

    ``files`` is False for input from a browser: no file name is ever taken from there.
    """
    if value.startswith("file:"):
        if not files:
            return "cannot name a file here. Set file: references in the configuration file"
        return "" if _FILE.match(value) else "must name a file, as in file:/run/secrets/name"
    if not _ENV.match(value):
        return "must name an environment variable, as in env:ACU_PASSWORD"
    if value.startswith("env:HUB_"):
        return "cannot refer to a variable of the hub itself. Use another name"
    return ""


def resolve(value: str, label: str, parameter: str, environ: Mapping[str, str]) -> str:
    """Return what a reference stands for now.

    Raises ``ConfigError`` at ``parameter`` when it is missing or unreadable; the value itself is
    in no text.
    """
    kind, _, name = value.partition(":")
    if kind == "env":
        found = environ.get(name, "")
        if not found:
            raise ConfigError(
                f"{label} refers to the environment variable {name}, which is not set where the "
                f"hub runs. Set {name} and start the hub again, or enter the value here.",
                parameter=parameter,
            )
        return found
    return _read(Path(name), label, parameter)


def _read(path: Path, label: str, parameter: str) -> str:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            raise OSError
        found = path.read_text("utf-8").strip("\r\n")
    except (OSError, ValueError):
        found = ""
    if not found:
        raise ConfigError(
            f"{label} refers to the file {path}, which is missing, empty or unreadable for the "
            "hub. Put the value there, or enter it here.",
            parameter=parameter,
        )
    return found


def too_short(secret: str, label: str) -> str:
    """Return the sentence for a secret that redaction could not protect; empty = long enough."""
    if len(secret) >= SHORTEST:
        return ""
    return f"{label} must have at least {SHORTEST} characters, so that logs can be kept free of it."
