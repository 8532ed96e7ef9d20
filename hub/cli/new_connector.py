"""``hub new-connector``: start a connector plugin."""

from pathlib import Path

import click

from hub.cli.base import Stop, say
from hub.sdk import Role


@click.command("new-connector")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["erp", "store"]), default="erp", show_default=True,
    help="Which side of a connector it stands on.",
)  # fmt: skip
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="FOLDER",
    help="Where its folder is made; here when left out.",
)  # fmt: skip
def new_connector(name: str, role: str, into: Path) -> None:
    """Write a connector package that passes the contract kit, for you to fill."""
    from hub.testing.scaffold import NameRefused, create

    try:
        folder = create(name, Role(role), into)
    except NameRefused as refusal:
        raise Stop(str(refusal)) from None
    click.echo(folder)
    say(f"Next: pip install -e {folder} pytest && pytest {folder}. Then read {folder}/README.md.")
