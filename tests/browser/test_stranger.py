"""A stranger's connector from its wheel in a hub from its wheel: found, approved, set up, delivering,
uninstalled; the hub stays well at every step.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from hub.sdk import SystemClock
from hub.sdk.simulation import serve
from plugins.bigcommerce.simulator import make_simulator as make_store

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "brisk walnut ladder"


class Place:
    """An environment that holds wheels alone; the libraries are those of this one."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
        (packages,) = folder.glob("env/lib/python*/site-packages")
        (packages / "libraries.pth").write_text(
            "\n".join(path for path in sys.path if "site-packages" in path)
        )
        self.python = str(folder / "env" / "bin" / "python")
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "HUB_HOME": str(folder / "home"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def run(self, *command):
        done = subprocess.run(
            [self.python, *command], cwd=self.folder, env=self.environ, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wheel(self, project):
        """Build a project's wheel, and install it without its libraries."""
        made = self.folder / f"wheel-{project.name}"
        self.run("-m", "pip", "wheel", "-q", "--no-deps", "-w", str(made), str(project))
        (wheel,) = made.glob("*.whl")
        return str(wheel)

    def install(self, wheel):
        self.run("-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel)

    def serve(self):
        """Start ``hub run``; return the process and its address."""
        process = subprocess.Popen(
            [self.python, "-m", "hub", "run", "--port", "0"], cwd=self.folder, env=self.environ,
            text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        for line in process.stderr:
            if found := re.search(r"is at (http\S+)", line):
                return process, found[1]
        pytest.fail("the hub did not start")


def well(url):
    with urllib.request.urlopen(url + "/readyz", timeout=10) as answer:
        assert answer.status == 200


def test_a_strangers_connector_from_wheel_to_delivery(chromium, tmp_path):
    place = Place(tmp_path)
    place.install(place.wheel(ROOT))
    assert str(tmp_path) in place.run("-c", "import hub; print(hub.__file__)")
    stranger = place.wheel(ROOT / "examples" / "csv-erp")
    from csv_erp.simulator import make_simulator as make_erp

    clock = SystemClock()
    erp, store = make_erp(clock, 7, customers=12, items=5), make_store(clock, 7, quotas=None)
    process, url = place.serve()
    with serve(erp) as at_erp, serve(store) as at_store:
        try:
            page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.set_default_timeout(20_000)
            sign_up(page, url)
            well(url)
            place.install(stranger)
            approve(page, url)
            well(url)
            set_up(page, url, erp.settings(at_erp.url), store.settings(at_store.url))
            arrives(store)
            place.run("-m", "pip", "uninstall", "-q", "-y", "hub-connector-csv-erp")
            page.goto(url + "/plugins")
            page.get_by_role("button", name="Look for new ones").click()
            expect(page.locator("main")).to_contain_text("not installed any more")
            well(url)
            place.install(stranger)
            page.get_by_role("button", name="Look for new ones").click()
            expect(page.locator("main")).not_to_contain_text("not installed any more")
            well(url)
        finally:
            process.terminate()
            process.wait(40)
            process.stderr.close()


def sign_up(page, url):
    page.goto(f"{url}/setup")
    page.fill("#f-email", "mara@example.com")
    page.fill("#f-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/start")


def approve(page, url):
    page.goto(url + "/plugins")
    page.get_by_role("button", name="Look for new ones").click()
    expect(page.locator("main")).to_contain_text("csv_erp was found")
    page.get_by_role("link", name="Review and approve").click()
    page.locator("input[name=known]").check()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("main")).to_contain_text("csv_erp is approved and in use")


def set_up(page, url, erp, store):
    page.goto(url + "/new-connector")
    page.fill("#f-key", "CSV")
    page.fill("#f-name", "From lists")
    page.select_option("#f-store_plugin", "bigcommerce")
    page.locator("#f-store_plugin option[selected][value=bigcommerce]").wait_for(state="attached")
    page.select_option("#f-erp_plugin", "csv_erp")
    page.locator("#f-erp-api_key-box").wait_for(state="attached")
    for side, values in (("erp", erp), ("store", store)):
        for name, value in values.items():
            enter(page, f"f-{side}-{name}", str(value))
        page.check(f"#f-{side}-own_network")
    page.get_by_role("button", name="Test connection").click()
    for name in ("TRADE", "RETAIL", "EXPORT"):
        page.check(f"#f-preferences-customer_classes-list input[value={name}]")
    page.check("#f-features-customer")
    page.locator(".savebar").get_by_role("button", name="Save").click()
    page.wait_for_url("**/connectors/CSV")
    page.locator(".savebar").get_by_role("link", name="Initialize").click()
    page.wait_for_url("**/initialization")
    page.get_by_role("button", name="Run the checks").click()
    page.get_by_role("button", name="Activate").click()
    expect(page.locator("main")).to_contain_text("is on")


def enter(page, ident, text):
    fold = page.locator(f"details.fold:has(#{ident})")
    if fold.count() and fold.get_attribute("open") is None:
        fold.locator("> summary").click()
    box = page.locator(f"#{ident}-box details")
    if box.count() and box.get_attribute("open") is None:
        box.locator("summary").click()
    page.fill(f"#{ident}", text)


def arrives(store):
    for _ in range(240):
        if store.rows("companies"):
            return
        time.sleep(0.5)
    pytest.fail(f"no company within 2 minutes: {json.dumps(store.stats_json()['by_status'])}")
