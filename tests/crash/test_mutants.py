"""Each of twenty rules is needed: without it the harm is seen, with it there is none.

``make torture`` prints the table of this.
"""

import pytest
import scenarios
from crash_kit import Make
from mutants import MUTANTS

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", sorted(scenarios.SCENARIOS))
def test_with_every_rule_nothing_is_harmed(make_crash_rig: Make, name: str) -> None:
    tally = scenarios.run(name, make_crash_rig, None)
    assert tally.clean, tally


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_without_one_rule_it_is(make_crash_rig: Make, name: str) -> None:
    tally = scenarios.run(MUTANTS[name].scenario, make_crash_rig, name)
    print(name, tally)
    assert not tally.clean, f"nobody noticed that this rule was missing: {name}"
