"""What is installed is the whole hub: it works from any folder, without its sources beside it."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("hub", "plugins", "templates")
FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it from a copy, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, source / name, ignore=skip)
    for name in FILES:
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps",
         "--no-build-isolation", "--no-index", "-w", str(folder), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    missing = ("No module named", "BackendUnavailable", "invalid command 'bdist_wheel'")
    if built.returncode and any(sign in built.stderr for sign in missing):
        pytest.skip("setuptools or wheel is not in this environment, so nothing can be built here")
    assert built.returncode == 0, built.stderr[-2000:]
    (found,) = folder.glob("*.whl")
    return found


def files(folder: Path, pattern: str) -> Iterable[str]:
    return (
        path.relative_to(folder).as_posix()
        for path in folder.rglob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    )


def test_every_module_page_style_and_migration_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"hub/{name}" for name in files(ROOT / "hub", "*.py")}
    wanted |= {f"plugins/{name}" for name in files(ROOT / "plugins", "*.py")}
    wanted |= {f"plugins/{name}" for name in files(ROOT / "plugins", "quality.yaml")}
    wanted |= {f"hub/web/static/{name}" for name in files(ROOT / "hub/web/static", "*")}
    wanted |= {f"hub/web/templates/{name}" for name in files(ROOT / "templates", "*.html")}
    wanted |= {f"hub/store/migrations/{n}" for n in files(ROOT / "hub/store/migrations", "*.mako")}
    wanted.add("hub/py.typed")
    assert len([name for name in wanted if "migrations/versions" in name]) >= 2
    assert wanted - inside == set()
    assert not [name for name in inside if name.startswith(("tests/", "benchmarks/", "templates/"))]


def test_the_command_and_the_bundled_connectors_are_entry_points(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/entry_points.txt")]
    text = archive.read(name).decode()
    for word in ("[console_scripts]", "hub = ", "acumatica = ", "bigcommerce = "):
        assert word in text


def test_it_works_from_any_folder_without_its_sources(wheel: Path, tmp_path: Path) -> None:
    """Its database is made, its connectors are found, and a page with its style is answered."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = """
import os, sys, hub
assert hub.__file__.startswith(sys.argv[1]), hub.__file__
from hub.runtime import build
from hub.web import create_app
runtime = build(os.environ)
assert {"acumatica", "bigcommerce"} <= set(runtime.registry.plugins)
client = create_app(runtime).test_client()
page = client.get("/", follow_redirects=True)
assert page.status_code == 200 and b"<html" in page.data, page.status_code
assert client.get("/static/hub.css").status_code == 200
runtime.close()
print("whole")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(site)], cwd=elsewhere, check=False,
        env={**os.environ, "PYTHONPATH": str(site), "HUB_HOME": str(tmp_path / "home")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "whole"
