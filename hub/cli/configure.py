"""``hub config`` and ``hub test``."""

import sys
from pathlib import Path

import click

from hub.cli.base import USAGE, Stop, finish, opened, print_json, say, table
from hub.settings import connector_state

LARGEST = 2_000_000


@click.group()
def config() -> None:
    """Apply or export the configuration file."""


@config.command()
@click.argument("path", metavar="FILE")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def apply(path: str, dry_run: bool) -> None:
    """Make the hub what FILE says (- reads standard input)."""
    text = _text(path)
    with opened(keep_alive=True) as runtime:
        report = runtime.settings.apply(
            text,
            who="command line",
            dry_run=dry_run,
            activate=lambda connector_id: runtime.activate(connector_id, "command line"),
        )
    for problem in report.problems:
        say(problem)
    if report.problems:
        say("Nothing was changed.")
        finish(USAGE)
    for change in report.changes:
        click.echo(f"would change {change}" if dry_run else change)
    if not report.changes:
        click.echo("Nothing to change.")
    for text in report.failed:
        say(text)
    if report.failed:
        finish(USAGE)


def _text(path: str) -> str:
    try:
        data = sys.stdin.buffer.read(LARGEST + 1) if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Stop(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None


@config.command()
@click.option("--connector", help="Only this connector and its connections.")
def export(connector: str | None) -> None:
    """Print the configuration as YAML; secrets appear only as references."""
    with opened() as runtime:
        with runtime.read() as session:
            if connector and connector_state.by_key(session, connector) is None:
                raise Stop(f"There is no connector {connector!r}.")
        click.echo(runtime.settings.export(connector), nl=False)


@click.command()
@click.argument("connector")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def test(connector: str, as_json: bool) -> None:
    """Test both connections and run the initialization checks, one row each."""
    with opened() as runtime:
        with runtime.read() as session:
            found = connector_state.by_key(session, connector)
        if found is None:
            raise Stop(f"There is no connector {connector!r}.")
        rows = runtime.initialize(found.id)
    checks = [
        {
            "group": row.group,
            "activity": row.check.activity,
            "status": row.check.status,
            "detail": row.check.detail,
            "remedy": row.check.remedy,
            "parameter": row.check.parameter,
        }
        for row in rows
    ]
    if as_json:
        print_json({"connector": connector, "checks": checks})
    else:
        cells = [
            [str(c[n] or "") for n in ("status", "group", "activity", "detail")] for c in checks
        ]
        table(cells, ["status", "system", "check", "result"])
        for check in checks:
            if check["status"] == "failed":
                say(f"{check['activity']}: {check['remedy']}")
    if any(check["status"] == "failed" for check in checks):
        finish(USAGE)
