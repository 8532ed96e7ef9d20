"""The pages of an import: upload, preview, apply, the rows left out, and the export beside them."""

import re

import pytest
from import_kit import bind, csv_of, disabled, emptied, links, xlsx_of
from operate_kit import Hub

from hub.settings import imports
from hub.store.tables import AuditEvent, RecordImport
from hub.web.security import LARGEST_FORM


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    made = Hub(tmp_path_factory.mktemp("hub"))
    yield made
    made.close()


@pytest.fixture
def hub(one_hub):
    made = emptied(one_hub)
    made.erp, made.store = made.ids(made.connector())
    made.alder = made.record(made.erp, "ALDER", "Alder & Sons")
    made.birch = made.record(made.erp, "BIRCH")
    bind(made, made.store, made.alder, "11")
    return made


def upload(hub, data, name="list.csv"):
    """Send a file as a browser does; the test client's own way leaves large ones open."""
    fields = hub.browser.hidden("/records/import").items()
    parts = [f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = ("".join(parts) + head).encode() + data + b"\r\n--x--\r\n"
    return hub.browser.client.post(
        "/records/import", data=body, content_type="multipart/form-data; boundary=x"
    )


def row(key, enabled="", reference=""):
    return ["B2B-US", "customer", key, "", enabled, reference]


GOOD = csv_of(row("ALDER", "no", "unlink"), row("BIRCH", "", "22"), row("CEDAR", "no"))


def test_a_file_is_shown_then_applied_once(hub):
    answer = upload(hub, GOOD)
    assert answer.status_code == 303
    shown = hub.text(answer.location)
    assert "Nothing was changed yet." in shown
    assert "Apply 2 changes" in shown
    assert "1 record would be disabled." in shown
    assert "1 record would be unlinked." in shown
    assert "The hub knows no customer CEDAR of the ERP." in shown
    assert re.search(r"<del>11</del>.*?<span class=\"none\">empty", shown)
    assert links(hub) == {hub.alder: "11"}
    tokens = hub.browser.hidden(answer.location)
    for _ in range(2):  # a double click
        hub.browser.post(f"{answer.location}/apply", hidden=tokens)
    second_tab = hub.browser.post(f"{answer.location}/apply", page="/records/import")
    done = hub.text(second_tab.location)
    assert "This import was applied before. Nothing was done twice." in done
    assert "Applied by admin@example.com" in done
    assert "Apply 2 changes" not in done
    assert (links(hub), disabled(hub)) == ({hub.birch: "22"}, {hub.alder})
    record = hub.text(f"/records/{hub.alder}")
    assert "Disabled and unlinked from 11 by admin@example.com" in record
    assert "Import of list.csv, row 2." in record
    with hub.runtime.read() as session:
        assert session.query(AuditEvent).filter_by(action="records imported").count() == 1


def test_the_rows_left_out_come_back_as_a_file(hub):
    place = upload(hub, GOOD).location
    answer = hub.browser.get(f"{place}/errors.csv")
    text = answer.get_data().decode("utf-8-sig")
    assert 'B2B-US,customer,CEDAR,,no,,"entity_key: The hub knows no customer CEDAR' in text
    assert "attachment" in answer.headers["Content-Disposition"]
    assert hub.browser.get(f"{place}/errors.xlsx").get_data()[:2] == b"PK"
    assert hub.browser.get(f"{place}/errors.exe").status_code == 404


def test_what_cannot_be_read_is_said_at_the_field(hub):
    for data, said in ((b"", "The file is empty."), (b"\x00", "NUL"), (b"PK\x03\x04", "damaged")):
        answer = upload(hub, data, "../../x\x00.csv")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert re.search(rf'id="f-file-err">.*{said}', page)
    page = hub.browser.post("/records/import", {"pasted": "a;b"}).get_data(as_text=True)
    assert re.search(r'id="f-pasted-err">.*The header has no column entity', page)
    page = hub.browser.post("/records/import").get_data(as_text=True)
    assert "Choose a CSV or XLSX file, or paste rows below." in page
    with hub.runtime.read() as session:
        assert session.query(RecordImport).count() == 0


def test_a_file_or_paste_too_large_is_said_so(hub):
    said = "The file is larger than 5 MB. Nothing was read."
    far = upload(hub, b"x" * (imports.UPLOAD.size + LARGEST_FORM))
    assert far.status_code == 413
    assert said in far.get_data(as_text=True)
    pasted = "entity,entity_key,enabled\ncustomer,BIRCH,no\n" + (" " * 90_000 + "\n") * 12
    assert hub.browser.post("/records/import", {"pasted": pasted}).status_code == 303
    other = hub.browser.post("/records/consequence", {"q": "x" * LARGEST_FORM})
    assert other.status_code == 413


@pytest.mark.slow
def test_a_byte_too_many_is_said_at_the_field(hub):
    answer = upload(hub, b"x" * (imports.UPLOAD.size + 1))
    assert answer.status_code == 422
    assert "The file is larger than 5 MB. Nothing was read." in answer.get_data(as_text=True)


def test_pasted_rows_and_one_connector(hub):
    answer = hub.browser.post(
        "/records/import", {"pasted": "entity\tentity_key\tenabled\ncustomer\tBIRCH\tno\n",
                            "connector": "B2B-US"},
    )  # fmt: skip
    page = hub.text(answer.location)
    assert "pasted rows" in page
    assert "cells separated by tabs" in page
    assert "Apply 1 change<" in page


def test_the_export_holds_what_the_filter_shows_and_changes_nothing_when_read(hub):
    link = re.search(r'href="(/records/export.csv[^"]*)"', hub.text("/records/?q=alder"))[1]
    answer = hub.browser.get(link.replace("&amp;", "&"))
    assert answer.get_data().decode("utf-8-sig").splitlines() == [
        "connector,entity,entity_key,name,enabled,reference_id",
        "B2B-US,customer,ALDER,Alder & Sons,yes,11",
    ]
    whole = hub.browser.get("/records/export.xlsx?connector=B2B-US").get_data()
    page = hub.text(upload(hub, whole, "records.xlsx").location)
    assert "Every row says what is so already" in page
    assert "Apply" not in page
    with hub.runtime.read() as session:
        assert session.query(AuditEvent).filter_by(action="records exported").count() == 2


def test_an_import_that_is_gone_or_was_cut_off(hub):
    assert hub.browser.get("/records/import/99").status_code == 404
    place = upload(hub, xlsx_of(row("BIRCH", "no")), "a.xlsx").location
    with hub.runtime.write() as session:
        found = session.query(RecordImport).one()
        found.status, found.counts = "reading", {}
    assert "The file was not read to its end." in hub.text(place)
    hub.browser.post(f"{place}/apply", page="/records/import")
    assert disabled(hub) == set()


def test_a_viewer_exports_but_does_not_import(tmp_path):
    hub = Hub(tmp_path, role="viewer")
    hub.record(hub.ids(hub.connector())[0], "ALDER")
    page = hub.text("/records/")
    assert "Export CSV" in page
    assert "/records/import" not in page
    assert hub.browser.get("/records/import").status_code == 403
    hub.close()
