"""Take a picture of every page of the demo into ``shots/``: desktop and phone, light and dark.

With ``--axe`` each page is also checked by axe-core; the command fails on a violation.
"""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from hub.cli.serve import Pages
from hub.runtime.demo import EMAIL, Demo
from hub.store.tables import Connection, Connector, Flow, Message, RecordRow, Run

FOLDER = Path(__file__).resolve().parents[1] / "shots"
VIEWS = {
    "desktop": ({"width": 1440, "height": 900}, "light"),
    "desktop-dark": ({"width": 1440, "height": 900}, "dark"),
    "phone": ({"width": 390, "height": 844}, "light"),
    "phone-dark": ({"width": 390, "height": 844}, "dark"),
}
SETTLED_SECONDS = 60


def addresses(demo: Demo) -> dict[str, str]:
    """Return every page by the name of its picture."""
    with demo.runtime.read() as session:
        connector = session.query(Connector).first()
        connection = session.query(Connection).first()
        flow = session.query(Flow).first()
        run = session.query(Run).order_by(Run.id).first()
        message = session.query(Message).filter_by(status="parked").first()
        record = session.query(RecordRow).first()
    assert connector
    assert connection
    assert flow
    assert run
    assert message
    assert record
    return {
        "dashboard": "/",
        "connectors": "/connectors",
        "connector-new": "/new-connector",
        "configuration": f"/connectors/{connector.key}",
        "initialization": f"/connectors/{connector.key}/initialization",
        "connection": f"/connections/{connection.key}",
        "syncs": "/syncs",
        "sync": f"/syncs/{flow.id}",
        "run": f"/runs/{run.id}",
        "messages": "/messages",
        "message": f"/messages/{message.id}",
        "records": "/records",
        "record": f"/records/{record.id}",
        "logs": "/logs",
        "common": "/common",
        "plugins": "/plugins",
        "account": "/account/",
    }


def sign_in(page: Page, url: str, password: str) -> None:
    """Sign in as the demo's administrator."""
    page.goto(f"{url}/sign-in")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")


def wait_until_settled(demo: Demo) -> None:
    """Wait until the demo's first runs are over."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline:
        with demo.runtime.read() as session:
            done = session.query(Run).filter(Run.status == "finished").count()
        if done >= 4:
            return
        time.sleep(0.5)
    sys.exit("The demo did not reach its final state.")


def axe(page: Page) -> list[str]:
    """Return axe's violations on the page, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found: Any = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['help']} ({len(v['nodes'])}) {v['nodes'][0]['target']}" for v in found]


def take(browser: Browser, demo: Demo, url: str, *, check: bool) -> list[str]:
    """Take every picture; returns what axe and the browser's console complained of."""
    problems: list[str] = []
    for view, (size, scheme) in VIEWS.items():
        context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.on(
            "console",
            lambda m, v=view: problems.append(f"{v} console: {m.text}") if m.type == "error" else None,
        )
        sign_in(page, url, demo.password)
        for name, path in addresses(demo).items():
            answer = page.goto(url + path)
            page.wait_for_load_state("load")
            page.wait_for_timeout(300)
            if answer is None or answer.status >= 400:
                problems.append(f"{view} {name}: {answer.status if answer else 'no answer'} {path}")
            page.screenshot(path=FOLDER / f"{name}-{view}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            if wide:
                problems.append(f"{view} {name}: scrolls sideways")
            if check:
                problems += [f"{view} {name}: {line}" for line in axe(page)]
        context.close()
    return problems


def main() -> None:
    """Start the demo, take the pictures, say what is wrong."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    demo = Demo(120, 400)
    try:
        demo.configure()
        pages = Pages(demo.runtime, "127.0.0.1", 0)
        demo.runtime.start_serving()
        wait_until_settled(demo)
        with sync_playwright() as driver:
            names = ("chromium", "google-chrome", "chromium-headless-shell")
            path = next(filter(None, map(shutil.which, names)), None)
            browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
            problems = take(browser, demo, pages.url, check="--axe" in sys.argv)
            browser.close()
        pages.close()
    finally:
        demo.close()
    for _problem in problems:
        pass
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
