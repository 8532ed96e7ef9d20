"""``hub messages``, ``hub records``, ``hub logs``."""

from typing import Any

import click

from hub.cli.base import Stop, opened, print_lines, table
from hub.reports import listing

PAUSE = 1.0
STATUSES = (
    "pending", "in_flight", "unknown", "blocked", "parked", "filtered", "done", "unchanged",
    "cancelled", "superseded",
)  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--connector", help="Only this connector.")
@click.option("--flow", help="Only this flow.")
@click.option("--status", type=click.Choice(STATUSES), help="Only messages that stand so.")
@click.option("--jsonl", is_flag=True, help="One JSON object per line.")
@click.pass_context
def messages(
    context: click.Context, connector: str | None, flow: str | None, status: str | None, jsonl: bool
) -> None:
    """List messages, or retry and skip them."""
    if context.invoked_subcommand:
        return
    with opened() as runtime, runtime.read() as session:
        rows = listing.messages(session, connector=connector, flow=flow, status=status)
        if jsonl:
            print_lines(rows)
            return
        cells = [
            [str(r["id"]), r["status"], r["flow"], r["key"], r["title"][:40], r["reason"][:80]]
            for r in rows
        ]
    table(cells, ["id", "status", "sync", "key", "name", "reason"])


@messages.command()
@click.argument("ids", nargs=-1, type=int, required=True)
def retry(ids: tuple[int, ...]) -> None:
    """Try messages again with fresh data; `hub sync` or the running hub sends them."""
    with opened() as runtime:
        count = runtime.retry(list(ids))
    _told(count, len(ids), "queued again")


@messages.command()
@click.argument("ids", nargs=-1, type=int, required=True)
def skip(ids: tuple[int, ...]) -> None:
    """Cancel waiting messages; the next change of a record makes a new one."""
    with opened() as runtime:
        count = runtime.skip(list(ids), "command line")
    _told(count, len(ids), "skipped")


def _told(count: int, asked: int, what: str) -> None:
    click.echo(f"{count} of {asked} messages {what}.")
    if count < asked:
        raise Stop("The others do not exist or are not waiting any more.")


@click.group(invoke_without_command=True)
@click.option("--connector", help="Only this connector.")
@click.option("--entity", help="Only records of this kind, such as customer.")
@click.option("--jsonl", is_flag=True, help="Print one JSON object per line.")
@click.pass_context
def records(context: click.Context, connector: str | None, entity: str | None, jsonl: bool) -> None:
    """List known ERP records with their bindings and enablement."""
    if context.invoked_subcommand:
        return
    with opened() as runtime, runtime.read() as session:
        rows = listing.records(session, connector=connector, entity=entity)
        if jsonl:
            print_lines(rows)
            return
        cells = [
            [r["entity"], r["key"], r["title"][:40], r["connector"], str(r["reference_id"] or ""),
             "yes" if r["enabled"] else "no"]
            for r in rows
        ]  # fmt: skip
    table(cells, ["entity", "key", "name", "connector", "reference", "enabled"])


@click.command()
@click.option("--connector", help="Only this connector.")
@click.option(
    "--level",
    type=click.Choice(["error", "warning", "info", "debug"]),
    help="This level and worse.",
)
@click.option("--follow", is_flag=True, help="Wait for new lines; Ctrl-C ends.")
@click.option("--jsonl", is_flag=True, help="Print one JSON object per line.")
def logs(connector: str | None, level: str | None, follow: bool, jsonl: bool) -> None:
    """Print the connector log, oldest first."""
    last = 0
    with opened() as runtime:
        while True:
            with runtime.read() as session:
                rows = listing.logs(session, connector=connector, level=level, after=last)
            for row in rows:
                last = row["id"]
                _print_log(row, jsonl=jsonl)
            if not follow:
                return
            runtime.clock.sleep(PAUSE)


def _print_log(row: dict[str, Any], *, jsonl: bool) -> None:
    if jsonl:
        print_lines([row])
        return
    more = f"  {row['description']}" if row["description"] else ""
    click.echo(f"{row['at']}  {row['level']:<7} {row['action_type']:<10} {row['message']}{more}")
