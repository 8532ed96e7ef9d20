"""Lost answers, late execution and kills at random moments, by seed: lost 0, doubled 0 (F4, F9-F11).

``--slow`` runs ten times as many seeds of each kind; ``make torture`` as many as one likes.
"""

import pytest
from crash_kit import Make
from series import Kind, answers, answers_lost, kills, lagging, late

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3000)]

SEEDS = 20


def seeds(config: pytest.Config, few: int = SEEDS) -> range:
    return range(few * 10 if config.getoption("--slow") else few)


@pytest.mark.parametrize(("kind", "few"), [(answers_lost, 20), (late, 20), (lagging, 6)])
def test_no_answer_loses_or_doubles_anything(
    make_crash_rig: Make, request: pytest.FixtureRequest, kind: Kind, few: int
) -> None:
    done = answers(make_crash_rig(shared=False), kind, seeds(request.config, few))
    assert done.faults > few
    assert not done.bad, done.bad


def test_a_kill_at_a_random_moment(make_crash_rig: Make, request: pytest.FixtureRequest) -> None:
    done = kills(make_crash_rig(), seeds(request.config))
    assert done.faults >= SEEDS * 3 // 4
    assert not done.bad, done.bad
