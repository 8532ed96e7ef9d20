"""The columns of an import file, and what one row asks for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.settings.imports.problems import FileRefused
from hub.settings.imports.workbook import odd_type, text_of

CONNECTOR, ENTITY, KEY = "connector", "entity", "entity_key"
ENABLED, REFERENCE = "enabled", "reference_id"
NAMES = (CONNECTOR, ENTITY, KEY, ENABLED, REFERENCE)
OTHER_NAMES = {
    "key": KEY, "erp_key": KEY, "entity_type": ENTITY, "type": ENTITY, "reference": REFERENCE,
    "external_id": REFERENCE, "store_id": REFERENCE, "connector_id": CONNECTOR,
}  # fmt: skip
FOR_PEOPLE = ("name", "error")
"""Columns that the hub writes for people and reads over."""
UNLINK = "unlink"
WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
LONGEST = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(slots=True)
class Given:
    """One row as the file has it. ``error`` is one sentence about ``field``, which held ``value``."""

    number: int
    cells: list[str]
    connector: str = ""
    entity: str = ""
    key: str = ""
    enabled: bool | None = None
    reference: str | None = None
    field: str = ""
    value: str = ""
    error: str = ""

    def refuse(self, name: str, value: str, error: str) -> None:
        """Leave this row out; the first reason stands."""
        if not self.error:
            self.field, self.value, self.error = name, value[:LONGEST], error


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each known column stands in the file."""

    head: list[str]
    places: dict[str, int]
    unused: list[str] = field(default_factory=list)

    def row(self, number: int, cells: Sequence[Any]) -> Given:
        """Return what a row asks for, or why it cannot."""
        texts = [text_of(cell) for cell in cells]
        given = Given(number, [*texts, *[""] * (len(self.head) - len(texts))])
        if len(texts) > len(self.head) and any(texts[len(self.head) :]):
            given.refuse(
                "", "", f"The row has {len(texts)} cells and the header {len(self.head)}. "
                "Put text that holds the separator in quotation marks."
            )  # fmt: skip
            return given
        for name, place in self.places.items():
            cell = cells[place] if place < len(cells) else ""
            _take(given, name, cell)
        return given


def _take(given: Given, name: str, cell: Any) -> None:
    text = text_of(cell)
    shown = text.strip()
    if name in (KEY, REFERENCE, CONNECTOR) and odd_type(cell):
        given.refuse(name, shown, (
            f"The cell is a {odd_type(cell)}, so leading zeros or digits may be lost. "
            "Format the column as Text and enter the value again."
        ))  # fmt: skip
    elif len(text) > LONGEST:
        given.refuse(name, shown, f"It is longer than {LONGEST} characters. Correct the value.")
    elif _CONTROL.search(shown):
        given.refuse(name, shown, "It holds a line break or control character. Remove it.")
    elif name == ENABLED:
        _take_enabled(given, shown)
    elif name == REFERENCE:
        given.reference = "" if shown.lower() == UNLINK else text if shown else None
    elif name == KEY:
        given.key = text
        if not shown:
            given.refuse(KEY, "", "The key is empty. Enter the record's key in the ERP.")
    elif name == ENTITY:
        given.entity = re.sub(r"\W+", "_", shown.lower())
        if not shown:
            given.refuse(ENTITY, "", "The entity is empty. Enter customer, location, contact …")
    else:
        given.connector = shown


def _take_enabled(given: Given, shown: str) -> None:
    if shown:
        given.enabled = WORDS.get(shown.lower())
        if given.enabled is None:
            given.refuse(ENABLED, shown, "Use yes or no.")


def find_columns(cells: Sequence[Any], *, connector: bool) -> Columns:
    """Find the columns in the header; ``connector`` True = every row must name its connector.

    Raises ``FileRefused`` naming what is missing.
    """
    head = [text_of(cell).strip() for cell in cells]
    while head and not head[-1]:
        head.pop()
    places: dict[str, int] = {}
    unused: list[str] = []
    for place, name in enumerate(head):
        plain = re.sub(r"[\s_-]+", "_", name.lower())
        known = OTHER_NAMES.get(plain, plain)
        if known in NAMES and known in places:
            raise FileRefused(f"The column {known} stands twice in the header. Keep one of them.")
        if known in NAMES:
            places[known] = place
        elif plain and plain not in FOR_PEOPLE:
            unused.append(name[:60])
    _check(head, places, connector=connector)
    return Columns(head, places, unused)


def _check(head: list[str], places: dict[str, int], *, connector: bool) -> None:
    needed = [ENTITY, KEY, *([CONNECTOR] if connector else [])]
    missing = [name for name in needed if name not in places]
    if missing:
        found = ", ".join(name[:40] for name in head[:12] if name) or "none"
        more = " Or choose one connector for the whole file." if CONNECTOR in missing else ""
        raise FileRefused(
            f"The header has no column {' and no column '.join(missing)}. "
            f"Columns found: {found}. Name it in the first row.{more}"
        )
    if ENABLED not in places and REFERENCE not in places:
        raise FileRefused(
            "The file changes nothing: its header has neither a column enabled nor a column "
            "reference_id. Add one of them."
        )
