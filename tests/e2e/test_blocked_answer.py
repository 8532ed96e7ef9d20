"""A connector that says a parent is missing which the hub knows to be there."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig

from hub.registry.plugin import Plugin
from hub.sdk import LoadResult, Outcome

Make = Callable[..., Rig]


def test_a_missing_parent_that_is_there_spends_attempts_instead_of_a_loop(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(items=1, features={"customer": {}, "location": {}}, messages={"retry_count": 1})
    rig.sync("customer")
    asked: list[str] = []
    stop = threading.Event()

    def load(_plugin: Plugin, _client: Any, _action: Any, items: Any) -> list[LoadResult]:
        asked.extend(item.key for item in items)
        outcome = Outcome.REJECTED if stop.is_set() else Outcome.BLOCKED
        return [LoadResult(item.key, outcome, detail="There is no such company.") for item in items]

    monkeypatch.setattr(Plugin, "load", load)
    run = threading.Thread(target=rig.quiesce, daemon=True)
    run.start()
    run.join(10)
    ended = not run.is_alive()
    stop.set()
    run.join(20)
    assert ended
    parked = rig.messages("parked", "location")
    assert parked
    assert all("no such company" in message.reason for message in parked.values())
    assert max(asked.count(key) for key in asked) <= 3
