"""What an author sees in pytest, and what other projects pay: nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ("-p", "hub.testing.pytest_plugin")
CONTRACT = """
from hub.testing import ConnectorContract

class TestContract(ConnectorContract):
    plugin = "tests.contract.broken.own_session"
"""


def run(folder: Path, text: str, *more: str) -> str:
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGIN, *more]
    alone = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, "test_it.py"],
        cwd=folder,
        env=alone,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_broken_rule_is_told_in_its_own_words(tmp_path: Path) -> None:
    text = run(tmp_path, CONTRACT, "-k", "own_means or loads")
    assert "1 failed, 2 passed" in text
    assert "own_session.py:3 imports requests: a wire of its own." in text
    assert "What to do: Use the http" in text
    assert "Traceback" not in text
    assert "hub/testing/rules.py" not in text
    assert "contract TestContract: no level, 2 of 3 rules kept" in text


def test_a_project_without_connectors_loads_nothing_of_the_hub() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import hub.testing.pytest_plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['hub', 'hub.testing', 'hub.testing.pytest_plugin']"


def test_it_is_announced_to_pytest() -> None:
    config = (ROOT / "setup.cfg").read_text()
    assert "pytest11 =\n    hub.testing.pytest_plugin = hub.testing.pytest_plugin\n" in config
