"""Reading CSV as it comes out of spreadsheets: any of three encodings, three separators."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from hub.reports.cells import unguard
from hub.settings.imports.problems import FileRefused

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}
_LARGEST_CELL = 100_000


@dataclass(frozen=True, slots=True)
class Delimited:
    """A CSV file opened: its text, what separates its cells, and how that is said to people."""

    text: str
    separator: str
    encoding: str

    @property
    def read_as(self) -> str:
        """Say how the file was understood."""
        return f"{_NAMES[self.encoding]}, cells separated by {SEPARATORS[self.separator]}"


def open_csv(data: bytes) -> Delimited:
    """Find encoding and separator. Raises ``FileRefused``."""
    text, encoding = _decoded(data)
    if "\x00" in text:
        raise FileRefused(
            "The file is not a text file: it holds NUL characters. Save it as CSV or XLSX."
        )
    first = text.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and first[4:5] in SEPARATORS:
        return Delimited(text, first[4:5], encoding)
    return Delimited(text, max(SEPARATORS, key=first.count), encoding)


def _decoded(data: bytes) -> tuple[str, str]:
    marked = [encoding for mark, encoding in _MARKS if data.startswith(mark)]
    for encoding in marked or ["utf-8", "cp1252"]:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise FileRefused(
        "The file's encoding is not known: it is neither UTF-8 nor Windows-1252. "
        "Save it as “CSV UTF-8” or XLSX."
    )


def rows_of(opened: Delimited) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each row that is not empty. Raises ``FileRefused``."""
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(
        io.StringIO(opened.text, newline=""), delimiter=opened.separator, strict=True
    )
    line = 1
    try:
        for cells in reader:
            at, line = line, reader.line_num + 1
            if at == 1 and len(cells) < 3 and cells and cells[0].lower().startswith("sep="):
                continue
            if any(cell.strip() for cell in cells):
                yield at, [unguard(cell) for cell in cells]
    except csv.Error as error:
        raise FileRefused(
            f"Line {line} of the file cannot be read as CSV ({error}). "
            "Look for a quotation mark that is never closed, or stands single inside a cell."
        ) from None
