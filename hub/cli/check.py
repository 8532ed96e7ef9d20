"""``hub check``: the contract kit without pytest."""

import importlib
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from hub.cli.base import Stop, finish, print_json, say, table
from hub.registry import BUNDLED
from hub.registry.discovery import GROUP

FAILED = 1


@click.command()
@click.argument("plugin")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--write", is_flag=True, help="Fill the plugin's quality.yaml with the result.")
def check(plugin: str, *, as_json: bool, write: bool) -> None:
    """Try the rules of the contract on a connector: its name, or its module's dotted name."""
    from hub.testing.report import level_of, quality_text, run

    kit = _kit(plugin)
    try:
        rows = run(kit)
        level = level_of(rows)
        if write:
            _write(kit.module, quality_text(kit, rows))
    finally:
        kit.close()
    found: list[dict[str, Any]] = [
        {
            "check": row.check.id,
            "state": row.state,
            "level": row.check.level,
            "rule": row.check.rule,
            "seen": row.seen,
            "remedy": row.remedy,
        }
        for row in rows
    ]
    if as_json:
        print_json({"plugin": plugin, "level": level, "checks": found})
    else:
        table(
            [[r["check"], r["state"], r["level"], _words(r)] for r in found],
            ["check", "state", "level", "what"],
        )
        broken = sum(row.state == "fail" for row in rows)
        say(
            f"{plugin}: {level or 'no'} level, {len(rows) - broken} of {len(rows)} rules "
            "kept or not for it."
        )
    finish(FAILED if any(row.state == "fail" for row in rows) else 0)


def _words(row: dict[str, Any]) -> str:
    if row["state"] == "fail":
        return f"{row['seen']} → {row['remedy']}"
    return str(row["seen"] or row["rule"])


def _kit(name: str) -> Any:
    from hub.testing.kit import Kit

    points = {point.name: point.value for point in entry_points(group=GROUP)}
    module = BUNDLED.get(name) or points.get(name) or name
    here = str(Path.cwd())
    if here not in sys.path:
        # An author checks what lies in the folder, before anything is installed.
        sys.path.insert(0, here)
    try:
        return Kit(importlib.import_module(module))
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            known = ", ".join(sorted({*BUNDLED, *points}))
            raise Stop(
                f"There is no plugin {name}. Installed are {known}; a module is named with dots, "
                "such as my_package.connector."
            ) from None
        raise Stop(f"The plugin {name} cannot be imported: {error}.") from None
    except (TypeError, ValueError):
        raise Stop(f"“{name}” is not the name of a plugin or module.") from None
    except Exception as error:
        raise Stop(f"The plugin {name} cannot be imported: {error!r}.") from None


def _write(module: Any, text: str) -> None:
    place = Path(str(module.__file__))
    if place.name != "__init__.py":
        raise Stop(f"{place.name} is a single file: make it a package to keep a quality.yaml in.")
    try:
        (place.parent / "quality.yaml").write_text(text, encoding="utf-8")
    except OSError as error:
        raise Stop(f"quality.yaml cannot be written: {error}.") from None
