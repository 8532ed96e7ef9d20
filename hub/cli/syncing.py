"""``hub sync``."""

import sys
from collections import Counter
from datetime import datetime

import click

from hub.cli.base import NEEDS_PERSON, USAGE, Stop, finish, opened, print_json, say, table
from hub.runtime.sync import COUNTED, Sync
from hub.sdk import parse_time


def moment(
    _context: click.Context, parameter: click.Parameter, text: str | None
) -> datetime | None:
    """Read a time with zone; a date alone is midnight UTC."""
    if text is None:
        return None
    try:
        return parse_time(text if "T" in text else f"{text}T00:00:00+00:00")
    except ValueError:
        raise Stop(
            f"--{parameter.name} must be a date or a time with zone, such as 2026-11-03 or "
            f"2026-11-03T14:00:00Z. You entered {text!r}."
        ) from None


class Bar:
    """A progress line on a terminal; nothing elsewhere."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._open = False

    def __call__(self, flow: str, counts: Counter[str]) -> None:
        """Show the counts of a flow."""
        if not self._shown:
            return
        done = sum(counts[name] for name in COUNTED if name != "read") + counts["parked"]
        total = max(counts["read"], done, 1)
        filled = int(24 * done / total)
        bar = "#" * filled + "-" * (24 - filled)
        words = ", ".join(f"{counts[name]:,} {name}" for name in COUNTED[1:] if counts[name])
        click.echo(f"\r\033[K{flow:<10} [{bar}] {done:,} of {total:,}  {words}", nl=False, err=True)
        self._open = True

    def close(self) -> None:
        """End the line."""
        if self._open:
            say("")


def _tell_busy(flow: str) -> None:
    say(f"{flow}: another hub process is running this sync; waiting until it has ended.")


@click.command()
@click.argument("connector")
@click.argument("flows", nargs=-1, metavar="[FLOW ...]")
@click.option(
    "--mode",
    type=click.Choice(["incremental", "full"]),
    default="incremental",
    help="What changed, or everything.",
)
@click.option("--since", callback=moment, help="Read what changed at or after this time.")
@click.option("--until", callback=moment, help="Read what changed at or before this time.")
@click.option(
    "--wait",
    type=click.FloatRange(0, 86_400),
    default=0,
    metavar="SECONDS",
    help="Also wait so long for what is due later.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sync(
    connector: str,
    flows: tuple[str, ...],
    mode: str,
    since: datetime | None,
    until: datetime | None,
    wait: float,
    as_json: bool,
) -> None:
    """Run a connector's syncs now: read and deliver until nothing is due."""
    if since and until and since > until:
        raise Stop("--since lies after --until. Exchange them.")
    with opened(keep_alive=True) as runtime:
        bar = Bar(shown=not as_json and sys.stderr.isatty())
        done = Sync(runtime, connector, bar, _tell_busy).run(
            flows, mode=mode, since=since, until=until, wait=wait
        )
        bar.close()
    if as_json:
        print_json({"connector": done.connector, "flows": done.flows})
    else:
        names = [*COUNTED, "waiting", "parked"]
        rows = [[key, *(f"{flow[n]:,}" for n in names)] for key, flow in done.flows.items()]
        table(rows, ["sync", *names])
    for problem in done.problems:
        say(problem)
    if done.problems:
        finish(USAGE if done.misconfigured else 1)
    if done.needs_person:
        if not as_json:
            say("Some messages are parked: `hub messages --status parked` shows what they need.")
        finish(NEEDS_PERSON)
