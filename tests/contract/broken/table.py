"""Write docs/reference/kit.md and quality.md: ``python -m tests.contract.broken.table``."""

import re
from functools import cache
from pathlib import Path

from hub.testing import checks
from hub.testing.rules import CHECKS, LEVELS, CheckFailed
from tests.contract import broken

FOLDER = Path(__file__).resolve().parents[3] / "docs/reference"
MADE = "*Made by `python -m tests.contract.broken.table`; do not edit.*"
WORDS = {
    "bronze": "Safe to install: it describes itself truly, signs out, names what it writes, calls "
    "an open end open, shows no secret, and uses nothing but what the hub hands over.",
    "silver": "Safe to run: readings resume and miss nothing, what was sent is found again, every "
    "error leads to the right pause, and the simulator is strict enough to prove it.",
    "gold": "Complete: live choices, records by key, and the small courtesies.",
}


@cache
def message(name: str) -> CheckFailed:
    """What the rule says of its broken connector; ports differ at every run."""
    with broken.load()[name].kit() as kit:
        try:
            CHECKS[name].run(kit)
        except CheckFailed as error:
            return error
    raise AssertionError(f"{name} does not see its broken connector")


def kit_page() -> str:
    """The table of rules, broken connectors and messages."""
    checks.load()
    lines = [
        "# Contract kit\n",
        (
            "What the hub relies on in a connector, as checks. Each has a broken connector in "
            "`tests/contract/broken` that must fail it; the message is the one printed for that.\n"
        ),
        "One class and two lines turn a connector package into a tested one:\n",
        "```python",
        "from hub.testing import ConnectorContract\n\n",
        "class TestContract(ConnectorContract):",
        '    plugin = "my_package"',
        "```\n",
        (
            "`hub check my_package` does the same without pytest. The kit talks to the connector's own "
            "simulator over real HTTP on loopback, on a virtual clock. What it needs to know of an "
            "action type (the simulator's entity, how a person edits a row, what is refused) stands in "
            "`samples` of the simulator's class: `hub.sdk.simulation.Sample`. A reading's page size is a "
            "module constant `PAGE_SIZE` that is read at the time of the call: the kit lowers it to 5.\n"
        ),
        f"{MADE}\n",
        "| check | level | rule | broken connector that it sees | message | what to do |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, check in CHECKS.items():
        error = message(name)
        seen = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", error.seen)
        wrong = broken.BROKEN[name].wrong
        cells = [f"`{name}`", check.level, check.rule, wrong, seen, error.remedy]
        lines.append(
            "| " + " | ".join(" ".join(c.split()).replace("|", "\\|") for c in cells) + " |"
        )
    return "\n".join(lines) + "\n"


def quality_page() -> str:
    """What each level means and asks for."""
    checks.load()
    lines = [
        "# Quality levels of connectors\n",
        (
            "A connector's package carries `quality.yaml` beside its module. `hub check NAME --write` "
            "fills it from the [contract kit](kit.md): each rule is `done`, `todo`, or `exempt` with the "
            "reason why it does not concern this connector. The Plugins page shows the level, and the "
            "version it was found for when that is not the installed one. The file is the package's own "
            "word: run `hub check NAME` to see for yourself.\n"
        ),
        (
            "A level is earned when none of its rules, nor of those below, is `todo`. With a rule of "
            "bronze broken there is none.\n"
        ),
        f"{MADE}\n",
    ]
    for level in LEVELS:
        names = [f"`{name}`" for name, check in CHECKS.items() if check.level == level]
        lines.append(f"## {level.capitalize()}\n\n{WORDS[level]}\n\n{' · '.join(names)}\n")
    return "\n".join(lines)


PAGES = {"kit.md": kit_page, "quality.md": quality_page}

if __name__ == "__main__":
    for file, make in PAGES.items():
        (FOLDER / file).write_text(make(), encoding="utf-8")
