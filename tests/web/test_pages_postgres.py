"""The pages on PostgreSQL: search, pause, account, and values that this database refuses sooner."""

import pytest
from operate_kit import EMAIL, NOW, PASSWORD, Hub
from test_hostile import BAD, NAMES, addresses, some
from web_frame import Browser

from hub.runtime.runtime import build
from hub.seams import Rng, VirtualClock
from hub.settings.users import create_user
from hub.store.tables import Flow
from hub.web import create_app

pytestmark = pytest.mark.postgres


class ServedHub(Hub):
    """The hub of the operating pages, on a PostgreSQL database."""

    def __init__(self, home, url):
        self.clock = VirtualClock(NOW)
        settings = {"HUB_HOME": str(home), "HUB_DATABASE_URL": url}
        self.runtime = build(settings, clock=self.clock, rng=Rng(1))
        create_user(self.runtime.write, self.clock, EMAIL, PASSWORD, role="admin")
        self.app = create_app(self.runtime)
        self.browser = Browser(self.app.test_client())
        self.browser.sign_in(EMAIL, PASSWORD)
        self.flows = {}


@pytest.fixture
def hub(tmp_path, new_pg):
    made = ServedHub(tmp_path, new_pg())
    yield made
    made.close()


def fill(hub):
    """One of everything that has a page."""
    erp, _ = hub.ids(hub.connector())
    record = hub.record(erp, "C1", "One")
    hub.message(hub.flows["B2B-US", "customer"], record, "C1", entity="customer", reason="Why",
                reason_group="why")  # fmt: skip
    hub.run(hub.flows["B2B-US", "customer"], 30)


def test_search_finds_words_inside_names(hub):
    erp, _ = hub.ids(hub.connector())
    for key, title in (("C1", "Großhandel Müller"), ("C2", "MÜLLER Direkt"), ("C3", "50% Off_Trade")):
        record = hub.record(erp, key, title)
        hub.message(hub.flows["B2B-US", "customer"], record, key, entity="customer")
    for q, found in (("handel", "C1"), ("müller", "C1C2"), ("f_t", "C3"), ("50%25", "C3"), ("zz", "")):
        for page in ("/records/", "/messages/"):
            text = hub.text(f"{page}?q={q}")
            assert "".join(k for k in ("C1", "C2", "C3") if f"{k}<" in text) == found, (page, q)


def test_a_sync_is_paused_and_the_account_changed(hub):
    fill(hub)
    hub.browser.post("/syncs/1/pause", page="/syncs/1")
    with hub.runtime.read() as session:
        assert session.get_one(Flow, 1).paused
    hub.browser.post("/account/time-zone", {"time_zone": "Asia/Tokyo"}, page="/account/")
    data = {"current": PASSWORD, "password": "quiet copper lantern"}
    assert hub.browser.post("/account/password", data, page="/account/").status_code == 303
    assert "Asia/Tokyo" in hub.text("/account/")


@pytest.mark.slow
def test_no_argument_of_any_page_makes_a_fault(hub, pytestconfig):
    fill(hub)
    for place, url in enumerate(sorted(set(addresses(hub, "GET")))):
        for value in some(BAD, place, pytestconfig, of=6):
            answer = hub.browser.get(url, query_string=dict.fromkeys(NAMES, value))
            assert answer.status_code < 500 or answer.status_code == 503, (url, value)
