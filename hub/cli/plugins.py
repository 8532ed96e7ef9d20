"""``hub plugins``: what is installed, and which of it may run."""

from typing import Any

import click

from hub.cli.base import Stop, finish, opened, print_json, say, table
from hub.registry import Found
from hub.sdk import ConfigError, Direction
from hub.settings.approvals import Entry

WHO = "command line"
FAILED = 1
WARNING = (
    "An approved plugin can read everything the hub can: passwords, payloads, the database. "
    "Approve only code whose source you know."
)


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def plugins(context: click.Context, as_json: bool) -> None:
    """List connector plugins, or say which of them may run."""
    if context.invoked_subcommand is None:
        _list(as_json=as_json)


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_plugins(as_json: bool) -> None:
    """List connector plugins with their state and action types."""
    _list(as_json=as_json)


@plugins.command()
@click.argument("name", metavar="NAME")
@click.option("--sha256", help="Approve only when the files have this hash.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def approve(name: str, sha256: str | None, as_json: bool) -> None:
    """Let an installed plugin run, or one in quarantine try again."""
    with opened() as runtime:
        try:
            found = runtime.approvals.approve(name, WHO, sha256=sha256)
        except ConfigError as error:
            raise Stop(str(error)) from None
        row = _row(_entry(runtime.approvals.entries(), found))
    if as_json:
        print_json(row)
    elif found.plugin is not None:
        click.echo(
            f"{name} is approved: {_package(found)}. A running hub uses it within 15 seconds."
        )
        if not found.bundled:
            say(WARNING)
    if found.plugin is None:
        say(f"{name} is approved, but cannot be used: {found.reason}.")
        finish(FAILED)


@plugins.command()
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def revoke(name: str, as_json: bool) -> None:
    """Take an approval back: its syncs pause, nothing is lost."""
    with opened() as runtime:
        try:
            found = runtime.approvals.revoke(name, WHO)
        except ConfigError as error:
            raise Stop(str(error)) from None
        row = _row(_entry(runtime.approvals.entries(), found))
    if as_json:
        print_json(row)
        return
    click.echo(f"{name} is revoked. Its syncs pause; nothing is lost, their messages wait.")
    say("A running hub stops using it within 15 seconds. Its code leaves memory at the next start.")


def _list(*, as_json: bool) -> None:
    with opened() as runtime:
        rows = [_row(entry) for entry in runtime.approvals.entries()]
    if as_json:
        print_json(rows)
        return
    cells = [
        [r["name"], r["version"], r["role"], r["status"],
         f"{r['distribution']} {r['sha256'][:12]}".strip(),
         r["reason"] or ", ".join(k for keys in r["action_types"].values() for k in keys)]
        for r in rows
    ]  # fmt: skip
    head = ["plugin", "version", "role", "state", "package", "syncs, or why it does not run"]
    table([[str(cell) for cell in row] for row in cells], head)


def _package(found: Found) -> str:
    hashed = found.package.sha256 if found.package else ""
    text = f"{found.distribution} {found.version}"
    return f"{text}, SHA-256 {hashed}" if hashed else text


def _entry(entries: list[Entry], found: Found) -> Entry:
    return next(entry for entry in entries if entry.found.key == found.key)


def _row(entry: Entry) -> dict[str, Any]:
    found, row = entry.found, entry.row
    decided = row is not None and bool(row.decided_by)
    return {
        "name": found.name,
        "version": found.version,
        "distribution": found.distribution,
        "sha256": found.package.sha256 if found.package else "",
        "status": found.state,
        "reason": found.reason,
        "bundled": found.bundled,
        "decided_by": row.decided_by if row is not None and decided else "",
        "decided_at": row.decided_at if row is not None and decided else None,
        "approved_version": row.version if row is not None else "",
        "approved_sha256": row.sha256 if row is not None else "",
        "label": found.plugin.info.label if found.plugin else "",
        "role": found.plugin.info.role.value if found.plugin else "",
        "action_types": {
            direction.value: [
                action.key
                for action in (found.plugin.actions.values() if found.plugin else ())
                if action.direction is direction
            ]
            for direction in Direction
        },
    }
