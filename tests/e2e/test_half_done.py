"""A connector that fails in mid-batch, or swallows that nothing could be written down."""

from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig, eligible
from sqlalchemy.exc import OperationalError

from hub.engine.intents import Intents
from hub.registry.plugin import Plugin
from hub.sdk import LoadResult, Outcome, RecordRejected

Make = Callable[..., Rig]
COMPANIES = "POST /api/v3/io/companies"


def names(body: Any) -> list[str]:
    """The companies that a body is to make."""
    rows = body if isinstance(body, list) else [body]
    return [row["companyName"] for row in rows if "companyName" in row]


def test_what_a_batch_made_before_it_was_refused_as_a_whole_is_not_made_again(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(customers=30, items=1, features={"customer": {}},
                   messages={"batch": True, "threshold_count": 0})  # fmt: skip
    rig.set(preferences={"customer_classes": ["EXPORT"]})
    rig.sync()
    rig.set(preferences={})
    whole = Plugin.load
    failed: list[str] = []

    def load(plugin: Plugin, client: Any, action: Any, items: Any) -> Any:
        if len(items) > 2 and not failed:
            whole(plugin, client, action, items[:2])
            failed.extend(str(item.payload["companyName"]) for item in items[:2])
            raise RecordRejected("the third one is refused")
        return whole(plugin, client, action, items)

    monkeypatch.setattr(Plugin, "load", load)
    rig.quiesce()
    posted = [name for method, _, body in rig.bodies if method == "POST" for name in names(body)]
    assert [posted.count(name) for name in failed] == [1, 1]
    assert rig.created_twice() == []
    parked = set(rig.messages("parked", "customer"))
    assert set(rig.companies()) == set(eligible(rig)) - parked


def test_nothing_is_sent_when_its_intent_could_not_be_written(
    make_rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where a connector takes every error of a record for the record's own."""
    rig = make_rig(customers=30, items=1, features={"customer": {}}, messages={"batch": False})
    rig.set(preferences={"customer_classes": ["EXPORT"]})
    rig.sync()
    rig.set(preferences={})
    whole, note = Plugin.load, Intents.before_send

    def load(plugin: Plugin, client: Any, action: Any, items: Any) -> Any:
        try:
            return whole(plugin, client, action, items)
        except Exception as error:
            return [LoadResult(i.key, Outcome.RETRY, detail=str(error)) for i in items]

    def full(intents: Intents, *arguments: Any) -> None:
        note(intents, *arguments)
        raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    monkeypatch.setattr(Plugin, "load", load)
    monkeypatch.setattr(Intents, "before_send", full)
    with rig.calls() as seen:
        rig.run()
    assert not [name for name in seen["store"] if name.startswith(COMPANIES)]
    monkeypatch.undo()
    rig.quiesce()
    parked = set(rig.messages("parked", "customer"))
    assert set(rig.companies()) == set(eligible(rig)) - parked
    assert rig.created_twice() == []
