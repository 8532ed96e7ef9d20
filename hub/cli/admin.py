"""``hub doctor``, ``hub db``, ``hub keys``, ``hub user``."""

import getpass
import os
import sys

import click
from sqlalchemy.exc import OperationalError

from hub.cli.base import EXPECTED, Stop, finish, opened, print_json, say, table
from hub.config import Environment
from hub.runtime.doctor import Finding, examine
from hub.seams import SystemClock
from hub.settings.keys import reset_keys
from hub.settings.presence import describe, serving_owners
from hub.settings.users import UserProblem, create_user, set_password
from hub.store import schema
from hub.store.copying import copy_all
from hub.store.database import Database
from hub.vault import Redactor


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def doctor(as_json: bool) -> None:
    """Say what is wrong here and how to mend it."""
    findings: list[Finding] = examine(os.environ)
    if as_json:
        print_json([{"check": f.check, "status": f.status, "detail": f.detail,
                     "remedy": f.remedy} for f in findings])  # fmt: skip
    else:
        table([[f.status, f.check, f.detail] for f in findings], ["status", "check", "found"])
        for finding in findings:
            if finding.status == "to mend":
                say(f"{finding.check}: {finding.remedy}")
    if any(finding.status == "to mend" for finding in findings):
        finish(1)


def _database() -> Database:
    try:
        environment = Environment.load(os.environ)
        environment.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Database(environment.database_url, SystemClock())
    except EXPECTED as problem:
        raise Stop(str(problem)) from None


@click.group()
def db() -> None:
    """Upgrade or check the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version's tables."""
    database = _database()
    try:
        before, after = schema.current(database), schema.upgrade(database)
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    finally:
        database.close()
    click.echo(
        f"The database is at revision {after}." if before == after else f"Upgraded to {after}."
    )


@db.command()
def check() -> None:
    """Look for damage, broken references and missing upgrades."""
    database = _database()
    problems = schema.check(database)
    database.close()
    for problem in problems:
        say(problem)
    if problems:
        finish(1)
    click.echo("The database is whole and at the right revision.")


@db.command("copy")
@click.option("--to", "url", required=True, metavar="URL", help="An empty database.")
def copy_to(url: str) -> None:
    """Copy everything to another database, from SQLite to PostgreSQL or back. Keys stay here."""
    target: Database | None = None
    source = _database()
    try:
        checked = Environment.load({**os.environ, "HUB_DATABASE_URL": url}).database_url
        with source.read() as session:
            owners = serving_owners(session, source.now_ms())
        if owners:
            raise Stop(f"A hub serves this database ({describe(owners[0])}). Stop it, then copy.")
        target = Database(checked, SystemClock())
        counts = copy_all(source, target)
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    except OperationalError as error:
        reason = (str(error.orig).strip().splitlines() or [""])[0]
        raise Stop(f"One of the two databases is not reached: {reason}") from None
    finally:
        source.close()
        if target is not None:
            target.close()
    click.echo(
        f"Copied {sum(counts.values())} rows of {len(counts)} tables. Set HUB_DATABASE_URL to the "
        "new address and keep the sealing key (HUB_HOME or HUB_SECRET_KEYS) as it is."
    )


@click.group()
def keys() -> None:
    """The sealing keys."""


@keys.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Make a new key; sealed secrets are gone and connections need to be signed in again."""
    if not yes and not click.confirm(
        "All saved passwords and tokens become unreadable and must be entered again. Go on?",
        err=True,
    ):
        raise Stop("Nothing was changed.")
    database = _database()
    try:
        reset_keys(database, Environment.load(os.environ), Redactor())
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    finally:
        database.close()
    click.echo("A new key was made. Enter the secrets of each connection again on its page.")


@click.group()
def user() -> None:
    """People who sign in."""


def _password() -> str:
    """Read a password: hidden on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Password (12 to 128 characters): ")
    return sys.stdin.readline().rstrip("\r\n")


@user.command()
@click.argument("email")
@click.option(
    "--role", type=click.Choice(["admin"]), default="admin", help="What the person may do."
)
def create(email: str, role: str) -> None:
    """Create a user; the password is asked for, or read from standard input."""
    with opened() as runtime:
        try:
            made = create_user(runtime.write, runtime.clock, email, _password(), role=role)
        except UserProblem as problem:
            raise Stop(str(problem)) from None
    click.echo(f"{made.email} can sign in as {made.role}.")


@user.command()
@click.argument("email")
def password(email: str) -> None:
    """Set a user's password; all of the user's sessions end."""
    with opened() as runtime:
        try:
            ended = set_password(runtime.write, runtime.clock, email, _password())
        except UserProblem as problem:
            raise Stop(str(problem)) from None
    click.echo(f"The password of {email} is set; {ended} sessions ended.")
