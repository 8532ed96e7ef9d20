"""What a section of settings is made of."""

from dataclasses import dataclass

from hub.sdk import Choice, Kind, ParameterSpec


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a section. ``used_by``: flow keys that read it now; ``later``: else, which will."""

    spec: ParameterSpec
    used_by: tuple[str, ...] = ()
    later: str = ""

    @property
    def note(self) -> str:
        """The sentence shown at a field that no flow reads yet."""
        return f"Used by {self.later}, a later sync." if self.later else ""


@dataclass(frozen=True, slots=True)
class Section:
    """A card of the Connector Configuration page. ``store`` = section of the Preference table."""

    key: str
    label: str
    menu: str
    store: str
    settings: tuple[Setting, ...]
    intro: str = ""
    note: str = ""


def choices(**labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, label) for value, label in labels.items())


def box(name: str, label: str, help: str, default: bool) -> ParameterSpec:
    return ParameterSpec(name, label, Kind.BOOL, help, default=default)
