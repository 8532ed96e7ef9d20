"""``hub doctor``, ``hub db``, ``hub keys``, ``hub user``."""

import getpass
import os
import sys

import click

from hub.cli.base import EXPECTED, Stop, finish, opened, print_json, say, table
from hub.config import Environment
from hub.runtime.doctor import Finding, examine
from hub.seams import SystemClock
from hub.settings.keys import reset_keys
from hub.settings.users import UserProblem, create_user, set_password
from hub.store import schema
from hub.store.database import Database
from hub.vault import Redactor


@click.command()
@click.option("--json", "as_json", is_flag=True)
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
@click.option("--role", type=click.Choice(["admin"]), default="admin")
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
