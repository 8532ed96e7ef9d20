"""The documents: links lead somewhere, words are the project's, and the quickstart works as written."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [*DOCS.rglob("*.md"), ROOT / "README.md"]
)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_every_document_is_in_the_index():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    for path in DOCS.rglob("*.md"):
        name = path.relative_to(DOCS).as_posix()
        if name != "README.md" and not name.startswith("adr/"):
            assert f"]({name})" in index, name


def commands_of(page):
    """The page's commands, in order: what stands in its ``bash`` blocks."""
    return re.findall(
        r"^```bash\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def walk(page, folder, first="", **environ):
    """Run a page's commands literally in one shell; whatever it started ends with it."""
    script = "\n".join(["set -euo pipefail", *commands_of(page)])
    tools = f"{first}:{Path(sys.executable).parent}"
    environ = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", **environ}
    shell = subprocess.Popen(
        ["bash", "-c", script], cwd=folder, env=environ, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = shell.communicate(timeout=110)
    finally:
        with contextlib.suppress(ProcessLookupError):  # nothing was left running
            os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, said
    return said


@pytest.mark.slow
def test_the_quickstart_works_as_written(tmp_path):
    said = walk("docs/quickstart.md", tmp_path)
    assert '"entity": "customer"' in said or '"entity":"customer"' in said


def own_environment(folder):
    """An environment of its own that has the hub, and takes what is installed."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    packages.joinpath("hub.pth").write_text("\n".join(path for path in sys.path if path))
    for name in ("hub", "pytest"):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {folder}/bin/python -m {name} "$@"\n')
        script.chmod(0o755)
    return str(folder / "bin")


@pytest.mark.slow
def test_the_tutorial_works_as_written(tmp_path):
    page = "docs/tutorials/first-connector.md"
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_DEPS": "1"}
    said = walk(page, tmp_path, first=own_environment(tmp_path / "env"), **offline)
    for shown in re.findall(
        r"^```text\n(.*?)\n```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL
    ):
        assert shown in said, said
