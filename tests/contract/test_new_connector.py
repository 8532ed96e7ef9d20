"""``hub new-connector``: the package it writes keeps every rule, and a bad name writes nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.cli import main
from hub.testing import Kit
from hub.testing.report import run
from hub.testing.scaffold import package_of

ROOT = Path(__file__).resolve().parents[2]
ROLES = {"erp": "grain-works", "store": "fabric_shop"}


def made(folder, role):
    given = CliRunner().invoke(main, ["new-connector", ROLES[role], "--role", role, "--into", folder])
    assert given.exit_code == 0, given.output
    return Path(given.stdout.strip())


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    folder = made(str(tmp_path), request.param)
    name = ROLES[request.param].replace("-", "_")
    monkeypatch.syspath_prepend(str(folder))
    yield name
    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        del sys.modules[module]


@pytest.mark.parametrize("package", ROLES, indirect=True)
def test_a_new_connector_keeps_every_rule_at_once(package):
    kit = Kit(package)
    try:
        rows = run(kit)
    finally:
        kit.close()
    assert [(row.check.id, row.seen) for row in rows if row.state == "fail"] == []
    assert sum(row.state == "pass" for row in rows) > len(rows) / 2


def test_its_words_are_the_authors(tmp_path):
    text = "".join(
        path.read_text() for path in made(str(tmp_path), "erp").rglob("*") if path.is_file()
    )
    assert "grain_works" in text
    assert "Grain works" in text
    assert "my_platform" not in text
    assert "My platform" not in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Fabric", "small letters"),
        ("1shop", "starts with a letter"),
        ("../shop", "small letters"),
        ("shop; rm", "small letters"),
        ("x" * 41, "at most 40"),
        ("json", "taken by Python"),
        ("class", "taken by Python"),
        ("hub", "taken by Python or the hub"),
        ("requests", "installed here already"),
        ("", "small letters"),
    ],
)
def test_a_name_that_does_not_do_is_refused_and_nothing_is_written(tmp_path, name, said):
    given = CliRunner().invoke(main, ["new-connector", name, "--into", str(tmp_path)])
    assert given.exit_code == 2
    assert said in given.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(tmp_path):
    folder = made(str(tmp_path), "erp")
    (folder / "README.md").write_text("mine")
    given = CliRunner().invoke(main, ["new-connector", "grain-works", "--into", str(tmp_path)])
    assert given.exit_code == 2
    assert "exists already" in given.output
    assert (folder / "README.md").read_text() == "mine"


def test_dashes_become_a_package():
    assert package_of("fabric-shop-2") == "fabric_shop_2"


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_its_own_tests_style_and_types_are_clean(tmp_path, role):
    folder = made(str(tmp_path), role)
    name = ROLES[role].replace("-", "_")
    path = f"{ROOT}:{folder}"
    for command in (
        ["pytest", "-q", "-p", "no:cacheprovider", "tests"],
        ["ruff", "check", "--config", str(ROOT / "pyproject.toml"), name],
        ["mypy", "--strict", "--explicit-package-bases", "-p", name],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": path, "MYPYPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
