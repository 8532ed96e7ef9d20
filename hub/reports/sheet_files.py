"""Writing tables as CSV or XLSX, row by row: memory does not grow with the table."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from hub.reports.cells import guard

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_ROWS = 1_048_575
"""Rows below the header that a sheet has room for."""
_CHUNK = 500
_AS_TEXT = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def csv_parts(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a CSV file in UTF-8 with a byte order mark, which spreadsheets need to see."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(head)
    for number, row in enumerate(rows, 1):
        writer.writerow([guard(cell) for cell in row])
        if number % _CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def write_xlsx(
    target: IO[bytes], title: str, head: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    """Write one sheet in which every cell is text; rows beyond a sheet's room are refused.

    Raises ``ValueError`` with a sentence when there are more rows than a sheet holds.
    """
    import xlsxwriter  # noqa: PLC0415 - 60 ms that a running hub seldom needs

    book = xlsxwriter.Workbook(target, _AS_TEXT)
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(title[:31])
    sheet.set_column(0, len(head) - 1, 22, text)
    sheet.write_row(0, 0, head, book.add_format({"bold": True, "num_format": "@"}))
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, 1):
        if number > XLSX_ROWS:
            raise ValueError(
                "There are more rows than an XLSX sheet has room for. Export as CSV instead."
            )
        for place, cell in enumerate(row):
            sheet.write_string(number, place, cell, text)
    book.close()
