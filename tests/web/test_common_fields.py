"""Every field of Common configuration: kept, shown again, refused in words, and two savers."""

import pytest
from configuration_kit import form_items, running_hub, text_of

from hub.settings import Settings
from hub.store.tables import CommonConfiguration


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("common")) as made:
        made.create()
        yield made


def saved(hub):
    return Settings(hub.runtime.context).common()


BAD = {
    "retention_days": ("0", "3651", "ten", "-1", "\u0661"),
    "payload_days": ("0", "1.5", " x"),
    "cleaning_time": ("25:00", "3:30", "03:60", "noon", "\u0660\u0663:30"),
    "time_zone": ("Mars/Olympus", "../etc/localtime", "x" * 400),
    "public_url": ("hub.example.com", "ftp://hub", "https://a:b@hub.example", "https://hub/?x=1"),
    "defaults.messages.retry_count": ("51", "many"),
    "defaults.messages.retry_interval": ("0",),
    "defaults.messages.batch_count": ("0",),
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in BAD.items() for v in vs])
def test_a_bad_value_is_said_at_its_field_and_nothing_is_saved(hub, name, value):
    before = saved(hub)
    other = "retention_days" if name != "retention_days" else "payload_days"
    answer = hub.submit("/common", {name: value, other: "21"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422, text_of(answer)[:300]
    ident = "f-" + name.replace(".", "-")
    assert f'id="{ident}-err"' in page
    assert f'href="#{ident}"' in page
    assert dict(form_items(page))[other] == "21"
    assert saved(hub) == before


def test_every_field_is_kept_and_shown_again(hub):
    wanted = {
        "retention_days": "45", "payload_days": "3", "cleaning_time": "04:15",
        "time_zone": "America/Chicago", "public_url": "https://hub.example.com",
        "defaults.messages.retry_count": "8", "defaults.messages.retry_interval": "4",
        "defaults.messages.threshold_count": "30", "defaults.messages.batch_count": "12",
        "defaults.logging.debug": "1",
    }  # fmt: skip
    answer = hub.submit("/common", wanted)
    assert answer.status_code == 303, text_of(answer)
    shown = dict(form_items(hub.page("/common")))
    assert {name: shown.get(name) for name in wanted} == wanted
    assert saved(hub)["retention_days"] == 45


def test_the_second_of_two_savers_is_told_and_keeps_what_was_typed(hub):
    with hub.runtime.write() as session:
        session.query(CommonConfiguration).delete()  # nobody has saved anything yet
    mine = hub.page("/common")
    assert hub.submit("/common", {"retention_days": "50"}).status_code == 303
    answer = hub.submit("/common", {"retention_days": "60"}, page=mine)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Somebody saved this page after you opened it" in text_of(answer)
    assert dict(form_items(page))["retention_days"] == "60"
    assert saved(hub)["retention_days"] == 50
    assert hub.submit("/common", {}, page=page).status_code == 303
    assert saved(hub)["retention_days"] == 60


def test_a_viewer_reads_but_cannot_save(hub):
    client = hub.signed_in("vera@example.com", "viewer")
    assert "Keep the log for" in hub.page("/common", client)
    answer = client.post("/common", data={"retention_days": "1"})
    assert answer.status_code in (400, 403)
    assert saved(hub)["retention_days"] != 1
