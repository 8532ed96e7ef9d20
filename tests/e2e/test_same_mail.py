"""Two contacts of one customer with the same e-mail: one user, and one message for a person."""

from collections.abc import Callable

import pytest
from rig import Rig

Make = Callable[..., Rig]
MAIL = "twin@shared.example"
CREATE = "POST /api/v3/io/users"
TWINS = ("900001", "900002")


@pytest.mark.parametrize(
    ("batch", "case"), [(True, "new"), (False, "new"), (False, "lost"), (False, "there")]
)
def test_the_second_of_two_with_one_mail_is_parked_and_delays_nobody(
    make_rig: Make, batch: bool, case: str
) -> None:
    rig = make_rig(items=1, features={"customer": {}, "contact": {}},
                   messages={"batch": batch, "threshold_count": 0})  # fmt: skip
    rig.sync()
    key, company = next((k, row) for k, row in rig.companies().items() if not k.startswith("#"))
    if case == "there":
        with rig.store.lock:
            rig.store.put_row("users", MAIL, {"companyId": company["companyId"], "role": 1})
    for number in TWINS:
        rig.put("Contact", number, ContactID=int(number), BusinessAccount=key, Email=MAIL,
                FirstName=f"Twin {number}", LastName="Berg", Active=True, Status="Active")  # fmt: skip
    if case == "lost":
        faults = [{"match": CREATE, "fault": "answer_lost", "nth": n} for n in (1, 2)]
        rig.store.faults.replace(faults)
    mark = rig.mark()
    rig.quiesce()
    (parked,) = (m for m in rig.messages("parked", "contact").values() if m.key in TWINS)
    (winner,) = set(TWINS) - {parked.key}
    assert winner in parked.reason
    assert "already linked" in parked.reason
    assert rig.users()[MAIL]["firstName"] == f"Twin {winner}"
    assert len([e for e in rig.effects(mark, "users") if e["effect"] != "refused"]) == 1
    assert rig.messages("unknown") == rig.messages("pending") == {}
    rig.put("Contact", parked.key, Email="own@mail.example")
    rig.sync("contact")
    assert rig.users()["own@mail.example"]["firstName"] == f"Twin {parked.key}"
    assert rig.users()[MAIL]["firstName"] == f"Twin {winner}"
