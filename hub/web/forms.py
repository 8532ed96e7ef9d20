"""Kind → form field: one description of a parameter becomes one row of a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hub.sdk import Choice, Kind, ParameterSpec

CLEAR = "__clear"
"""Suffix of the tick that clears a saved secret; an empty secret field means: keep."""
SENT = "__sent"
"""Suffix of the hidden mark that a multi-select was on the page (nothing ticked is a value)."""
KEY, ITEM = "__key", "__value"
"""Suffixes of a mapping's two columns."""


class Posted(Protocol):
    """What is used of a posted form: werkzeug's ``MultiDict`` has it."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def getlist(self, key: str) -> list[Any]: ...

    def __contains__(self, key: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class SecretState:
    """What may be said of a saved secret: never its value.

    ``source`` is "3 Nov 2026 by NAME" or "from env:NAME"; ``consequence`` is said when not set;
    ``typed`` is True when a new value was posted and could not be saved (it must be typed again).
    """

    is_set: bool = False
    source: str = ""
    consequence: str = ""
    typed: bool = False
    clearable: bool = True


@dataclass(slots=True)
class Field:
    """One field as the macros draw it.

    ``name`` is the input's name, ``id`` is derived. ``error`` is (cause, remedy). ``was`` is the
    saved value in words when the shown one differs. ``uses`` names the later sync that will use it.
    ``closed``: a CHOICE without an empty choice. ``slot``: the error stands in an element of its own, ``<id>-slot``, that htmx can replace.
    ``columns`` are the heads of a TABLE, ``rows`` its key choices.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    value: Any = None
    help: str = ""
    required: bool = False
    choices: Sequence[Choice] = ()
    error: tuple[str, str] | None = None
    was: str = ""
    unit: str = ""
    uses: str = ""
    placeholder: str = ""
    readonly: bool = False
    disabled: bool = False
    mono: bool = False
    radio: bool = False
    width: str = ""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 500
    pattern: str = ""
    input_type: str = ""
    autocomplete: str = "off"
    secret: SecretState = field(default_factory=SecretState)
    empty_choice: str = ""
    noun: str = "rows"
    lookup_url: str = ""
    lookup_label: str = "Look up"
    lookup_dialog: str = ""
    read_again_url: str = ""
    stale: str = ""
    columns: tuple[str, str] = ("From", "To")
    attributes: Mapping[str, str] = field(default_factory=dict)
    slot: bool = False
    closed: bool = False

    @property
    def id(self) -> str:
        """The element's id; summaries and the section list link to it."""
        return "f-" + self.name.replace(".", "-")

    @property
    def described_by(self) -> str:
        """The ids of error, help and note that belong to the control."""
        parts = [("-err", self.error), ("-help", self.help)]
        return " ".join(self.id + suffix for suffix, text in parts if text)

    @property
    def ticked(self) -> set[str]:
        """The chosen values of a multi-select, or everything for ``all``."""
        if self.value == "all":
            return {choice.value for choice in self.choices}
        if isinstance(self.value, str) or not isinstance(self.value, Iterable):
            return {str(self.value)} if self.value else set()
        return {str(item) for item in self.value}

    @property
    def size(self) -> str:
        """The width class of the control."""
        if self.width:
            return self.width
        return "w-num" if self.kind is Kind.NUMBER else "w-text"

    @property
    def html_type(self) -> str:
        """The type attribute; numbers stay text so that a wrong one comes back as it was typed."""
        return self.input_type or ("url" if self.kind is Kind.URL else "text")

    @property
    def input_mode(self) -> str:
        """The keyboard of a phone."""
        return "numeric" if self.kind is Kind.NUMBER else ""

    @property
    def all_choices(self) -> list[Choice]:
        """The choices, and ticked values that are no longer among them, so that none is lost."""
        known = {choice.value for choice in self.choices}
        gone = sorted(value for value in self.ticked if value not in known)
        note = "not found any more" if self.choices else "list not read yet"
        return [*self.choices, *(Choice(value, value, note) for value in gone)]


def field_of(spec: ParameterSpec, value: Any, *, prefix: str = "", **extra: Any) -> Field:
    """Make the field of a parameter; ``extra`` overrides any attribute of ``Field``."""
    shown = None if spec.secret else value
    made = Field(
        name=prefix + spec.name, label=spec.label, kind=spec.kind, value=shown, help=spec.help,
        required=spec.required, choices=spec.choices, unit=spec.unit, minimum=spec.minimum,
        maximum=spec.maximum, max_length=spec.max_length,
    )  # fmt: skip
    for name, given in extra.items():
        if not hasattr(made, name):
            raise AttributeError(f"Field has no {name}")
        setattr(made, name, given)
    return made


def posted_value(form: Posted, spec: ParameterSpec, *, prefix: str = "") -> Any:
    """Return what the browser sent for a parameter, as the settings service takes it.

    BOOL gives True or False, MULTI a list, TABLE a dict, all else text. SECRET gives the new text,
    ``""`` for "cleared", and None for "keep what is saved". A field that was not on the page: None.
    """
    name = prefix + spec.name
    if spec.kind is Kind.BOOL:
        return name in form if name + SENT in form or name in form else None
    if spec.kind is Kind.MULTI:
        return form.getlist(name) if name + SENT in form or name in form else None
    if spec.kind is Kind.TABLE:
        return _posted_table(form, name)
    if spec.kind is Kind.SECRET:
        typed = form.get(name) or ""
        if typed:
            return typed
        return "" if form.get(name + CLEAR) else None
    value = form.get(name)
    return value.strip() if isinstance(value, str) else None


def _posted_table(form: Posted, name: str) -> dict[str, str] | None:
    if name + SENT not in form:
        return None
    pairs = zip(form.getlist(name + KEY), form.getlist(name + ITEM), strict=False)
    return {key.strip(): value.strip() for key, value in pairs if key.strip() and value.strip()}


def change_in_words(spec: ParameterSpec, before: Any) -> str:
    """Return the saved value in words, for "Changed, was …"; nothing for secrets."""
    if spec.secret:
        return ""
    if spec.kind is Kind.BOOL:
        return "on" if before else "off"
    if before in (None, "", [], {}):
        return "empty"
    labels = {choice.value: choice.label for choice in spec.choices}
    if isinstance(before, (list, tuple)):
        return ", ".join(labels.get(str(item), str(item)) for item in before)
    return labels.get(str(before), str(before))
