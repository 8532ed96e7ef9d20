"""A load that lasts: the store is not listed over and over, and what others do there is seen."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rig import Rig
from test_adoption import PLACE, mail, own_mails

from hub.engine import delivery, listing

Make = Callable[..., Rig]
ELEVEN_MINUTES = 660


class Load:
    """A load in claims of ten, eleven minutes apart; listing the whole store takes 12 seconds."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig = rig
        self.lists: Counter[str] = Counter()
        self.hides_changes = False
        self.before: dict[int, Callable[[], Any]] = {}
        self.while_listed: Callable[[], Any] = lambda: None
        self._claims = 0
        self._execute = rig.store.execute
        monkeypatch.setattr(delivery, "CLAIM_SIZE", 10)
        deliver = delivery.Delivery._claim_and_deliver
        monkeypatch.setattr(
            delivery.Delivery, "_claim_and_deliver", lambda part: self._wait() or deliver(part)
        )
        monkeypatch.setattr(rig.store, "execute", self._answer)
        monkeypatch.setattr(listing, "WHOLE_TIMES", 10_000)

    def _wait(self) -> None:
        self._claims += 1
        if self._claims > 1:
            self.rig.clock.sleep(ELEVEN_MINUTES)
            self.before.get(self._claims, lambda: None)()

    def _answer(self, request: Any) -> Any:
        if request.method == "GET" and request.path.endswith("/companies"):
            if request.arg("sortBy") == "companyName":
                self.lists["whole"] += 1
                answer = self._execute(request)
                self.while_listed()
                self.rig.clock.sleep(12)
                return answer
            elif request.arg("minModified"):
                self.lists["changes"] += 1
                if self.hides_changes:
                    request.query["minModified"] = ["9999999999"]
        return self._execute(request)

    def make(self, name: str, **fields: Any) -> str:
        """A person makes a company in the store, without a stamp unless one is given."""
        extra = [{"fieldName": "ERP ID", "fieldValue": fields.pop("stamp", "")}]
        with self.rig.store.lock:
            row = self.rig.store.put_row(
                "companies", name, {**PLACE, "companyName": name, "extraFields": extra, **fields}
            )
        return str(row["companyId"])

    def delete(self, number: str) -> None:
        """A person deletes a company."""
        with self.rig.store.lock:
            self.rig.store.delete_row("companies", number)

    def bearing(self, name: str, value: str) -> list[str]:
        """Numbers of the companies with this value; ``stamp`` is our key."""
        read = self.rig.stamp if name == "stamp" else lambda row: str(row[name]).lower()
        return [str(row["companyId"]) for row in self.rig.rows() if read(row) == value]


@pytest.fixture
def load(make_rig: Make, monkeypatch: pytest.MonkeyPatch) -> Load:
    rig = make_rig(
        customers=60, items=1, features={"customer": {}}, messages={"batch": True, "retry_count": 1}
    )
    return Load(rig, monkeypatch)


@pytest.mark.parametrize("hides", [False, True])
def test_what_others_create_meanwhile_is_taken_over_and_not_made_twice(
    load: Load, hides: bool
) -> None:
    keys = list(own_mails(load.rig))[-3:]
    email = mail(own_mails(load.rig)[keys[1]]).lower()
    load.hides_changes = hides
    made: dict[str, str] = {}

    def behind_the_list() -> None:
        load.while_listed = lambda: None
        made[keys[2]] = load.make("Too Late", stamp=keys[2], companyEmail="late@stamped.example")

    def later() -> None:
        made[keys[0]] = load.make("By Hand", stamp=keys[0], companyEmail="hand@stamped.example")
        made[keys[1]] = load.make("Same Mail", companyEmail=email)

    load.while_listed, load.before[2] = behind_the_list, later
    done = load.rig.sync("customer")["customer"]
    assert done["created"] > 20
    assert {key: load.bearing("stamp", key) for key in keys} == {k: [n] for k, n in made.items()}
    assert load.bearing("companyEmail", email) == [made[keys[1]]]
    assert load.rig.created_twice() == []
    if hides:  # a list that does not show what we made ourselves shows nothing of others either
        assert load.lists["whole"] == load.lists["changes"] + 1 > 2
    else:
        assert load.lists["whole"] == 1
        assert load.lists["changes"] >= 2


def test_what_is_deleted_meanwhile_is_neither_updated_for_ever_nor_a_double(load: Load) -> None:
    keys = [list(own_mails(load.rig))[14], list(own_mails(load.rig))[-1]]
    gone = load.make("Deleted Meanwhile", stamp=keys[0], companyEmail="a@deleted.example")
    pair = [
        load.make(f"Twice {n}", stamp=f"{n}", companyEmail=f"{n}@twice.example") for n in range(2)
    ]
    with load.rig.store.lock:
        for number in pair:
            fields = [{"fieldName": "ERP ID", "fieldValue": keys[1]}]
            load.rig.store.put_row("companies", number, {"extraFields": fields})
    assert load.bearing("stamp", keys[1]) == pair
    load.before[2] = lambda: [load.delete(number) for number in (gone, pair[0])]
    load.rig.quiesce()
    assert load.rig.messages("parked", "customer").keys().isdisjoint(keys)
    assert load.bearing("stamp", keys[1]) == pair[1:]
    assert len(load.bearing("stamp", keys[0])) == 1
    assert load.lists["whole"] == 2
