"""What one check of ``hub doctor`` found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. ``status``: ok, watch, to mend."""

    check: str
    status: str
    detail: str
    remedy: str = ""
