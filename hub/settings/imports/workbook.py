"""Reading XLSX: the archive is looked through before a parser sees it (S37)."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from hub.settings.imports.limits import MEGABYTE, Limits
from hub.settings.imports.problems import FileRefused

RATIO = 100
"""An archive that unpacks to more than this many times its size is refused."""
SMALL = MEGABYTE
"""Up to this size unpacked the ratio says nothing: headers and styles of an empty sheet."""
ENTRIES = 1_000
WIDEST = 60
"""Columns a sheet may reach to; the parser makes room for every cell up to the last one."""
_PIECE = 64 * 1024
_LOCAL_HEADER = 30
_ADDRESS = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,7})(\d{1,9})["']""")
_ODD_ADDRESS = re.compile(rb"""\br\s*=\s*["'][^"']*&""")
_OVERLAP = 64

BROKEN = "The XLSX file is damaged and cannot be opened. Save it again, or save it as CSV."
BOMB = (
    "The XLSX file unpacks to far more than a list of records needs. "
    "Copy the rows into a new workbook and save that, or save it as CSV."
)
OLD_EXCEL = "This is an Excel file of the old kind (.xls), or protected. Save it as .xlsx or CSV."

Cell = Any
"""Text, or what is no text in the sheet: float, bool, date, time."""


def looks_like_xlsx(data: bytes) -> bool:
    """True for a zip archive, whatever the file is called."""
    return data[:2] == b"PK"


def looks_like_old_excel(data: bytes) -> bool:
    """True for an OLE container: .xls, or an XLSX behind a password."""
    return data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_archive(data: bytes, limits: Limits) -> None:
    """Unpack every part without keeping it. Raises ``FileRefused`` for a bomb of any kind."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = [part.filename for part in parts]
            if len(parts) > ENTRIES or len(set(names)) != len(names):
                raise FileRefused(BOMB)
            room = max(RATIO * len(data), SMALL)
            for part in parts:
                room = _look_through(data, part, room, limits)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, IndexError):
        raise FileRefused(BROKEN) from None


def _look_through(data: bytes, part: zipfile.ZipInfo, room: int, limits: Limits) -> int:
    """Count what a part unpacks to, not what it says; return the room left."""
    is_sheet = "worksheets/" in part.filename.lower().replace("\\", "/")
    tail, last = b"", [0, 0]
    for piece in _unpacked(data, part):
        room -= len(piece)
        if room < 0:
            raise FileRefused(BOMB)
        if is_sheet:
            _reach(tail + piece, last, limits)
            tail = piece[-_OVERLAP:]
    return room


def _unpacked(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    if part.flag_bits & 1:
        raise FileRefused(OLD_EXCEL)
    at = part.header_offset
    names = int.from_bytes(data[at + 26 : at + 28], "little")
    extra = int.from_bytes(data[at + 28 : at + 30], "little")
    start = at + _LOCAL_HEADER + names + extra
    packed = memoryview(data)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[n : n + _PIECE]) for n in range(0, len(packed), _PIECE))
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise FileRefused(BROKEN)
    inflate = zlib.decompressobj(-15)
    piece = inflate.decompress(packed, _PIECE)
    while piece:
        yield piece
        piece = inflate.decompress(inflate.unconsumed_tail, _PIECE)


def _reach(text: bytes, last: list[int], limits: Limits) -> None:
    """Refuse a sheet whose last cell lies far out: room is made for all cells before it."""
    if b"\x00" in text or _ODD_ADDRESS.search(text):
        raise FileRefused(BROKEN)
    for letters, digits in _ADDRESS.findall(text):
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - 64
        last[0], last[1] = max(last[0], int(digits)), max(last[1], column)
    if last[1] > WIDEST:
        raise FileRefused(
            f"The sheet reaches to column {last[1]:,}. Delete what lies beyond the table, or copy "
            "the table into a new workbook."
        )
    if last[0] > 2 * limits.rows + 1_000:
        raise FileRefused(
            f"The sheet reaches down to row {last[0]:,}; up to {limits.rows:,} rows are read. "
            f"{limits.remedy}"
        )


def sheets_of(data: bytes, limits: Limits) -> Iterator[tuple[str, Iterator[list[Cell]]]]:
    """Yield (name, rows) of each visible sheet. Raises ``FileRefused``."""
    check_archive(data, limits)
    import python_calamine as calamine  # noqa: PLC0415 - only an import needs it

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for sheet in book.sheets_metadata:
            work = sheet.typ == calamine.SheetTypeEnum.WorkSheet
            if work and sheet.visible == calamine.SheetVisibleEnum.Visible:
                yield sheet.name, iter(book.get_sheet_by_name(sheet.name).iter_rows())
    except calamine.CalamineError:
        raise FileRefused(BROKEN) from None


def text_of(cell: Cell) -> str:
    """Return a cell as it is shown to people and kept for the error file."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime | date | time | timedelta):
        return str(cell)
    return str(cell)


def odd_type(cell: Cell) -> str:
    """Return the word for a cell that is no text; empty for text, tick boxes and empty cells."""
    if isinstance(cell, bool | str):
        return ""
    return "number" if isinstance(cell, int | float) else "date or time"
