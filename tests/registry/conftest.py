import sys
from pathlib import Path

import pytest
from plugin_kit import site_packages

from hub.registry import registry
from hub.registry.probe import Seen
from hub.runtime.runtime import build
from hub.seams import VirtualClock

sys.path += [str(Path(__file__).parents[1] / room) for room in ("e2e", "web")]


@pytest.fixture
def site(tmp_path, monkeypatch):
    with site_packages(tmp_path / "site-packages", monkeypatch) as made:
        yield made


@pytest.fixture
def trusting(monkeypatch):
    """Import without the child process that looks at a plugin first: it has tests of its own."""
    monkeypatch.setattr(registry, "look_at", lambda *_: Seen())


@pytest.fixture
def start(tmp_path):
    """Start a hub on one home, as often as a test likes; what still runs is closed at the end."""
    made = []

    def begin(**more):
        runtime = build({"HUB_HOME": str(tmp_path / "home")}, clock=VirtualClock(), **more)
        made.append(runtime)
        return runtime

    yield begin
    for runtime in made:
        runtime.close()
