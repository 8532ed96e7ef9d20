"""Bad input in every field of the Connector Configuration: said at the field, nothing lost or saved."""

import re

import pytest
from configuration_kit import KEY, form_items, running_hub, text_of

URL = f"/connectors/{KEY}"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("fields")) as made:
        made.create()
        yield made


BAD = {
    "messages.retry_count": ("51", "-1", "5.5", "abc", "\u0665", "1e3", "9" * 40, " "),
    "messages.retry_interval": ("0", "361", "five"),
    "messages.threshold_count": ("-1", "100001", "1,000"),
    "messages.batch_count": ("0", "10001", "max"),
    "preferences.safety_stock": ("-1", "1000001", "0.5"),
    "preferences.earliest_order_date": ("2026-02-31", "31.12.2026", "yesterday", "0000-01-01"),
    "preferences.store_time_zone": ("Mars/Olympus", "../etc/passwd", "\U0001f600"),
    "preferences.guest_customer": ("x" * 31, "a\x07b"),
    "preferences.contact_role": ("9", "admin"),
    "preferences.sync_qty": ("everything",),
    "preferences.price_source": ("none at all",),
    "preferences.out_of_stock": ("explode",),
    "preferences.new_customers": ("maybe",),
    "preferences.tax_handling": ("both",),
    "preferences.shipment_trigger": ("never",),
    "erp.base_url": ("not an address", "ftp://erp", "https://user:pw@erp.example", "http://x?y=1"),
    "erp.quota_share": ("0", "101"),
    "store.quota_share": ("half",),
    "name": ("x" * 201,),
}  # fmt: skip


@pytest.mark.parametrize(("path", "value"), [(p, v) for p, vs in BAD.items() for v in vs])
def test_a_bad_value_is_said_at_its_field_and_nothing_is_saved(hub, path, value):
    before = hub.flat()
    other = "preferences.safety_stock" if path != "preferences.safety_stock" else "messages.retry_count"
    answer = hub.submit(URL, {path: value, other: "17"})
    page = answer.get_data(as_text=True)
    if path == "messages.retry_count" and value == " ":
        assert answer.status_code in (303, 422)
        return
    assert answer.status_code == 422, (path, value)
    ident = "f-" + path.replace(".", "-")
    assert f'href="#{ident}"' in page, text_of(answer)[:400]
    assert f'id="{ident}-err"' in page
    assert "Nothing was saved" in text_of(answer)
    assert hub.flat() == before
    kept = dict(form_items(page))
    assert kept[other] == "17"
    if path.startswith(("messages.", "erp.", "store.", "name")) and value.isprintable():
        assert kept[path] == value


def test_errors_are_listed_in_the_order_of_the_page(hub):
    answer = hub.submit(URL, {
        "erp.base_url": "no", "messages.retry_count": "no", "preferences.safety_stock": "no",
        "name": "x" * 201,
    })  # fmt: skip
    page = answer.get_data(as_text=True)
    listed = page.partition('id="errors"')[2].partition("</div>")[0]
    places = [listed.index(f"#f-{n}") for n in (
        "name", "preferences-safety_stock", "messages-retry_count", "erp-base_url")]  # fmt: skip
    assert places == sorted(places)


def test_names_of_a_hundred_characters_and_other_scripts_are_kept(hub):
    for name in ("N" * 100, "東京支店 <b>&amp;</b> \u202d", "Ελλάδα 'quoted' \"double\""):
        answer = hub.submit(URL, {"name": name})
        assert answer.status_code in (303, 422), name
        if answer.status_code == 303:
            assert hub.flat()["name"] == name.strip()
            assert (("name", name.strip())) in form_items(hub.page(URL))
            assert "<b>" not in hub.page(URL).partition("<main")[2].partition("<h1")[2][:300]


def test_later_preferences_name_the_sync_that_will_use_them(hub):
    from hub.settings.specs import SECTIONS

    page = hub.page(URL)
    for part in SECTIONS:
        for setting in part.settings:
            ident = f"f-{part.store}-{setting.spec.name}"
            place = page.index(f'id="{ident}')
            after = re.split(r'<div class="f[ "]', page[place:])[0]
            assert ("a later sync" in after) == (not setting.used_by), setting.spec.name
