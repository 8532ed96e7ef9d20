"""The tests hash passwords cheaply; a hub outside them does not."""

from quick import FULL_COST, FULL_NOBODY

from hub.settings import passwords


def test_outside_the_tests_a_hash_costs_what_was_decided():
    assert (FULL_COST.time_cost, FULL_COST.memory_cost, FULL_COST.parallelism) == (2, 19 * 1024, 1)
    assert passwords.HASHER is not FULL_COST
    kept = FULL_COST.hash("brisk walnut ladder")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify_password(kept, "brisk walnut ladder")
    assert passwords.needs_rehash(kept)


def test_an_unknown_account_costs_as_much_as_a_known_one():
    assert not FULL_COST.check_needs_rehash(FULL_NOBODY)
    assert not passwords.verify_password(None, "no account has this password")
