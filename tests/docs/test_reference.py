"""The reference says what the code says: each hook, parameter, command and variable is in it."""

import importlib.util
import re
from pathlib import Path

import click
import pytest

from hub.cli import main as cli
from hub.registry import Registry
from hub.sdk import hookspecs
from hub.settings.common_specs import COMMON_SPECS
from hub.settings.specs import CONNECTION_SPECS, SECTIONS

ROOT = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
reference = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(reference)


def said(name):
    return (reference.FOLDER / name).read_text(encoding="utf-8")


def test_the_reference_is_what_the_code_says():
    assert sorted(reference.stale()) == [], "run: python scripts/reference.py"


def test_every_hook_is_there():
    hooks = {name for name in vars(hookspecs) if name.startswith("hub_")}
    assert hooks
    assert hooks == set(re.findall(r"^## `(hub_\w+)\(", said("hooks.md"), re.MULTILINE))


def test_every_parameter_is_there():
    names = {spec.name for spec in (*COMMON_SPECS, *CONNECTION_SPECS)}
    names |= {setting.spec.name for section in SECTIONS for setting in section.settings}
    for plugin in Registry().plugins.values():
        names |= {spec.name for spec in (*plugin.parameters, *plugin.preferences)}
    assert names <= set(re.findall(r"^\| `(\w+)` \|", said("parameters.md"), re.MULTILINE))


def leaves(command, name):
    if isinstance(command, click.Group):
        for key, inner in command.commands.items():
            yield from leaves(inner, f"{name} {key}")
    else:
        yield name


def test_every_command_is_there_and_says_what_it_does():
    text = said("commands.md")
    for name in leaves(cli, "hub"):
        assert re.search(rf"^## `{re.escape(name)}[ `][^\n]*\n\n\S", text, re.MULTILINE), name


def test_every_variable_that_is_read_is_there():
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "hub").rglob("*.py"))
    read = set(re.findall(r'"(HUB_[A-Z_]+)"', source)) - {"HUB_OFF"}
    assert read
    assert read <= set(re.findall(r"`(HUB_[A-Z_]+)`", said("environment.md")))


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_no_cell_of_a_table_breaks_its_row(name):
    for rows in re.findall(r"(?:^\|.*\n)+", said(name), re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows.splitlines()}
        assert len(widths) == 1, rows
