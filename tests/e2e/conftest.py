"""Rigs for the tests of this folder."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rig import Rig


@pytest.fixture
def make_rig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Rig]]:
    """Make rigs that end with the test.

    A test with the marker ``postgres`` runs on PostgreSQL, with HUB_TEST_DATABASE=postgres all do.
    """
    made: list[Rig] = []
    on_server = os.environ.get("HUB_TEST_DATABASE") == "postgres"
    on_server = on_server or request.node.get_closest_marker("postgres") is not None
    new_database = request.getfixturevalue("new_pg") if on_server else None

    def make(**options: Any) -> Rig:
        home = tmp_path / str(len(made))
        home.mkdir()
        if new_database is not None:
            options.setdefault("database", new_database())
        made.append(Rig(home, **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    """Twelve customers, forty items, everything ticked."""
    return make_rig()
