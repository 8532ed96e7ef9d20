"""Browser tests of one file are a walk: they run in the order in which they are written."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    walk = [item for item in items if HERE in item.path.parents]
    places = [place for place, item in enumerate(items) if HERE in item.path.parents]
    files = list(dict.fromkeys(item.path for item in walk))
    walk.sort(key=lambda item: (files.index(item.path), item.location[1] or 0))
    for place, item in zip(places, walk, strict=True):
        items[place] = item
