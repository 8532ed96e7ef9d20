"""All rules tried at once, the level that a connector has earned, and its ``quality.yaml``."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from hub.testing import checks
from hub.testing.kit import Kit
from hub.testing.rules import CHECKS, LEVELS, Check, CheckFailed, Level, NotApplicable

State = Literal["pass", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Row:
    """How one rule ended. ``seen`` is what broke it, or why it does not apply."""

    check: Check
    state: State
    seen: str = ""
    remedy: str = ""


def run(kit: Kit, on_row: Callable[[Row], None] | None = None) -> list[Row]:
    """Try every rule in the order of the reference; ``on_row`` hears of each as it ends."""
    checks.load()
    rows = []
    for check in CHECKS.values():
        row = _tried(kit, check)
        rows.append(row)
        if on_row is not None:
            on_row(row)
    return rows


def _tried(kit: Kit, check: Check) -> Row:
    try:
        check.run(kit)
    except CheckFailed as error:
        return Row(check, "fail", error.seen, error.remedy)
    except NotApplicable as reason:
        return Row(check, "skip", str(reason))
    return Row(check, "pass")


def earned(states: Iterable[tuple[Level, bool]]) -> Level | None:
    """Return the highest level none of whose rules, nor of those below, is broken."""
    broken = {level for level, kept in states if not kept}
    reached: Level | None = None
    for level in LEVELS:
        if level in broken:
            break
        reached = level
    return reached


def level_of(rows: Iterable[Row]) -> Level | None:
    """Return the level that these rows earn; None when a rule of bronze is broken."""
    return earned((row.check.level, row.state != "fail") for row in rows)


def quality_text(kit: Kit, rows: Iterable[Row]) -> str:
    """Return the content of ``quality.yaml``: each rule done, todo or exempt with its reason."""
    rows = list(rows)
    info = kit.plugin.info
    lines = [
        f"# What the contract kit says of {info.label}. Written by `hub check {info.key} --write`.",
        f"level: {level_of(rows) or 'none'}",
        f'version: "{info.version}"',
        "checks:",
    ]
    words = {"pass": "done", "fail": "todo"}
    for row in rows:
        reason = row.seen.replace("\\", "").replace('"', "'")
        value = words.get(row.state) or f'"exempt: {reason}"'
        lines.append(f"  {row.check.id}: {value}")
    return "\n".join(lines) + "\n"
