"""The command line: ``hub``. Output for people on standard error, data on standard output."""

from hub.cli.main import main

__all__ = ["main"]
