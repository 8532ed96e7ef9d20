"""The house as ARCHITECTURE says: walls, packages, sizes, seams, words."""

import ast
import configparser
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [p for room in ("hub", "plugins") for p in (ROOT / room).rglob("*.py")]


def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def words(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--config", "setup.cfg"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_package_list_is_what_lies_on_disk() -> None:
    listed = set(words(config()["options"]["packages"]))
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in CODE
        if path.name == "__init__.py"
    } | {"hub.web.templates"}
    assert listed == found


def test_bundled_plugins_are_the_entry_points() -> None:
    from hub.registry import BUNDLED

    points = dict(
        re.split(r"\s*=\s*", line)
        for line in words(config()["options.entry_points"]["hub.connectors"])
    )
    assert points == BUNDLED


def test_files_and_functions_stay_liveable() -> None:
    long = [f"{p.relative_to(ROOT)}" for p in CODE if len(p.read_text().splitlines()) > 400]
    assert not long, f"over 400 lines: {long}"
    sizes = sorted(
        node.end_lineno - node.lineno + 1
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    assert sizes[int(len(sizes) * 0.95)] <= 40


FORBIDDEN_CALLS = {
    ("time", "time"), ("time", "sleep"), ("time", "monotonic"), ("datetime", "now"),
    ("datetime", "utcnow"), ("date", "today"), ("random", "random"), ("random", "Random"),
    ("random", "choice"), ("random", "uniform"),
}  # fmt: skip
HOME_OF_SEAMS = ("hub/seams/",)


def test_time_and_chance_come_through_the_seams() -> None:
    wrong = []
    for path in CODE:
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(HOME_OF_SEAMS):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and (node.value.id, node.attr) in FORBIDDEN_CALLS
            ):
                wrong.append(f"{place}:{node.lineno} {node.value.id}.{node.attr}")  # noqa: PERF401
    assert not wrong, wrong


@pytest.mark.parametrize("library", ["requests", "urllib3"])
def test_the_network_comes_through_the_gate(library: str) -> None:
    wrong = []
    for path in CODE:
        place = path.relative_to(ROOT).as_posix()
        if place.startswith("hub/gate/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [place for name in names if name.split(".")[0] == library]
    assert not wrong, wrong


def test_nobody_opens_the_file_with_another_sqlite() -> None:
    places = {p.relative_to(ROOT).as_posix() for p in CODE if "import sqlite3" in p.read_text()}
    assert places <= {"hub/store/database.py"}


def test_every_status_of_a_message_has_a_badge() -> None:
    from hub.web.badges import BADGES

    statuses = {
        "pending", "in_flight", "unknown", "blocked", "parked", "filtered", "done", "unchanged",
        "cancelled", "superseded",
    }  # fmt: skip
    keys = set(BADGES)
    aliases = {"pending": "waiting", "in_flight": "sending"}
    missing = {s for s in statuses if s not in keys and aliases.get(s) not in keys}
    assert not missing


def test_every_hook_says_what_it_is_for() -> None:
    from hub.sdk import hookspecs

    hooks = {name: fn for name, fn in vars(hookspecs).items() if name.startswith("hub_")}
    assert all(fn.__doc__ for fn in hooks.values())
    used = set(chain.from_iterable(re.findall(r"hub_\w+", p.read_text()) for p in CODE
                                   if "registry" in p.parts))  # fmt: skip
    assert set(hooks) - used <= {"hub_migrate_settings"}


def test_crash_points_are_few_and_all_in_use() -> None:
    from typing import get_args

    from hub.seams import CrashPoint

    names = set(get_args(CrashPoint))
    assert len(names) <= 30
    text = "\n".join(p.read_text() for p in CODE if "seams" not in p.parts)
    unused = {name for name in names if f'"{name}"' not in text}
    assert not unused, unused
