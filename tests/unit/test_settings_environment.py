"""Bad variables get one sentence that names them."""

import pytest

from hub.config import ConfigProblem, Environment


def test_defaults(tmp_path):
    env = Environment.load({"HUB_HOME": str(tmp_path)})
    assert env.database_url == f"sqlite:///{tmp_path}/hub.db"
    assert (env.engine, env.log_format, env.log_level, env.public_url) == (
        "threads",
        "text",
        "info",
        "",
    )
    assert env.key_file.parent == tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_ENGINE", "magic"),
        ("HUB_WORKERS", "0"),
        ("HUB_WORKERS", "many"),
        ("HUB_WORKERS", "²"),
        ("HUB_LOG_FORMAT", "xml"),
        ("HUB_LOG_LEVEL", "loud"),
        ("HUB_PUBLIC_URL", "hub.example.com"),
        ("HUB_PUBLIC_URL", "https://u:p@hub.example.com"),
        ("HUB_PUBLIC_URL", "https://[bad"),
        ("HUB_DATABASE_URL", "mysql://u:topsecret@h/d"),
        ("HUB_DATABASE_URL", "nonsense topsecret"),
        ("HUB_SECRET_KEYS", " , "),
    ],
)
def test_one_sentence_names_the_variable(name, value):
    with pytest.raises(ConfigProblem) as caught:
        Environment.load({name: value})
    text = str(caught.value)
    assert name in text
    assert "\n" not in text
    assert "topsecret" not in text


def test_keys_are_not_in_the_repr():
    env = Environment.load(
        {"HUB_SECRET_KEYS": "one-key,two-key", "HUB_DATABASE_URL": "postgresql://u:pw77@h/d"}
    )
    assert env.secret_keys == ("one-key", "two-key")
    assert "one-key" not in repr(env)
    assert "pw77" not in repr(env)
