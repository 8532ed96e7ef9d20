"""How large a file may be."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """``size`` in bytes, ``rows`` below the header; ``remedy`` says what to do with a larger file."""

    size: int
    rows: int
    remedy: str


UPLOAD = Limits(
    5 * MEGABYTE,
    50_000,
    "Split it into smaller files, or use `hub records import FILE` where the hub runs.",
)
COMMAND = Limits(100 * MEGABYTE, 500_000, "Split it into smaller files.")
MOST_CHANGES = 100_000
"""Rows of one file that may change something: they are applied in one transaction, and who sends
records waits for it, at most five seconds."""
