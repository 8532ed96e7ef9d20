"""`hub records import` and `hub records export` as a terminal sees them."""

import json

import pytest
from click.testing import CliRunner
from import_kit import bind, csv_of
from operate_kit import Hub

from hub.cli import main


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def run(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    erp, store = hub.ids(hub.connector())
    bind(hub, store, hub.record(erp, "ALDER"), "11")
    hub.record(erp, "BIRCH")

    def command(*words, code=0):
        done = CliRunner().invoke(main, ["records", *map(str, words)])
        assert done.exit_code == code, done.output
        return done

    return command


def test_a_round_trip_and_a_file_with_errors(run, tmp_path):
    for kind in ("csv", "xlsx"):
        file = tmp_path / f"all.{kind}"
        assert "2 rows written" in run("export", file).stderr
        found = json.loads(run("import", file, "--json").stdout)
        assert (found["unchanged"], found["changed"], found["errors"]) == (2, 0, 0)
    file, errors = tmp_path / "list.csv", tmp_path / "errors.csv"
    file.write_bytes(csv_of(["customer", "ALDER", "no"], ["customer", "BRICH", "no"],
                            head=["entity", "entity_key", "enabled"]))  # fmt: skip
    dry = run("import", file, "--dry-run", code=3)
    assert "Nothing was changed." in dry.stderr
    assert "row 3: entity_key: There is no customer BRICH in the ERP. BIRCH exists" in dry.stderr
    assert json.loads(run("import", file, "--dry-run", "--json", code=3).stdout)["disable"] == 1
    run("import", file, "--errors", errors, code=3)
    assert errors.read_bytes().decode("utf-8-sig").splitlines()[1].startswith("customer,BRICH,no,")
    listed = run("export", tmp_path / "one.csv", "--connector", "B2B-US", "--entity", "customer")
    assert "2 rows written" in listed.stderr
    assert ",ALDER,ALDER,no,11" in (tmp_path / "one.csv").read_text()


def test_what_cannot_be_done_is_said_in_one_line(run, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("name\nx\n")
    for words, said in (
        (("import", file), "list.csv: The header has no column entity and no column entity_key."),
        (("import", file, "--connector", "XX"), "There is no connector XX. There are: B2B-US."),
        (("import", file, "--errors", "a.txt"), "a.txt: name the file .csv or .xlsx"),
        (("export", tmp_path / "a.pdf"), "a.pdf: name the file .csv or .xlsx"),
        (("export", tmp_path / "no" / "a.csv"), "cannot be written"),
        (("export", tmp_path / "a.csv", "--connector", "XX"), "There is no connector XX."),
    ):
        done = run(*words, code=2)
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "list.csv"]
