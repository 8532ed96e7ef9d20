"""Options for all tests, and a closing summary that says what was not tried and why."""

import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pg
import pytest
import quick
from pg import new_pg, pg_url
from walk import chromium

__all__ = ["chromium", "new_pg", "pg_url"]


def pytest_configure(config: pytest.Config) -> None:
    pg.pytest_configure(config)
    quick.keep_files_in_memory(config)
    quick.do_once()


def pytest_unconfigure(config: pytest.Config) -> None:
    pg.pytest_unconfigure(config)
    quick.forget_files(config)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="Run the long series as well.")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    skip_long_series(config, items)
    for item in items:
        if item.get_closest_marker("browser") and item.path.parent.name != "browser":
            raise pytest.UsageError(f"{item.nodeid}: tests of a browser lie in tests/browser")
    return (yield from quick.arranged(items))


def pytest_collection_finish() -> None:
    quick.look_for_garbage_rarely()


def skip_long_series(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a long series: run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """With HUB_BROWSER_REQUIRED=1 a browser test that cannot run is a failure, not a skip."""
    outcome = yield
    report = outcome.get_result()
    required = os.environ.get("HUB_BROWSER_REQUIRED") == "1"
    tried = "slow" not in item.keywords or item.config.getoption("--slow")
    if required and tried and report.skipped and "browser" in item.keywords:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"HUB_BROWSER_REQUIRED=1, but this browser test was skipped. {reason}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    by_reason: dict[str, int] = defaultdict(int)
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        by_reason[str(reason).removeprefix("Skipped: ")] += 1
    terminalreporter.section("not tried")
    for reason, count in sorted(by_reason.items(), key=lambda pair: -pair[1]):
        terminalreporter.line(f"{count:4d}  {reason}")
