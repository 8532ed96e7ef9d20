"""Both bundled connectors keep every rule; what their packages state is what the kit finds."""

import json
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from hub.cli import main
from hub.registry import BUNDLED, read_quality
from hub.testing.kit import Kit
from hub.testing.report import quality_text, run
from tests.contract.broken import TOY


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_connector_keeps_the_contract_and_says_so(name: str) -> None:
    kit = Kit(BUNDLED[name])
    try:
        rows = run(kit)
        text = quality_text(kit, rows)
    finally:
        kit.close()
    assert [f"{row.check.id}: {row.seen}" for row in rows if row.state == "fail"] == []
    stated = (Path(str(kit.module.__file__)).parent / "quality.yaml").read_text()
    assert stated == text, f"run: hub check {name} --write"
    quality = read_quality(BUNDLED[name])
    assert quality is not None
    assert quality.level == "gold"
    assert (quality.done + quality.exempt, quality.todo) == (len(rows), ())


def hub(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, list(words))
    return done.exit_code, done.stdout, done.stderr


def test_check_prints_a_row_per_rule() -> None:
    code, out, err = hub("check", TOY)
    assert code == 0
    assert "unknown-when-ambiguous   pass   bronze" in out
    assert "gold level" in err


def test_check_fails_with_what_was_seen_and_what_to_do() -> None:
    code, out, _ = hub("check", "tests.contract.broken.own_session", "--json")
    assert code == 1
    found = json.loads(out)
    assert found["level"] is None
    (row,) = [row for row in found["checks"] if row["check"] == "own-means-source"]
    assert row["state"] == "fail"
    assert "imports requests" in row["seen"]
    assert row["remedy"].startswith("Use the http")


@pytest.mark.parametrize("name", ["no_such_plugin", "plugins.nothing", "..", "a b"])
def test_check_of_an_unknown_plugin_says_so_in_one_line(name: str) -> None:
    code, out, err = hub("check", name)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert name in err


COPY = """
from tests.contract import toy

globals().update({name: getattr(toy, name) for name in dir(toy) if name.startswith("hub_")})
"""


def test_check_fills_the_quality_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kit_written_toy").mkdir()
    (tmp_path / "kit_written_toy/__init__.py").write_text(COPY)
    monkeypatch.syspath_prepend(tmp_path)
    code, _, _ = hub("check", "kit_written_toy", "--write")
    assert code == 1, "its page size is out of the kit's reach"
    stated = yaml.safe_load((tmp_path / "kit_written_toy/quality.yaml").read_text())
    assert stated["checks"]["loads"] == "done"
    assert stated["checks"]["pages-resume"] == "todo"
    assert stated["level"] == "bronze"
    quality = read_quality("kit_written_toy")
    assert quality is not None
    assert (quality.level, quality.todo) == ("bronze", ("pages-resume",))
    sys.modules.pop("kit_written_toy", None)


@pytest.mark.parametrize(
    "text", ["", "level: gold", "- x", "level: diamond\nchecks: {a: done}", "{", "level: [\x00"]
)
def test_an_unusable_quality_file_is_no_quality(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kit_bad_quality").mkdir()
    (tmp_path / "kit_bad_quality/__init__.py").write_text("")
    (tmp_path / "kit_bad_quality/quality.yaml").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert read_quality("kit_bad_quality") is None
    sys.modules.pop("kit_bad_quality", None)
