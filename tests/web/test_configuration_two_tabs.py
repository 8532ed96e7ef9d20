"""Two people at one connector; and an ERP that is down or slow."""


import pytest
from configuration_kit import KEY, form_items, running_hub, text_of

URL = f"/connectors/{KEY}"
CLASSES = "preferences.customer_classes"


@pytest.fixture
def hub(tmp_path):
    with running_hub(tmp_path) as made:
        made.create()
        yield made


def test_the_second_saver_chooses_per_field_and_nothing_is_lost(hub):
    mine = hub.page(URL)
    theirs = {"preferences.sync_qty": "on_hand", "messages.retry_count": "8"}
    hub.submit(URL, {**theirs, "logging.warning": "1"})
    answer = hub.submit(
        URL,
        {"preferences.sync_qty": "available_for_shipping", "messages.retry_count": "10",
         "preferences.safety_stock": "2"},
        page=mine,
    )  # fmt: skip
    assert answer.status_code == 422
    said = text_of(answer)
    assert "was saved in another tab meanwhile" in said
    assert "On Hand" in said
    assert "Available for Shipping" in said
    assert "Changed by one of you" in said
    assert hub.flat()["preferences.safety_stock"] == 0
    both = answer.get_data(as_text=True)
    half = hub.submit(URL, {"pick:preferences.sync_qty": "mine"}, page=both)
    assert half.status_code == 422
    assert "A choice is open" in text_of(half)
    assert "checked" in half.get_data(as_text=True)
    done = hub.submit(
        URL,
        {"pick:preferences.sync_qty": "mine", "pick:messages.retry_count": "theirs"},
        page=half.get_data(as_text=True),
    )
    assert done.status_code == 303, text_of(done)
    now = hub.flat()
    assert now["preferences.sync_qty"] == "available_for_shipping"
    assert now["messages.retry_count"] == 8
    assert now["preferences.safety_stock"] == 2
    assert now["logging.warning"] is True


def test_lists_offer_both_changes_and_a_secret_travels_sealed(hub):
    mine = hub.page(URL)
    hub.submit(URL, {CLASSES: ["DISTRIB", "DEALER", "EXPORT"]})
    answer = hub.submit(URL, {CLASSES: ["DISTRIB"], "erp.password": "another-password"}, page=mine)
    both = answer.get_data(as_text=True)
    assert "another-password" not in both
    assert "secret replaced" in text_of(answer)
    assert "DISTRIB, EXPORT" in text_of(answer)
    done = hub.submit(URL, {f"pick:{CLASSES}": "both"}, page=both)
    assert done.status_code == 303, text_of(done)
    assert sorted(hub.flat()[CLASSES]) == ["DISTRIB", "EXPORT"]
    refused = hub.submit("/configuration/test", page=URL)
    assert "refused the sign-in" in text_of(refused), "the new password was saved"


def test_a_connection_changed_elsewhere_is_noticed(hub):
    mine = hub.page(URL)
    from hub.settings import ConnectionInput, Settings

    Settings(hub.runtime.context).save_connection(
        ConnectionInput(f"{KEY}-acumatica", "acumatica", {"quota_share": 50}), "somebody"
    )
    answer = hub.submit(URL, {"erp.quota_share": "70"}, page=mine)
    assert answer.status_code == 422
    assert "quota_share" in text_of(answer)


def test_the_lists_are_read_after_the_page_and_kept_when_the_erp_is_down(hub):
    hub.submit("/configuration/lookups", page=URL)
    assert "KEYACCT" in hub.page(URL)
    hub.erp_server.stop()
    page = hub.page(URL)
    assert "KEYACCT" in page
    ticked = [v for n, v in form_items(page) if n == CLASSES]
    assert ticked == ["DEALER", "DISTRIB"]
    answer = hub.submit("/configuration/read-again?field=" + CLASSES, page=URL)
    assert answer.status_code == 200
    said = text_of(answer)
    assert "Showing the customer classes read from Acumatica ERP" in said
    assert hub.submit(URL, {"name": "Saved while the ERP is down"}).status_code == 303


def test_rows_keep_what_was_ticked_while_the_lists_were_read(hub):
    page = hub.page(URL)
    hub.submit("/configuration/lookups", page=page)
    answer = hub.submit("/configuration/rows", {CLASSES: ["KEYACCT"]}, page=page)
    rows = answer.get_data(as_text=True)
    assert 'value="KEYACCT" checked' in rows
    assert 'value="DEALER" checked' not in rows


def test_switching_on_meanwhile_is_not_undone_by_an_older_form(hub):
    from hub.store.tables import Connector

    old = hub.page(URL)
    hub.submit(URL, {"active": "1"})
    assert hub.submit(URL, {"name": "Other"}, page=old).status_code == 303
    with hub.runtime.read() as session:
        row = session.query(Connector).one()
        assert (row.active, row.name) == (True, "Other")


def test_a_network_tick_changed_elsewhere_is_not_put_back(hub):
    from hub.settings import ConnectionInput, Settings

    old = hub.page(URL)
    Settings(hub.runtime.context).save_connection(
        ConnectionInput(f"{KEY}-acumatica", "acumatica", own_network=False), "somebody"
    )
    answer = hub.submit(URL, {"name": "Other"}, page=old)
    assert answer.status_code == 422
    done = hub.submit(URL, page=answer.get_data(as_text=True))
    assert done.status_code == 303, text_of(done)
    assert hub.flat()["erp.own_network"] is False
    assert hub.flat()["name"] == "Other"


def test_another_person_who_saved_first_is_named(hub):
    mine = hub.page(URL)
    other = hub.signed_in("otto@example.com", "admin")
    hub.submit(URL, {"messages.retry_count": "7"}, client=other)
    answer = hub.submit(URL, {"messages.retry_count": "11"}, page=mine)
    said = text_of(answer)
    assert answer.status_code == 422
    assert "was saved by someone else meanwhile" in said
    assert "Saved by otto@example.com" in said
