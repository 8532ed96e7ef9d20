"""Warehouse to store location: what lies there, where it goes, and what that means."""

import re

import pytest
from configuration_kit import KEY, form_items, running_hub, text_of

URL = f"/connectors/{KEY}"
PATH = "preferences.warehouses"


@pytest.fixture
def hub(tmp_path):
    with running_hub(tmp_path) as made:
        made.create()
        yield made


def read(hub):
    hub.submit("/configuration/read-again?field=" + PATH, page=URL)
    return hub.page(URL)


def table(page):
    found = re.search(r'id="wh-mapped".*?</table>', page, re.DOTALL)[0]
    rows = {}
    for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", found, re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        stock, says = (re.sub(r"<[^>]+>", "", cells[n]).strip() for n in (1, 3))
        rows[re.search(r"<code>(.*?)</code>", cells[0])[1]] = (stock, says)
    return rows


def stock_of(hub):
    counts = {}
    with hub.erp.lock:
        for row in hub.erp.rows("StorageDetails"):
            name = row["WarehouseID"]["value"]
            counts.setdefault(name, set())
            if row["QtyOnHand"]["value"] > 0:
                counts[name].add(row["InventoryID"]["value"])
    return {name: len(items) for name, items in counts.items()}


def test_the_items_in_stock_of_each_warehouse_are_shown(hub):
    assert {stock for stock, _ in table(hub.page(URL)).values()} <= {"not counted"}
    shown = table(read(hub))
    wanted = stock_of(hub)
    assert len(shown) > 1
    assert {name: int(n.replace(",", "")) for name, (n, _) in shown.items()} == {
        name: wanted.get(name, 0) for name in shown
    }
    assert "Items in stock read from Acumatica ERP just now." in text_of(hub.client.get(URL))


def test_a_mapping_is_saved_and_each_row_says_what_happens(hub):
    first, second, third = list(table(read(hub)))[:3]
    rows = {f"{PATH}__row.{first}": "1", f"{PATH}__row.{second}": "1"}
    answer = hub.submit(URL, {f"{PATH}__mode": "mapped", **rows})
    assert answer.status_code == 303, text_of(answer)
    assert hub.flat()[PATH] == {first: "1", second: "1"}
    shown = table(hub.page(URL))
    assert shown[first][1].endswith(f", summed with {second}")
    assert shown[first][1].startswith("Sent to ")
    assert shown[third][1] == "Not sent"


def test_what_happens_follows_the_form_before_anything_is_saved(hub):
    first = next(iter(table(read(hub))))
    posted = {f"{PATH}__mode": "mapped", f"{PATH}__row.{first}": "1"}
    answer = hub.submit("/configuration/live", posted, page=URL)
    assert re.search(r'id="wh-says-1"[^>]*>Sent to ', answer.get_data(as_text=True))
    assert hub.flat()[PATH] == "default"


def test_a_location_the_store_does_not_have_is_said_and_not_lost(hub):
    first = next(iter(table(read(hub))))
    hub.submit(URL, {f"{PATH}__mode": "mapped", f"{PATH}__row.{first}": "77"})
    page = hub.page(URL)
    assert "The store has no location 77" in page
    assert (f"{PATH}__row.{first}", "77") in form_items(page)


def test_an_empty_mapping_is_refused_at_its_field(hub):
    read(hub)
    answer = hub.submit(URL, {f"{PATH}__mode": "mapped", "name": "Kept Typed"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="f-preferences-warehouses-err"' in page
    assert "Kept Typed" in page
    assert hub.flat()[PATH] == "default"
