"""Cells of CSV files: guarded against being taken for a formula, and back."""

import re

_GUARDED = re.compile(r"'*[=+\-@|%\t\r]")


def guard(text: str) -> str:
    """Return the cell as it is written: a spreadsheet takes none that begins with ' for a formula.

    ``unguard`` gives back exactly what was guarded, leading apostrophes included.
    """
    return f"'{text}" if _GUARDED.match(text) else text


def unguard(text: str) -> str:
    """Return the cell as it was before ``guard``."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) else text
