"""Rigs for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rig import Rig


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Make rigs that end with the test."""
    made: list[Rig] = []

    def make(**options: Any) -> Rig:
        home = tmp_path / str(len(made))
        home.mkdir()
        made.append(Rig(home, **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    """Twelve customers, forty items, everything ticked."""
    return make_rig()
