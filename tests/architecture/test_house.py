"""The walls of the house: packages, layers, seams, sizes, entry points."""

import ast
import configparser
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [*sorted((ROOT / "hub").rglob("*.py")), *sorted((ROOT / "plugins").rglob("*.py"))]


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_the_package_list_equals_the_folders() -> None:
    listed = set(setup()["options"]["packages"].split())
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in CODE
        if "__pycache__" not in path.parts
    }
    assert listed - {"hub.web.templates"} == folders


def test_the_bundled_connectors_are_entry_points() -> None:
    lines = setup()["options.entry_points"]["hub.connectors"].split("\n")
    names = {line.partition("=")[0].strip() for line in lines if line.strip()}
    folders = {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}
    assert names == folders


def test_the_import_contracts_hold() -> None:
    tool = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if tool is None:
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [tool, "--config", "setup.cfg"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_files_and_functions_stay_small() -> None:
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in CODE}
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    p95 = lengths[int(len(lengths) * 0.95)]
    long = sorted((n, str(path)) for path, n in sizes.items() if n > 300)
    print(f"{len(sizes)} files, {len(long)} over 300 lines: {long}; functions p95 {p95}")
    assert not [path for path, n in sizes.items() if n > 400]
    assert p95 <= 40


FORBIDDEN = {
    ("time", "time"), ("time", "sleep"), ("time", "monotonic"), ("datetime", "now"),
    ("datetime", "utcnow"), ("date", "today"),
}  # fmt: skip


def outside_the_seams() -> Iterator[str]:
    for path in CODE:
        place = path.relative_to(ROOT).parts
        if place[:2] == ("hub", "seams"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if named and (node.value.id, node.attr) in FORBIDDEN:
                yield f"{'/'.join(place)}:{node.lineno} {node.value.id}.{node.attr}"
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                gate = place[:2] == ("hub", "gate")
                if top == "random" or (top in ("requests", "urllib3") and not gate):
                    yield f"{'/'.join(place)}:{node.lineno} imports {top}"


def test_time_chance_and_wire_are_used_through_their_seams_only() -> None:
    assert list(outside_the_seams()) == []
