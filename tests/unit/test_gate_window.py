"""The arithmetic of one quota window."""

from hub.gate.window import MARGIN_MS, Window
from hub.sdk import QuotaSpec, QuotaState

SPEC = QuotaSpec("core", "Core API", calls=150, seconds=30)
NOW = 1_000_000_000_000


def started(used=0, share=100):
    window = Window()
    window.roll(SPEC, NOW)
    for _ in range(used):
        assert window.take(SPEC, NOW, share) == (0, False)
    return window


def test_a_window_allows_its_share_and_then_waits_for_its_end():
    window = started(135, share=90)
    wait, probe = window.take(SPEC, NOW + 10_000, 90)
    assert (wait, probe) == (20_000 + MARGIN_MS, False)
    assert window.take(SPEC, NOW + 10_000, 100) == (0, False), "a person may use the reserve"
    window.roll(SPEC, NOW + 30_000 + MARGIN_MS)
    assert window.used == 0


def test_headers_move_the_end_and_show_other_applications():
    window = started(10)
    window.learn(SPEC, QuotaState(limit=150, remaining=60, resets_in=5.0), NOW + 1000, NOW + 1000)
    assert window.used == 90
    assert window.ends_at == NOW + 6000 + MARGIN_MS
    window.learn(SPEC, QuotaState(limit=300), NOW + 1000, NOW + 1000)
    assert window.limit(SPEC) == 300


def test_headers_of_an_older_window_change_nothing():
    window = started(3)
    window.learn(SPEC, QuotaState(remaining=0, resets_in=2.0), NOW - 40_000, NOW)
    window.learn(SPEC, QuotaState(remaining=0), NOW - 40_000, NOW)
    assert window.used == 3


def test_after_a_refusal_nobody_sends_then_one_probe_then_half_rate():
    window = started(20)
    window.refuse(NOW, 7000, probe=False, jitter=0)
    assert window.take(SPEC, NOW + 6000, 100) == (1000 + MARGIN_MS, False)
    later = NOW + 7000 + MARGIN_MS
    window.roll(SPEC, later)
    assert window.take(SPEC, later, 100) == (0, True)
    assert window.take(SPEC, later + 10, 100)[0] > 0, "one probe, the others wait for its answer"
    window.resume(SPEC, later + 20)
    granted = 0
    while window.take(SPEC, later + 30, 100)[0] == 0:
        granted += 1
    assert granted == 74
    window.roll(SPEC, window.ends_at)
    assert window.rate_percent == 60


def test_bare_refusals_double_the_wait_up_to_a_minute():
    window, now, waits = started(1), NOW, []
    window.refuse(now, None, probe=False, jitter=0)
    for _ in range(8):
        waits.append(window.wait_until - now)
        now = window.wait_until
        assert window.take(SPEC, now, 100) == (0, True)
        window.refuse(now, None, probe=True, jitter=0)
    assert waits == [2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]


def test_eight_refusals_at_once_halve_the_rate_once_and_keep_the_longest_wait():
    window = started(8)
    for said in (1000, 3000, 2000, 500):
        window.refuse(NOW + 5, said, probe=False, jitter=0)
    assert window.rate_percent == 50
    assert window.wait_until == NOW + 5 + 3000 + MARGIN_MS


def test_a_clock_set_back_does_not_stop_calls():
    window = started(150)
    window.roll(SPEC, NOW - 3_600_000)
    assert window.take(SPEC, NOW - 3_600_000, 100) == (0, False)


def test_a_late_call_that_opens_the_vendors_next_window_does_not_cost_that_window():
    """The last calls of a window arrive after its end: the vendor counts them in the next one."""
    spec = QuotaSpec("core", "Core API", 100, 30.0)
    window = Window()
    window.roll(spec, 1_000_000)
    for _ in range(84):
        window.take(spec, 1_010_000, 90)
    told = QuotaState(limit=100, remaining=98, resets_in=30.0)
    window.learn(spec, told, 1_030_000, 1_030_010)
    assert window.used <= 10, "not 84"
    window.take(spec, 1_030_020, 90)
    used = window.used
    window.learn(spec, told, 1_030_000, 1_030_030)
    assert window.used == used, "telling the same twice changes nothing"
