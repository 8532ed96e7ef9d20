"""``hub backup``, ``hub restore``, ``hub keys rotate``, ``hub audit``."""

import os
from pathlib import Path

import click

from hub.cli.base import EXPECTED, Stop, finish, opened, print_json, say
from hub.config import Environment
from hub.runtime.backup import make_backup
from hub.runtime.restore import Restored, restore_backup
from hub.seams import SystemClock
from hub.settings import audit as trail
from hub.settings.rotation import Rotation, retired_file, rotate_keys
from hub.store import snapshot
from hub.store.database import Database
from hub.store.tables import AuditEvent
from hub.vault import Redactor

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def backup(file: Path, as_json: bool) -> None:
    """Write the database to FILE, also while the hub works. Keys are not in it."""
    os.umask(0o077)
    try:
        environment = Environment.load(os.environ)
        manifest = make_backup(environment, SystemClock(), file)
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    if as_json:
        print_json({"file": str(file), "size": manifest.size, "sha256": manifest.sha256,
                    "made_at": manifest.made_at, "revision": manifest.revision,
                    "key_ids": manifest.key_ids, "unreadable": manifest.unreadable})  # fmt: skip
        return
    click.echo(f"Backed up to {file} ({file.stat().st_size:,} bytes).")
    if manifest.key_ids:
        place = "HUB_SECRET_KEYS" if environment.secret_keys else environment.key_file
        say(
            f"The secrets in it open only with key {', '.join(manifest.key_ids)}: keep a copy of "
            f"{place} somewhere else than the backup."
        )
    if manifest.unreadable:
        say(f"{manifest.unreadable} sealed values open with no key at hand; they are as they were.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--without-key", is_flag=True, help="The key is lost: secrets are entered again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def restore(file: Path, yes: bool, without_key: bool, as_json: bool) -> None:
    """Replace the database by the backup FILE; all connectors start paused."""
    os.umask(0o077)
    if not yes and not click.confirm(
        "The database is replaced by the backup; the present one is kept beside it. Go on?",
        err=True,
    ):
        raise Stop("Nothing was changed.")
    try:
        environment = Environment.load(os.environ)
        done = restore_backup(environment, SystemClock(), file, without_key=without_key)
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    if as_json:
        print_json({"made_at": done.manifest.made_at, "revision": done.revision,
                    "paused": done.paused, "kept": str(done.kept) if done.kept else None,
                    "secrets_gone": done.secrets_gone})  # fmt: skip
    else:
        _tell(done)


def _tell(done: Restored) -> None:
    made = done.manifest.made_at[:19].replace("T", " ")
    click.echo(f"Restored the backup of {made} UTC (version {done.manifest.hub_version}).")
    if done.kept is not None:
        say(f"The replaced database is kept as {done.kept}.")
    if done.secrets_gone:
        say("Enter the secrets of each connection again on its page.")
    if done.paused:
        say(
            f"Paused: {', '.join(done.paused)}. Nothing is sent until you resume each on its page; "
            "then everything is read anew, and records that are there already are found again."
        )
    say("Everybody signs in again. Passwords are those of the day of the backup.")


@click.command()
def rotate() -> None:
    """Seal every secret under a new key; can be run again after an interruption."""
    try:
        environment = Environment.load(os.environ)
        database = Database(environment.database_url, SystemClock())
        try:
            snapshot.refuse_missing(database)
            done = rotate_keys(database, environment, Redactor())
        finally:
            database.close()
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    _say_rotated(done, environment)


def _say_rotated(done: Rotation, environment: Environment) -> None:
    if done.step == "set_new":
        # The one place where a key is printed: the operator has to set it.
        click.echo(f"HUB_SECRET_KEYS={done.new_key},{','.join(environment.secret_keys)}")
        say("A new key was made; nothing is changed yet. Stop the hub, set HUB_SECRET_KEYS to the "
            "line above, and run `hub keys rotate` again.")  # fmt: skip
        return
    begun = "The rotation that was begun is complete" if done.resumed else "The key was rotated"
    click.echo(f"{begun}: {done.values:,} values sealed anew under key {done.key}.")
    for place in done.broken:
        say(f"{place} opens with no key and was left as it is. Enter that secret again.")
    if done.step == "remove_old":
        say(f"Now set HUB_SECRET_KEYS to its first key alone (key {done.key}) and start the hub. "
            "Keep the old keys for backups made until today.")  # fmt: skip
    else:
        say(f"The old key ({', '.join(done.retired)}) is kept in {retired_file(environment)} for "
            "backups made until today; delete that file when you need none of them.")  # fmt: skip
        say("A hub that is running takes the new key by itself.")


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
def verify() -> None:
    """Check that no row of the audit trail was changed or taken out."""
    with opened() as runtime, runtime.read() as session:
        wrong = trail.verify(session)
        count = session.query(AuditEvent).count()
        row = session.get(AuditEvent, wrong) if wrong is not None else None
        if row is None:
            click.echo(f"All {count:,} rows of the audit trail are as they were written.")
            return
        say(
            f"Row {row.id} of the audit trail is not as it was written, or a row before it was "
            f"taken out: {row.at:%Y-%m-%d %H:%M:%S} UTC, {row.who}, {row.action} {row.target}. "
            "Compare it with a backup from before that time."
        )
    finish(1)
