"""What every command shares: opening the hub, printing, exit codes."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from hub.config import ConfigProblem
from hub.runtime import AlreadyServing, Runtime, build
from hub.runtime.process import tune_memory
from hub.store.database import DatabaseProblem
from hub.vault import KeyProblem, configure_logging

USAGE, NEEDS_PERSON = 2, 3
EXPECTED = (ConfigProblem, DatabaseProblem, KeyProblem, AlreadyServing)

Command = TypeVar("Command", bound=Callable[..., Any])


class Stop(click.ClickException):
    """Ends the command with one sentence and exit code 2."""

    exit_code = USAGE

    def show(self, file: Any = None) -> None:
        """Print the sentence on standard error."""
        click.echo(self.message, err=True, file=file)


@contextmanager
def opened(*, quiet: bool = True, keep_alive: bool = False) -> Iterator[Runtime]:
    """Open the hub of this environment; a wrong one ends the command with one sentence."""
    try:
        runtime = build(keep_alive=keep_alive)
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    level = "error" if quiet else runtime.environment.log_level
    tune_memory()
    configure_logging(runtime.redactor, runtime.environment.log_format, level)
    try:
        yield runtime
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    finally:
        runtime.close()


def print_json(data: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def print_lines(rows: Iterator[Any] | list[Any]) -> None:
    """Print one JSON object per line on standard output."""
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False, default=str))


def say(text: str) -> None:
    """Print a line for people."""
    click.echo(text, err=True)


def table(rows: list[list[str]], head: list[str]) -> None:
    """Print an aligned table on standard output."""
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        cells = (str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def finish(code: int) -> None:
    """End with an exit code."""
    sys.stdout.flush()
    raise click.exceptions.Exit(code)
