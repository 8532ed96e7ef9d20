"""From an empty database to a running connector, by mouse and keyboard, with mistakes on the way."""

import sys
import threading
from pathlib import Path

import pytest
from walk import dress, looks, press, too_wide, violations

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

from configuration_kit import KEY, running_servers
from web_frame import PASSWORD

from hub.web import create_app
from hub.web.server import make_server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
WRONG = {
    "erp.base_url": "http://127.0.0.1:9/nothing",
    "erp.tenant": "Wrong",
    "erp.password": "not-the-password",
    "store.access_token": "not-the-access-token",
}


class Site:
    """The hub on a port, its simulators, and a page of a browser."""

    def __init__(self, url, page, erp, store, values, runtime):
        self.url, self.page, self.erp, self.store = url, page, erp, store
        self.values, self.runtime = values, runtime

    def type(self, name, text):
        """Type into a field as a person does, opening folds on the way."""
        ident = "#f-" + name.replace(".", "-")
        fold = self.page.locator(f"details.fold:has({ident})")
        if fold.count() and fold.get_attribute("open") is None:
            fold.locator("> summary").click()
        box = self.page.locator(f"{ident}-box details")
        if box.count() and box.get_attribute("open") is None:
            box.locator("summary").click()
        self.page.fill(ident, text)

    def test(self):
        """Press Test connection and wait for its answer; return what it says."""
        self.page.evaluate("document.querySelector('#result .note')?.setAttribute('data-old', '')")
        self.page.get_by_role("button", name="Test connection").click()
        self.page.locator("#result .note:not([data-old])").wait_for()
        return self.page.inner_text("#result")

    def press(self, name):
        """Press a button that loads a page, and wait for that page."""
        press(self.page.locator(".savebar, .head").get_by_role("button", name=name))


@pytest.fixture(scope="module")
def site(tmp_path_factory, chromium):
    with running_servers(tmp_path_factory.mktemp("hub")) as (runtime, erp, store, values):
        runtime.start_serving()
        server = make_server(create_app(runtime), "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.said = []
        page.on("console", lambda m: m.type in ("error", "warning") and page.said.append(m.text))
        page.on("pageerror", lambda e: page.said.append(str(e)))
        url = f"http://127.0.0.1:{server.effective_port}"
        yield Site(url, page, erp, store, values, runtime)
        context.close()
        server.close()
        runtime.stop_serving()
        server.task_dispatcher.shutdown()
        thread.join(5)


def test_a_person_sets_up_and_mends_every_mistake_on_the_page(site):
    page = site.page
    page.goto(site.url)
    page.fill("#f-email", "mara@example.com")
    page.fill("#f-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/start")
    page.get_by_role("link", name="Connect my systems").click()
    page.wait_for_url("**/new-connector")
    page.fill("#f-key", KEY)
    page.fill("#f-name", "Wholesale US")
    page.select_option("#f-store_plugin", "bigcommerce")
    page.locator("#f-store_plugin option[selected][value=bigcommerce]").wait_for(state="attached")
    page.select_option("#f-erp_plugin", "acumatica")
    page.locator("#plugin_parameters").wait_for()
    assert page.input_value("#f-key") == KEY
    for name, value in (site.values | WRONG).items():
        site.type(name, value)
    for side in ("erp", "store"):
        page.check(f"#f-{side}-own_network")

    said = site.test()
    assert "Acumatica ERP did not pass" in said
    assert "refused the connection" in page.inner_text("#f-erp-base_url-slot")
    assert "the token is not valid" in page.inner_text("#f-store-access_token-slot")
    assert page.input_value("#f-erp-password") == WRONG["erp.password"], "what was typed stays"
    site.type("erp.base_url", site.values["erp.base_url"])
    site.test()
    assert page.inner_text("#f-erp-base_url-slot") == ""
    assert "does not know the tenant Wrong" in page.inner_text("#f-erp-tenant-slot")
    site.type("erp.tenant", site.values["erp.tenant"])
    site.test()
    assert "refused the sign-in" in page.inner_text("#f-erp-password-slot")
    site.type("erp.password", site.values["erp.password"])
    site.type("store.access_token", site.values["store.access_token"])
    assert "Nothing was saved" in site.test()
    assert page.locator(".slot .err").count() == 0


def test_the_lists_endpoints_and_needs_follow_as_one_goes(site):
    page = site.page
    page.locator("#f-preferences-customer_classes-list li").first.wait_for()
    expect(page.locator(".unless-ticked")).to_be_visible()
    page.check("#f-preferences-customer_classes-list input[value=DISTRIB]")
    page.check("#f-preferences-customer_classes-list input[value=DEALER]")
    expect(page.locator(".unless-ticked")).to_be_hidden()
    expect(page.locator("#f-preferences-customer_classes")).to_contain_text("2 of 5 ticked")
    page.check("#f-features-contact")
    expect(page.locator("#f-features-customer"), "ticking one ticks what it needs").to_be_checked()
    page.check("#f-features-location")
    page.check("#f-features-inventory")
    page.fill("#f-erp-endpoint_version", "23.200.001")
    page.locator("#endpoint-table", has_text="Default/23.200.001/Customer").wait_for()
    page.fill("#f-erp-endpoint_version", "24.200.001")
    page.locator("#endpoint-table", has_text="Default/24.200.001/Customer").wait_for()
    page.fill("#f-messages-retry_count", "3")
    page.locator("#tried", has_text="about 15 min").wait_for()
    page.uncheck("#f-messages-batch")
    expect(page.locator("#f-messages-batch_count")).to_be_hidden()
    page.check("#f-messages-batch")
    page.select_option("#f-preferences-warehouses", "mapped")
    expect(page.locator("#wh-mapped")).to_be_visible()
    page.select_option("#f-preferences-warehouses", "default")


def test_a_wrong_number_is_named_then_saved_initialized_and_on(site):
    page = site.page
    page.fill("#f-messages-retry_count", "80")
    site.press("Save")
    assert "Retry Count must be between 0 and 50. You entered 80." in page.inner_text("#errors")
    expect(page.locator("#errors")).to_be_focused()
    page.locator("#errors a").click()
    page.wait_for_url("**#f-messages-retry_count")
    expect(page.locator("#f-messages-retry_count")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("5")
    site.press("Save")
    assert page.locator("#errors").all_inner_texts() == []
    assert page.url.endswith(f"/connectors/{KEY}")
    page.locator(".savebar").get_by_role("link", name="Initialize").click()
    page.wait_for_url("**/initialization")
    site.press("Run the checks")
    assert "Failed" not in page.inner_text("main")
    site.press("Activate")
    assert "is on" in page.inner_text("main")


def test_the_first_company_arrives_in_the_store(site):
    clock = site.runtime.clock
    for _ in range(300):
        if site.store.rows("companies"):
            return
        clock.sleep(0.2)
    pytest.fail("no company within 60 s")


def test_no_message_of_the_policy_and_no_error(site):
    faults = [text for text in site.page.said if "422" not in text and "404" not in text]
    assert faults == []


PAGES = (
    "/connectors",
    "/new-connector",
    f"/connectors/{KEY}",
    f"/connectors/{KEY}/initialization",
    f"/connectors/{KEY}/delete",
    f"/connectors/{KEY}/deactivate",
    f"/connections/{KEY}-acumatica",
    "/common",
    "/plugins",
)


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(site, path, request):
    page = site.page
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    for theme, width in looks(request.config, PAGES.index(path)):
        dress(page, theme, width)
        assert violations(page) == [], (theme, width)
    assert too_wide(page) == {}
    page.set_viewport_size({"width": 1440, "height": 900})


def test_without_script_the_form_still_does_everything(site, chromium):
    context = chromium.new_context(
        java_script_enabled=False, storage_state=site.page.context.storage_state()
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{site.url}/connectors/{KEY}")
    page.fill("#f-name", "Renamed without script")
    page.fill("#f-erp-tenant", "Nowhere")
    press(page.get_by_role("button", name="Test connection"))
    expect(page.locator("#f-erp-tenant-slot")).to_contain_text("does not know the tenant Nowhere")
    assert page.input_value("#f-name") == "Renamed without script"
    page.fill("#f-erp-tenant", site.values["erp.tenant"])
    press(page.locator(".savebar").get_by_role("button", name="Save"))
    assert page.inner_text("h1").startswith("Renamed without script")
    context.close()


def test_a_slow_erp_holds_up_nothing_on_the_page(site):
    from hub.store.tables import LookupCache

    page, receive, answers = site.page, site.erp.receive, threading.Event()

    def silent(*arguments, **options):
        answers.wait(60)
        return receive(*arguments, **options)

    with site.runtime.write() as session:
        session.query(LookupCache).delete()
    site.erp.receive = silent
    try:
        page.goto(f"{site.url}/connectors/{KEY}")
        page.locator("#reading").wait_for()
        page.fill("#f-name", "Typed while the ERP is slow")
        page.check("input[name='logging.debug']")
        assert page.locator("#reading").is_visible(), "typed while the lists were being read"
        assert page.is_checked("input[name='preferences.customer_classes'][value=DEALER]")
        site.press("Save")
        assert page.input_value("#f-name") == "Typed while the ERP is slow"
        assert not answers.is_set(), "saved before the ERP answered"
    finally:
        answers.set()
        site.erp.receive = receive
