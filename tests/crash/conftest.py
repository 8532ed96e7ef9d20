"""The rig of tests/e2e with a clock that child processes share."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from crash_kit import CrashRig  # noqa: E402


@pytest.fixture
def make_crash_rig(tmp_path: Path) -> Iterator[Callable[..., CrashRig]]:
    """Make rigs whose hubs run in child processes."""
    made: list[CrashRig] = []

    def make(**options: Any) -> CrashRig:
        while made:
            made.pop().close()
        home = tmp_path / f"rig{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        made.append(CrashRig(home, **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()
