"""Importing records: what a file says, what it changes, what is left out and why."""

import pytest
from import_kit import (
    HEAD,
    apply,
    bind,
    counts,
    csv_of,
    disabled,
    emptied,
    errors,
    links,
    read,
    waiting,
    xlsx_of,
    zip_of,
)
from operate_kit import NOW, FlowState, Hub

from hub.reports import imports as reports
from hub.reports import record_export
from hub.reports.cells import guard, unguard
from hub.reports.sheet_files import csv_parts
from hub.settings import imports
from hub.settings.imports import delimited
from hub.settings.imports.limits import Limits
from hub.store.tables import AuditEvent, Connector, RecordImport

WIDE = "The row has 7 cells and the header 6. Put text that holds the separator in quotation marks."
MOVED = "Its reference ID is now 13, and was 11 in the preview. Look at it, then import it again."
NUMBER = (
    "The cell is a number, so leading zeros or digits may be lost. "
    "Format the column as Text and enter the value again."
)


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    made = Hub(tmp_path_factory.mktemp("hub"))
    yield made
    made.close()


@pytest.fixture
def hub(one_hub):
    return emptied(one_hub)


@pytest.fixture
def four(hub):
    """ALDER enabled and linked to 11, BIRCH disabled, CEDAR linked to 33 with a child, 0042."""
    made = hub.connector()
    erp, store = hub.ids(made)
    ids = {key: hub.record(erp, key) for key in ("ALDER", "BIRCH", "CEDAR", "0042")}
    ids["CEDAR|MAIN"] = hub.record(erp, "CEDAR|MAIN", "Main", "location", "CEDAR")
    bind(hub, store, ids["ALDER"], "11")
    bind(hub, store, ids["CEDAR"], "33")
    bind(hub, store, ids["CEDAR|MAIN"], "331", "location")
    read_and_apply(hub, csv_of(["B2B-US", "customer", "BIRCH", "", "no", ""]))
    return ids


def read_and_apply(hub, data):
    return apply(hub, read(hub, data))


def row(key, enabled="", reference="", entity="customer", connector="B2B-US"):
    return [connector, entity, key, "", enabled, reference]


def test_a_file_is_shown_first_and_then_applied_as_a_whole(hub, four):
    data = csv_of(
        row("ALDER", "yes", "11"), row("BIRCH", "yes", "22"), row("CEDAR", "no", "unlink")
    )
    ident = read(hub, data)
    assert counts(hub, ident) == {
        "rows": 3, "enable": 1, "disable": 1, "link": 1, "unlink": 1, "changed": 2,
        "unchanged": 1, "errors": 0, "children_enabled": 0, "children_disabled": 1,
        "children_unlinked": 1,
    }  # fmt: skip
    assert links(hub)[four["CEDAR"]] == "33"
    assert disabled(hub) == {four["BIRCH"]}
    done = apply(hub, ident)
    assert links(hub) == {four["ALDER"]: "11", four["BIRCH"]: "22"}
    assert disabled(hub) == {four["CEDAR"]}
    assert done["children_unlinked"] == 1
    assert waiting(hub) == ["BIRCH"]
    assert counts(hub, read(hub, data))["changed"] == 0
    with hub.runtime.read() as session:
        event = session.query(AuditEvent).filter_by(action="records imported").all()[-1]
    assert (event.who, event.target, event.after["link"]) == ("me@x", "list.csv", 1)


def test_an_import_is_applied_once(hub, four):
    del four
    ident = read(hub, csv_of(row("ALDER", "no")))
    apply(hub, ident)
    with pytest.raises(imports.AlreadyApplied):
        apply(hub, ident)


def test_empty_cells_leave_things_alone(hub, four):
    ident = read(hub, csv_of(row("BIRCH"), row("CEDAR", "yes")))
    assert counts(hub, ident)["unchanged"] == 2
    apply(hub, ident)
    assert disabled(hub) == {four["BIRCH"]}


def test_every_wrong_row_says_field_and_remedy_and_the_others_are_applied(hub, four):
    data = csv_of(
        row("ALDR", "no"), row("ALDER", "ja"), row("", "no"), row("BIRCH", "", "11"),
        row("BIRCH", connector="B2B-UK"), row("ALDER", entity="client"),
        row("0042", "no"), row("0042", "no"), row("CEDAR", "no"), row("CEDAR", "yes"),
        ["B2B-US", "customer", "ALDER", "a", "no", "12", "more"], row("ALDER", "", "a\nb"),
    )  # fmt: skip
    ident = read(hub, data)
    assert errors(hub, ident) == {
        2: ("entity_key", "There is no customer ALDR in the ERP. ALDER exists; correct the key."),
        3: ("enabled", "Use yes or no."),
        4: ("entity_key", "The key is empty. Enter the record's key in the ERP."),
        5: ("reference_id",
            "11 is already linked to ALDER. Unlink it there first, or correct the ID."),
        6: ("connector", "There is no connector B2B-UK. Known: B2B-US."),
        7: ("entity", "There is no entity client. Known: customer, location."),
        9: ("entity_key", "0042 is also in row 8. Keep one of the two rows."),
        10: ("entity_key", "CEDAR is also in row 11. Keep one of the two rows."),
        11: ("entity_key", "CEDAR is also in row 10. Keep one of the two rows."),
        12: ("", WIDE),
        13: ("reference_id", "It holds a line break or control character. Remove it."),
    }  # fmt: skip
    apply(hub, ident)
    assert disabled(hub) == {four["BIRCH"], four["0042"]}
    with hub.runtime.read() as session:
        found = session.get_one(RecordImport, ident)
        out = list(csv_parts(reports.error_head(found), reports.error_rows(session, found)))
    lines = b"".join(out).decode("utf-8-sig").splitlines()
    assert lines[0] == "connector,entity,entity_key,name,enabled,reference_id,error"
    assert lines[2] == "B2B-US,customer,ALDER,,ja,,enabled: Use yes or no."
    again = read(hub, b"".join(out).replace(b",ja,", b",no,"))
    assert counts(hub, again)["disable"] == 1


def test_two_records_may_change_places_but_not_share_one(hub, four):
    swap = csv_of(row("ALDER", "", "33"), row("CEDAR", "", "11"))
    read_and_apply(hub, swap)
    assert links(hub) == {four["ALDER"]: "33", four["CEDAR"]: "11"}
    ident = read(hub, csv_of(row("BIRCH", "", "99"), row("0042", "", "99")))
    assert errors(hub, ident) == {
        2: ("reference_id", "99 is also given to 0042 in row 3. Correct one of the two."),
        3: ("reference_id", "99 is also given to BIRCH in row 2. Correct one of the two."),
    }
    # Who was to give its ID away is left out, so the others down the line cannot have theirs.
    chain = csv_of(row("BIRCH", "", "33"), row("ALDER", "", "11"), row("CEDAR", "yse", "44"))
    assert sorted(errors(hub, read(hub, chain))) == [2, 3, 4]
    chain = csv_of(row("BIRCH", "", "33"), row("ALDER", "", "11"), row("CEDAR", "", "11"))
    assert sorted(errors(hub, read(hub, chain))) == [2, 3]
    assert links(hub) == {four["ALDER"]: "33", four["CEDAR"]: "11"}


def test_what_changed_since_the_preview_is_left_out_and_said(hub, four):
    ident = read(hub, csv_of(row("ALDER", "no", "12"), row("BIRCH", "yes"), row("0042", "", "44")))
    hub.message(hub.flows["B2B-US", "customer"], four["0042"], "0042", "in_flight",
                entity="customer")  # fmt: skip
    read_and_apply(hub, csv_of(row("ALDER", "", "13")))
    done = apply(hub, ident)
    assert (done["left_out"], done["enable"], done["disable"]) == (2, 1, 0)
    assert links(hub)[four["ALDER"]] == "13"
    assert errors(hub, ident) == {
        2: ("reference_id", MOVED),
        4: ("reference_id",
            "The record is being sent at this moment. Import it again in a minute."),
    }  # fmt: skip


def test_a_connector_deleted_since_the_preview_changes_nothing(hub, four):
    ident = read(hub, csv_of(row("ALDER", "no", "12")))
    hub.runtime.settings.delete_connector(1, "B2B-US", "me@x")
    done = apply(hub, ident)
    assert (done["changed"], done["left_out"]) == (0, 1)
    assert errors(hub, ident)[2][1] == "Its record or connector was deleted since the preview."
    assert disabled(hub) == set()
    assert links(hub)[four["ALDER"]] == "11"


def test_disabling_cancels_and_linking_forgets_what_was_settled(hub, four):
    flow = hub.flows["B2B-US", "customer"]
    hub.message(flow, four["ALDER"], "ALDER", "parked", entity="customer")
    child = hub.message(hub.flows["B2B-US", "location"], four["CEDAR|MAIN"], "m", "blocked")
    hub.add(FlowState(flow_id=flow, record_id=four["ALDER"], content_hash="x", settled_at=NOW))
    done = read_and_apply(hub, csv_of(row("ALDER", "no", "15"), row("CEDAR", "no")))
    assert done["cancelled"] == 2
    assert hub.status_of(child) == "cancelled"
    with hub.runtime.read() as session:
        assert session.query(FlowState).count() == 0


def test_the_export_read_again_changes_nothing(hub, four):
    erp, _ = hub.ids(1)
    for key in ("=1+1", "-5", "'=x", " pad ", "000123", "12345678901234567", "a,b;c", "Ü|x"):
        hub.record(erp, key, f"+{key}")
    with hub.runtime.read() as session:
        rows = list(record_export.everything(session))
    assert len(rows) == len(four) + 8
    data = b"".join(csv_parts(record_export.HEAD, rows))
    assert b"\r\nB2B-US,customer,'=1+1,'+=1+1,yes,\r\n" in data
    for file in (data, xlsx_of(*rows, head=list(record_export.HEAD))):
        found = counts(hub, read(hub, file))
        assert (found["unchanged"], found["errors"]) == (len(rows), 0)


@pytest.mark.parametrize("text", ["=1", "'=1", "''-", "'", "@a", "%", "|", "\ta", "a=", "", "'a"])
def test_a_guarded_cell_comes_back(text):
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in tuple("=+-@|%\t\r")


@pytest.mark.parametrize(
    ("encoding", "separator", "said"),
    [
        ("utf-8-sig", ",", "UTF-8, cells separated by commas"),
        ("cp1252", ";", "Windows-1252, cells separated by semicolons"),
        ("utf-16", "\t", "UTF-16, cells separated by tabs"),
    ],
)
def test_files_as_spreadsheets_write_them(encoding, separator, said):
    data = csv_of(row("MÜLLER", "yes"), encoding=encoding, separator=separator)
    opened = delimited.open_csv(data)
    assert opened.read_as == said
    assert [cells[2] for _, cells in delimited.rows_of(opened)] == ["entity_key", "MÜLLER"]


def test_a_workbook_keeps_ids_as_text_and_refuses_numbers(hub, four):
    data = xlsx_of(
        row("0042", True, "007"), row(42, "no"), row("ALDER", "", 12345678901234567),
        row("BIRCH", 1), sheets=("Cover", "List"),
    )  # fmt: skip
    ident = read(hub, data)
    assert errors(hub, ident) == {3: ("entity_key", NUMBER), 4: ("reference_id", NUMBER)}
    with hub.runtime.read() as session:
        assert session.get_one(RecordImport, ident).read_as == "sheet “List”"
    apply(hub, ident)
    assert links(hub)[four["0042"]] == "007"


REFUSED = {
    "empty": (b"", "The file is empty."),
    "header only": (csv_of(), "The file holds a header and no row."),
    "no column": (csv_of(["x"], head=["name"]),
                  "The header has no column entity and no column entity_key. Columns found: name."),
    "twice": (csv_of(head=[*HEAD, "Reference ID"]), "The column reference_id stands twice"),
    "nothing asked": (csv_of(head=HEAD[:4]), "The file changes nothing"),
    "nul": (b"entity,entity_key\x00", "NUL characters"),
    "encoding": (b"entity,entity_key\x81\x8d", "The file's encoding is not known"),
    "quote": (csv_of() + b'a,b,"c', "never closed"),
    "old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Save it as .xlsx or CSV."),
    "no workbook": (zip_of(a="b"), "damaged"),
    "cut": (xlsx_of(row("A"))[:900], "damaged"),
    "bomb": (zip_of(a="0" * 9_000_000), "unpacks to far more"),
    "far cell": (zip_of(**{"xl/worksheets/sheet1.xml": '<c r="XFD1048576">'}), "column 16,384"),
    "deep cell": (zip_of(**{"xl/worksheets/sheet1.xml": '<c r="A900000">'}), "row 900,000"),
}  # fmt: skip


def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(hub):
    hub.connector()
    for name, (data, said) in REFUSED.items():
        with pytest.raises(imports.FileRefused) as refused:
            read(hub, data)
        assert said in str(refused.value), name
    small = Limits(200, 2, "Split it.")
    for data, said in ((b"x" * 201, "larger than 0 MB"), (csv_of(*[row("A")] * 3), "than 2 rows")):
        with pytest.raises(imports.FileRefused, match=said):
            read(hub, data, limits=small)
    with hub.runtime.read() as session:
        assert session.query(RecordImport).count() == 0


def test_one_connector_for_the_whole_file(hub, four):
    del four
    erp, _ = hub.ids(1)
    hub.connector("B2B-CA", "Wholesale CA", erp=erp)
    plain = csv_of(["customer", "ALDER", "no"], head=["Entity", "Entity key", "Enabled"])
    with pytest.raises(imports.FileRefused, match="no column connector"):
        read(hub, plain)
    apply(hub, read(hub, plain, only="B2B-CA"))
    with hub.runtime.read() as session:
        rows = list(record_export.everything(session, connector="B2B-CA", entity="customer"))
        assert session.query(Connector).count() == 2
    assert [r[4] for r in rows if r[2] == "ALDER"] == ["no"]
    ident = read(hub, csv_of(row("ALDER", "no")), only="B2B-CA")
    assert errors(hub, ident)[2][1].startswith("The row is for B2B-US, this import is for B2B-CA")
