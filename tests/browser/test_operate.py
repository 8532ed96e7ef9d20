"""The operating pages in a real browser: policy, axe, widths, live parts, and what needs no script."""

import sys
import threading
from pathlib import Path

import pytest
from waitress.server import create_server
from walk import dress, looks, press, too_wide, violations

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "web"))

from import_kit import csv_of, read
from operate_kit import EMAIL, PASSWORD, Hub
from operate_seed import seed

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
FILE = (
    ["B2B-US", "customer", "HARBORFO", "", "no", "12345678901234567890" * 3],
    ["B2B-US", "customer", "HARBFOD", "", "ja", ""],
    ["B2B-US", "customer", "x" * 200, "", "no", "unlink"],
)


@pytest.fixture(scope="module")
def site(tmp_path_factory, pytestconfig):
    hub = Hub(tmp_path_factory.mktemp("hub"))
    hub.seeded = seed(hub)
    server = create_server(hub.app, host="127.0.0.1", port=0, threads=6)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.effective_port}"
    hub.pages = {
        "dashboard": "/",
        "month": "/?period=30d",
        "syncs": "/syncs/",
        "sync": "/syncs/1",
        "range": "/syncs/1/range",
        "run": f"/runs/{hub.running}",
        "finished": f"/runs/{hub.full}",
        "cancel": f"/runs/{hub.running}/cancel",
        "messages": "/messages/",
        "message": f"/messages/{hub.seeded['parked']}",
        "records": "/records/?connector=B2B-US",
        "record": f"/records/{hub.seeded['records']['HARBORFO']}",
        "preview": f"/records/import/{read(hub, csv_of(*FILE))}",
        "logs": "/logs/",
        "no match": "/messages/?tab=parked&connector=B2B-EU",
    }
    if pytestconfig.getoption("--slow"):
        harbor = hub.seeded["records"]["HARBORFO"]
        hub.pages |= {
            "import": "/records/import",
            "matching": "/records/matching?connector=B2B-US",
            "link": f"/records/{harbor}/link?connector=B2B-US",
            "unlink": f"/records/{harbor}/unlink?connector=B2B-US",
        }
    yield hub
    server.close()
    server.task_dispatcher.shutdown()
    thread.join(5)
    hub.close()


def signed_in(chromium, site, **options):
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, **options)
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(site.url + "/sign-in")
    page.fill("#f-email", EMAIL)
    page.fill("#f-password", PASSWORD)
    press(page.locator("button.fill"))
    return page


@pytest.fixture(scope="module")
def page(chromium, site):
    page = signed_in(chromium, site)
    yield page
    page.context.close()


def test_axe_finds_nothing_and_the_policy_is_kept(page, site, request):
    found = {}
    for place, (name, path) in enumerate(site.pages.items()):
        for theme, width in looks(request.config, place):
            page.goto(site.url + path)
            dress(page, theme, width)
            if wrong := violations(page):
                found[name, theme, width] = wrong
    assert found == {}
    assert page.said == []


def test_no_page_scrolls_sideways(page, site):
    found = {}
    for name, path in site.pages.items():
        page.goto(site.url + path)
        if wide := too_wide(page):
            found[name] = wide
    assert found == {}


def test_filtering_keeps_the_focus_in_the_search_box(page, site):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(site.url + "/messages/")
    page.locator("#f-q").press_sequentially("ridgeway", delay=60)
    page.wait_for_url("**q=ridgeway**")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#f-q")).to_be_focused()
    expect(page.locator("#f-q")).to_have_value("ridgeway")


def test_ticking_rows_shows_the_bulk_bar_and_retries_them(page, site):
    page.goto(site.url + "/messages/?tab=parked&flow=customer")
    assert not page.locator(".bulk").is_visible()
    page.locator(".pick").first.check()
    expect(page.locator("[data-selected]")).to_have_text("1 selected")
    page.get_by_role("button", name="Retry", exact=True).click()
    page.get_by_text("1 message will be tried again").wait_for()
    expect(page.locator(".pick")).to_have_count(2)


def test_the_schedule_is_said_in_words_as_one_types(page, site):
    page.goto(site.url + "/syncs/1")
    page.fill("input[name=every]", "30")
    page.get_by_text("Every 30 minutes").wait_for()
    page.fill("input[name=cron]", "*/75 * * * *")
    page.get_by_text("Minutes go from 0 to 59. You entered */75.").wait_for()
    expect(page.locator("input[value=cron]")).to_be_checked()
    expect(page.get_by_text("Next three times, as saved")).to_be_visible()
    page.get_by_role("button", name="Undo").click()


def test_the_dialog_says_what_cancelling_does_and_escape_keeps_running(page, site):
    page.goto(site.url + site.pages["run"])
    page.get_by_role("link", name="Cancel run").click()
    dialog = page.locator("dialog#cancel")
    expect(dialog).to_contain_text("stay sent")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_dashboard_follows_without_a_reload(page, site):
    page.goto(site.url + "/")
    page.evaluate("window.still = true")
    before = page.locator(".attn li").count()
    site.message(
        site.flows["SPARES", "customer"],
        site.seeded["records"]["VOGELGRO"],
        "VOGEL",
        entity="customer",
        age=1,
        reason="Something new.",
        reason_group="something new",
    )
    page.get_by_text("Something new.").wait_for(timeout=9000)
    expect(page.locator(".attn li")).to_have_count(before + 1)
    assert page.evaluate("window.still") is True


def test_everything_works_without_script(chromium, site):
    page = signed_in(chromium, site, java_script_enabled=False)
    page.goto(site.url + "/messages/?tab=parked&flow=contact")
    page.locator(".pick").first.check()
    press(page.get_by_role("button", name="Skip"))
    expect(page.locator("main")).to_contain_text("1 message skipped.")
    page.goto(site.url + "/syncs/2")
    page.locator("input[value=daily]").check()
    page.fill("input[name=at]", "05:45")
    press(page.get_by_role("button", name="Show the times"))
    expect(page.locator(".words")).to_contain_text("Every day at 05:45")
    press(page.get_by_role("button", name="Save schedule"))
    expect(page.locator("main")).to_contain_text("Schedule saved.")
    page.goto(site.url + site.pages["run"])
    press(page.get_by_role("link", name="Cancel run"))
    press(page.get_by_role("button", name="Cancel run"))
    expect(page.locator("main")).to_contain_text("The run stops after the call that is under way.")
    page.context.close()
