"""For pytest: a broken rule is told in its own words, and the level earned at the end.

Loaded in every project that has the hub installed, so it imports nothing of the hub and looks only
at tests that carry a rule.
"""

from collections.abc import Iterator
from typing import Any

import pytest

PROPERTY = "hub_rule"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    """Show what was seen and what to do instead of a traceback through the kit."""
    rule = getattr(getattr(item, "function", None), PROPERTY, None)
    if rule is not None and call.when == "setup":
        owner = item.cls.__name__ if isinstance(item, pytest.Function) and item.cls else ""
        item.user_properties.append((PROPERTY, [owner, rule.id, rule.level]))
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    if rule is not None and type(error).__name__ == "CheckFailed":
        report.longrepr = f"{rule.id}: {rule.rule}\n{error}"  # type: ignore[attr-defined]
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say per contract class which level its rules earn."""
    rules: dict[str, list[tuple[Any, bool]]] = {}
    for outcome in ("passed", "skipped", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, value in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    kept = outcome in ("passed", "skipped")
                    rules.setdefault(value[0], []).append((value[2], kept))
    if not rules:
        return
    from hub.testing.report import earned  # noqa: PLC0415 - only where the kit is in use anyway

    for owner, states in sorted(rules.items()):
        broken = sum(not kept for _, kept in states)
        terminalreporter.line(
            f"contract {owner}: {earned(states) or 'no'} level, {len(states) - broken} of "
            f"{len(states)} rules kept"
        )
