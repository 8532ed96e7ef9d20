"""The rules of the contract, by what they are about."""

from importlib import import_module

MODULES = (
    "description",
    "parameters",
    "session",
    "reading",
    "moving",
    "loading",
    "repeating",
    "ambiguous",
    "errors",
    "isolation",
    "simulator",
)
"""In the order of the reference."""


def load() -> None:
    """Register every check."""
    for name in MODULES:
        import_module(f"hub.testing.checks.{name}")
