"""Lost answers, late execution and kills at random moments, by seed: lost 0, doubled 0 (F4, F9-F11).

``--slow`` runs ten times as many seeds of each kind; ``make torture`` as many as one likes.
"""

import pytest
from crash_kit import Make
from series import Kind, answers, answers_lost, kills, lagging, late

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3000)]

SEEDS = 20
KILLED = 14
"""Each of these is killed one to three times, so that they are as many kills."""
PARTS = 2
"""A kind is tried in so many tests, so that workers share them."""

part = pytest.mark.parametrize("part", range(PARTS))


def seeds(config: pytest.Config, part: int, few: int = SEEDS) -> range:
    return range(part, few * 10 if config.getoption("--slow") else few, PARTS)


@part
@pytest.mark.parametrize(("kind", "few"), [(answers_lost, SEEDS), (late, SEEDS), (lagging, 4)])
def test_no_answer_loses_or_doubles_anything(
    make_crash_rig: Make, request: pytest.FixtureRequest, kind: Kind, few: int, part: int
) -> None:
    rig = make_crash_rig(shared=False, features={"customer": {}, "location": {}, "contact": {}})
    done = answers(rig, kind, seeds(request.config, part, few))
    assert done.faults > few // PARTS
    assert not done.bad, done.bad


@part
def test_a_kill_at_a_random_moment(
    make_crash_rig: Make, request: pytest.FixtureRequest, part: int
) -> None:
    done = kills(make_crash_rig(), seeds(request.config, part, KILLED))
    assert done.faults >= KILLED // PARTS
    assert not done.bad, done.bad
