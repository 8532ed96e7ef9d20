"""What a plugin's own package says of its quality: ``quality.yaml`` beside its module."""

from dataclasses import dataclass
from importlib import resources

import yaml

FILE = "quality.yaml"
LEVELS = ("bronze", "silver", "gold")
LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Quality:
    """The level that the contract kit found for ``version``, and how the rules ended."""

    level: str
    version: str
    done: int
    todo: tuple[str, ...]
    exempt: int


def read_quality(module: str) -> Quality | None:
    """Read the file of a plugin that is imported already; None when it is missing or unusable."""
    try:
        text = (resources.files(module) / FILE).read_text(encoding="utf-8")[:LARGEST]
        data = yaml.safe_load(text)
    except (OSError, TypeError, ValueError, ImportError, yaml.YAMLError):
        return None
    rules = data.get("checks") if isinstance(data, dict) else None
    if not isinstance(rules, dict) or data.get("level") not in LEVELS:
        return None
    states = {str(name): str(state) for name, state in rules.items()}
    return Quality(
        level=data["level"],
        version=str(data.get("version") or ""),
        done=sum(state == "done" for state in states.values()),
        todo=tuple(name for name, state in states.items() if state == "todo"),
        exempt=sum(state.startswith("exempt") for state in states.values()),
    )
