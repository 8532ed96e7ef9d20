"""What walks through pages in a real browser share: the browser, and what axe finds."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The shell draws what chromium draws, without its windows: a third less work."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = (("light", 1440), ("dark", 1440), ("light", 390))
WIDTHS = (320, 390, 768, 1024, 1280, 1920)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all walks of a file."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_api.sync_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no chromium on this machine: make test installs one where it may")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """Return what axe finds on the page as it stands: rule, and the elements it means."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.evaluate(axe.Axe().axe_script)
    # Only what is wrong: naming and sending every element that passed would be most of the work.
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = page.evaluate("(how) => axe.run(how).then((all) => all.violations)", options)
    return [
        (v["id"], [f"{n['target']} {n.get('failureSummary', '')}"[:300] for n in v["nodes"]][:3])
        for v in found
    ]


def looks(config: pytest.Config, place: int) -> tuple[tuple[str, int], ...]:
    """Return (theme, width) for axe: each page in one of them in turn, with --slow in all."""
    return LOOKS if config.getoption("--slow") else (LOOKS[place % len(LOOKS)],)


def press(control: Any) -> None:
    """Click what loads a page, and wait until that page is there."""
    with control.page.expect_navigation(wait_until="load"):
        control.click()


def dress(page: Any, theme: str, width: int) -> None:
    """Give the page a theme and a width, and wait until colours have faded over."""
    page.set_viewport_size({"width": width, "height": 844})
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.wait_for_timeout(200)


def too_wide(page: Any, widths: tuple[int, ...] = WIDTHS) -> dict[int, int]:
    """Return the widths at which the page scrolls sideways, and how wide it is there."""
    found = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found[width] = wide
    return found
