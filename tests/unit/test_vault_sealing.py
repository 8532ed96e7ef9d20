"""Sealed values open only with their key and at their place."""

import base64

import pytest

from hub.vault import (
    KeyProblem,
    Redactor,
    SealBroken,
    Vault,
    check_key,
    new_key,
    read_keys,
    write_keys,
)

CANARY = "canary-Secret-77"


def vault(*keys):
    return Vault(keys or (new_key(),), Redactor(), b"p" * 32)


def test_a_value_moved_to_another_row_does_not_open():
    box = vault()
    one = box.seal(("connection_parameter", "1", "password"), CANARY)
    two = box.seal(("connection_parameter", "2", "password"), "other-Secret-88")
    assert box.open(("connection_parameter", "1", "password"), one) == CANARY
    with pytest.raises(SealBroken, match="another place"):
        box.open(("connection_parameter", "1", "password"), two)
    with pytest.raises(SealBroken, match="another place"):
        box.open(("connection_parameter", "2", "password"), one)


def test_sealed_bytes_and_repr_hold_nothing():
    box = vault()
    sealed = box.seal(("t", "1", "n"), CANARY)
    assert CANARY.encode() not in sealed
    assert CANARY not in repr(box)
    with pytest.raises(SealBroken):
        box.open(("t", "1", "n"), sealed[:-4] + b"AAAA")


def test_second_key_still_opens_and_other_key_does_not():
    old, new = new_key(), new_key()
    sealed = vault(old).seal(("t", "1", "n"), CANARY)
    assert vault(new, old).open(("t", "1", "n"), sealed) == CANARY
    with pytest.raises(SealBroken):
        vault(new).open(("t", "1", "n"), sealed)


def test_opened_secrets_are_redacted_from_then_on():
    key = new_key()
    sealed = vault(key).seal(("t", "1", "n"), CANARY)
    box = vault(key)
    assert box.redactor.redact(CANARY) == CANARY
    box.open(("t", "1", "n"), sealed)
    assert CANARY not in box.redactor.redact(f"x {CANARY} y")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "change-me",
        base64.urlsafe_b64encode(b"\0" * 32).decode(),
        base64.urlsafe_b64encode(b"0123456789" * 3 + b"01").decode(),
        base64.urlsafe_b64encode(bytes(range(31))).decode(),
        base64.urlsafe_b64encode(bytes(range(33))).decode(),
        "ключ" * 11,
    ],
)
def test_bad_keys_are_refused_without_being_repeated(key):
    with pytest.raises(KeyProblem) as caught:
        check_key(key)
    assert not key or key not in str(caught.value)


def test_digest_is_keyed_and_unambiguous():
    one, two = vault(), Vault((new_key(),), Redactor(), b"q" * 32)
    assert one.digest("ab", "c") != one.digest("a", "bc")
    assert one.digest("ab") != two.digest("ab")
    assert one.digest("ab") == one.digest("ab")


def test_key_file_is_private_and_refused_when_open_to_others(tmp_path):
    path = tmp_path / "home" / "secret.keys"
    write_keys(path, ["k1", "k2"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_keys(path) == ["k1", "k2"]
    assert [p.name for p in path.parent.iterdir()] == ["secret.keys"]
    path.chmod(0o644)
    with pytest.raises(KeyProblem, match="chmod 600"):
        read_keys(path)
    assert read_keys(tmp_path / "none") == []
