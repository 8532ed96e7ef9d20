"""The rig of tests/e2e with a clock that child processes share."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from crash_kit import CrashRig  # noqa: E402


@pytest.fixture
def make_crash_rig(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., CrashRig]]:
    """Make rigs whose hubs run in child processes.

    A test with the marker ``postgres`` runs on PostgreSQL, with HUB_TEST_DATABASE=postgres all do.
    """
    made: list[CrashRig] = []
    on_server = os.environ.get("HUB_TEST_DATABASE") == "postgres"
    on_server = on_server or request.node.get_closest_marker("postgres") is not None
    new_database = request.getfixturevalue("new_pg") if on_server else None

    def make(**options: Any) -> CrashRig:
        while made:
            made.pop().close()
        home = tmp_path / f"rig{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        if new_database is not None:
            options.setdefault("database", new_database())
        made.append(CrashRig(home, **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()
