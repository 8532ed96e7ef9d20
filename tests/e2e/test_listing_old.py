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

    def stamp(self, number: str, key: str) -> None:
        """A person enters our key at a company."""
        fields = [{"fieldName": "ERP ID", "fieldValue": key}]
        with self.rig.store.lock:
            self.rig.store.put_row("companies", number, {"extraFields": fields})

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
def test_what_others_do_meanwhile_is_taken_over_and_not_made_twice(load: Load, hides: bool) -> None:
    keys = list(own_mails(load.rig))[-3:]
    email = mail(own_mails(load.rig)[keys[1]]).lower()
    load.hides_changes = hides
    made = {keys[0]: load.make("Stamped By Hand", companyEmail="hand@stamped.example")}

    def behind_the_list() -> None:
        load.while_listed = lambda: None
        made[keys[2]] = load.make("Too Late", stamp=keys[2], companyEmail="late@stamped.example")

    def later() -> None:
        load.stamp(made[keys[0]], keys[0])
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


@pytest.mark.parametrize("found_by", ["stamp", "two stamps", "mail"])
def test_what_is_deleted_meanwhile_is_seen_and_all_is_listed_once_more(
    load: Load, found_by: str
) -> None:
    key, row = list(own_mails(load.rig).items())[14]
    stamps = {"stamp": 1, "two stamps": 2, "mail": 0}[found_by]
    made = [load.make(f"Old {n}", companyEmail=f"{n}@old.example") for n in range(stamps)]
    made += [] if stamps else [load.make("Old Mail", companyEmail=mail(row).lower())]
    for number in made[:stamps]:
        load.stamp(number, key)
    load.before[2] = lambda: load.delete(made[0])
    load.rig.sync("customer")
    assert key not in load.rig.messages("parked", "customer")
    assert len(load.bearing("stamp", key)) == 1
    assert set(made[1:]) <= set(load.bearing("stamp", key))
    assert load.lists["whole"] == 2


def test_an_old_listing_that_shows_many_is_read_anew_when_that_costs_little(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WHOLE_TIMES", 60)  # it took 12 seconds
    for n, (key, row) in enumerate(list(own_mails(load.rig).items())[10:]):
        load.make(f"Old {n}", stamp=key, companyEmail=mail(row).lower())
    load.rig.sync("customer")
    assert 1 < load.lists["whole"] < load.lists["changes"]
    assert load.rig.created_twice() == []
