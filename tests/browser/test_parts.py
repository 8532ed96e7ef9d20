"""The parts of the pages in a real browser: policy, axe, widths, and what the script adds."""

import sys
import threading
from pathlib import Path

import pytest
from waitress.server import create_server
from walk import violations

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "web"))

from gallery import gallery_app
from web_frame import PASSWORD, new_frame

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    frame = new_frame(tmp_path_factory.mktemp("site"))
    server = create_server(gallery_app(frame), host="127.0.0.1", port=0, threads=6)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()
    thread.join(5)
    frame.database.close()


@pytest.fixture(scope="module")
def signed_in(chromium, site):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(site + "/setup")
    page.fill("#f-email", "mara@example.com")
    page.fill("#f-password", PASSWORD)
    page.click("button.fill")
    page.wait_for_url("**/start")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(chromium, site, signed_in):
    size = {"width": 1440, "height": 900}
    context = chromium.new_context(viewport=size, storage_state=signed_in)
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(site + "/")
    yield page
    context.close()


@pytest.mark.parametrize(
    ("theme", "width", "height"),
    [("light", 1440, 900), ("dark", 1440, 900), ("light", 390, 844), ("light", 320, 256)],
)
def test_axe_finds_nothing(page, theme, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.wait_for_timeout(200)
    assert violations(page) == []
    assert page.said == []


@pytest.mark.parametrize("path", ["/sign-in", "/start", "/nothing-here"])
def test_axe_finds_nothing_on_the_pages_of_first_start(page, site, path):
    if path == "/sign-in":
        page.context.clear_cookies()
    page.goto(site + path)
    assert violations(page) == []


def test_no_width_scrolls_sideways(page):
    for width in (320, 390, 768, 1024, 1280, 1920, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_changes_are_counted_and_kept_from_being_lost(page):
    expect(page.locator("[data-changes]")).to_be_hidden()
    page.fill("#f-stock", "3")
    page.uncheck("#f-locations")
    expect(page.locator("[data-count]")).to_have_text("2 changes not saved")
    page.fill("#f-stock", "0")
    expect(page.locator("[data-count]")).to_have_text("1 change not saved")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]


def test_a_secret_is_replaced_and_kept(page):
    box = page.locator("#f-b2b_token-box")
    expect(page.locator("#f-b2b_token")).to_be_hidden()
    box.locator("summary").click()
    page.fill("#f-b2b_token", "new value")
    expect(page.locator("[data-count]")).to_have_text("1 change not saved")
    box.locator("summary").click()
    expect(page.locator("#f-b2b_token")).to_have_value("")
    page.locator("[data-changes]").wait_for(state="hidden")


def test_lists_menus_dialogs_and_rows(page):
    page.fill("#f-classes [data-filter]", "deal")
    expect(page.locator("#f-classes-list li:visible")).to_have_count(1)
    page.check("#f-classes-list li:visible input")
    expect(page.locator("#f-classes [data-ticked]")).to_have_text("4 of 7 ticked")
    page.click("[popovertarget=menu-1]")
    expect(page.locator("#menu-1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#menu-1")).to_be_hidden()
    page.click("[data-dialog=delete]")
    expect(page.locator("[data-confirmed]")).to_be_disabled()
    page.fill("#typed", "B2B-US")
    expect(page.locator("[data-confirmed]")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator("[data-dialog=delete]")).to_be_focused()
    expect(page.locator("form.bulk")).to_be_hidden()
    page.check(".pick >> nth=0")
    expect(page.locator("[data-selected]")).to_have_text("1 selected")


def test_keys_lead_to_pages_but_not_while_typing(page, site):
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("g c")
    assert page.input_value("#search") == "g c"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/connectors/")


def test_the_theme_changes_at_once_and_stays(page):
    dark = page.locator("html[data-theme=dark]")
    with page.expect_response("**/theme"):
        page.click("[data-theme-button]")
        expect(dark).to_have_count(1)
    page.reload()
    expect(dark).to_have_count(1)
    assert page.said == []


def test_without_script_the_bulk_bar_and_every_field_are_there(chromium, page, site):
    state = page.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    bare = context.new_page()
    bare.goto(site + "/")
    assert bare.locator("form.bulk").is_visible()
    assert bare.locator("#f-classes-list li:visible").count() == 7
    assert bare.locator("[data-copy]").first.is_hidden()
    bare.locator("#f-b2b_token-box summary").click()
    assert bare.locator("#f-b2b_token").is_visible()
    context.close()


def test_a_filter_works_as_one_types_and_the_address_says_it(page):
    page.locator("#f-q").press_sequentially("harbor", delay=20)
    page.wait_for_url("**/?q=harbor*")
    expect(page.locator("#f-q")).to_be_focused()
    expect(page.locator("#rows")).to_have_count(1)
    assert page.said == []


def test_a_fault_of_the_hub_is_said_and_the_page_stays(page):
    page.click("#break")
    page.wait_for_selector("[data-trouble]:visible")
    expect(page.locator("[data-trouble]")).to_have_text("The hub could not do this. Try again.")
    expect(page.locator("#break")).to_be_enabled()


def test_an_ended_session_leads_to_the_sign_in_page_and_back(page):
    page.context.clear_cookies()
    page.fill("#f-q", "harbor")
    page.wait_for_url("**/sign-in*")


def test_a_form_that_grew_old_is_refused_in_words_and_the_page_stays(page):
    page.evaluate("document.querySelector('#broken [name=csrf_token]').value = 'old'")
    page.click("#break")
    page.wait_for_selector("[data-trouble]:visible")
    assert page.inner_text("[data-trouble]").startswith("This form is no longer valid.")
    assert page.locator("#break").is_visible()
