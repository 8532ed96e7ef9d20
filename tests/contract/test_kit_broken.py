"""No rule without a connector that breaks it, and no broken connector that gets through."""

import pytest

from hub.testing import checks
from hub.testing.kit import Kit
from hub.testing.rules import CHECKS, CheckFailed, NotApplicable
from tests.contract import broken
from tests.contract.broken.table import FOLDER, PAGES, message

checks.load()
BROKEN = broken.load()


def failing(kit: Kit) -> dict[str, CheckFailed]:
    found = {}
    for name, check in CHECKS.items():
        try:
            check.run(kit)
        except CheckFailed as error:
            found[name] = error
        except NotApplicable:
            continue
    return found


def test_every_rule_has_a_broken_connector() -> None:
    assert BROKEN.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", BROKEN)
def test_the_rule_sees_it_and_says_what_to_do(name: str) -> None:
    error = message(name)
    seen, _, remedy = str(error).partition("\nWhat to do: ")
    assert remedy == error.remedy
    assert len(remedy) > 20
    assert "healthy case" not in seen, "it fails by an accident, not by the rule"


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_is_what_the_kit_prints(page: str) -> None:
    stated = (FOLDER / page).read_text(encoding="utf-8")
    assert stated == PAGES[page](), "run: python -m tests.contract.broken.table"


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_few_other_rules_see_it_too(name: str) -> None:
    with BROKEN[name].kit() as kit:
        found = failing(kit)
    assert name in found
    print(name, "also:", ", ".join(sorted(found.keys() - {name})) or "none")
