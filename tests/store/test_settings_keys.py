"""The key is made with a new database only; a wrong one stops the start; losing it is survivable."""

import dataclasses

import pytest
from settings_kit import PASSWORD, Kit
from sqlalchemy import select

from hub.config import ConfigProblem, Environment
from hub.settings import Context, Settings, ensure_keys, reset_keys
from hub.store.tables import Connection, ConnectionParameter, Connector
from hub.vault import Redactor, new_key


@pytest.fixture
def kit(tmp_path):
    kit = Kit(tmp_path)
    kit.environment = Environment.load({"HUB_HOME": str(tmp_path / "home")})
    yield kit
    kit.database.close()


def with_vault(kit, vault):
    kit.vault = vault
    kit.context = Context(kit.database, kit.context.registry, vault, kit.environ)
    kit.settings = Settings(kit.context)


def test_key_file_is_made_with_a_new_database_and_found_again(kit):
    first = ensure_keys(kit.database, kit.environment, Redactor())
    assert kit.environment.key_file.stat().st_mode & 0o777 == 0o600
    again = ensure_keys(kit.database, kit.environment, Redactor())
    assert again.digest("x") == first.digest("x")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "A" * 44,
        "change-me-change-me-change-me-change-me-1234",
        "MDEy" * 10 + "MDE=",
        new_key(),
        new_key()[:-1],
        "é" * 44,
    ],
    ids=["empty", "short", "a", "sample", "weak", "other", "cut", "not-ascii"],
)
def test_wrong_keys_are_refused_with_the_way_out(kit, key):
    ensure_keys(kit.database, kit.environment, Redactor())
    kit.environment.key_file.write_text(key)
    with pytest.raises(ConfigProblem, match="hub keys reset") as caught:
        ensure_keys(kit.database, kit.environment, Redactor())
    assert not key or key not in str(caught.value)
    from_environment = dataclasses.replace(kit.environment, secret_keys=(key or "x",))
    with pytest.raises(ConfigProblem, match="hub keys reset"):
        ensure_keys(kit.database, from_environment, Redactor())


def test_missing_key_file_is_not_made_anew_for_an_old_database(kit):
    ensure_keys(kit.database, kit.environment, Redactor())
    kit.environment.key_file.unlink()
    with pytest.raises(ConfigProblem, match="missing"):
        ensure_keys(kit.database, kit.environment, Redactor())
    assert not kit.environment.key_file.exists()


def test_sealed_values_without_their_canary_are_refused(kit):
    kit.make()
    with pytest.raises(ConfigProblem, match="no proof"):
        ensure_keys(kit.database, kit.environment, Redactor())


def test_reset_keeps_all_but_the_secrets(kit):
    old = ensure_keys(kit.database, kit.environment, Redactor())
    with_vault(kit, old)
    kit.make()
    fresh = reset_keys(kit.database, kit.environment, Redactor())
    with_vault(kit, fresh)
    assert fresh.digest("x") != old.digest("x")
    with kit.database.read() as session:
        assert session.scalars(select(Connection.state)).all() == ["needs_sign_in"] * 2
        assert session.scalar(select(Connector.key)) == "B2B-US"
        assert (
            session.scalar(
                select(ConnectionParameter.name).where(ConnectionParameter.sealed.is_not(None))
            )
            is None
        )
    assert kit.settings.resolved(1)["username"] == "admin"
    kit.settings.save_connection(kit.erp(), "ann")
    again = ensure_keys(kit.database, kit.environment, Redactor())
    with_vault(kit, again)
    assert kit.settings.resolved(1)["password"] == PASSWORD


def test_a_key_from_the_environment_leaves_no_file_and_may_be_joined_by_a_new_one(kit):
    old, new = new_key(), new_key()
    given = dataclasses.replace(kit.environment, secret_keys=(old,))
    first = ensure_keys(kit.database, given, Redactor())
    assert not kit.environment.key_file.exists()
    both = dataclasses.replace(kit.environment, secret_keys=(new, old))
    assert ensure_keys(kit.database, both, Redactor()).digest("x") == first.digest("x")


def test_a_key_file_that_others_may_read_is_refused(kit):
    ensure_keys(kit.database, kit.environment, Redactor())
    kit.environment.key_file.chmod(0o640)
    with pytest.raises(ConfigProblem, match="chmod 600"):
        ensure_keys(kit.database, kit.environment, Redactor())
