"""A file of either kind as one stream of rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.settings.imports.columns import Columns, Given, find_columns
from hub.settings.imports.delimited import open_csv, rows_of
from hub.settings.imports.limits import MEGABYTE, Limits
from hub.settings.imports.problems import FileRefused
from hub.settings.imports.workbook import (
    OLD_EXCEL,
    Cell,
    looks_like_old_excel,
    looks_like_xlsx,
    sheets_of,
    text_of,
)


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file: how it was understood, its columns, and its rows, read once."""

    read_as: str
    columns: Columns
    rows: Iterator[Given]


def open_file(data: bytes, limits: Limits, *, connector: bool) -> Source:
    """Open a CSV or XLSX file by its contents, whatever its name.

    ``connector`` True = every row must name its connector. Raises ``FileRefused``.
    """
    if len(data) > limits.size:
        raise FileRefused(
            f"The file is larger than {limits.size // MEGABYTE} MB. Nothing was read. "
            f"{limits.remedy}"
        )
    if looks_like_old_excel(data):
        raise FileRefused(OLD_EXCEL)
    if looks_like_xlsx(data):
        return _open_xlsx(data, limits, connector=connector)
    opened = open_csv(data)
    rows = rows_of(opened)
    head = next(rows, None)
    if head is None:
        raise FileRefused("The file is empty. Its first row names the columns.")
    columns = find_columns(head[1], connector=connector)
    return Source(opened.read_as, columns, _given(columns, rows, limits))


def _open_xlsx(data: bytes, limits: Limits, *, connector: bool) -> Source:
    refused: FileRefused | None = None
    for name, sheet in sheets_of(data, limits):
        rows = _not_empty(sheet)
        head = next(rows, None)
        if head is None:
            continue
        try:
            columns = find_columns(head[1], connector=connector)
        except FileRefused as error:
            refused = refused or FileRefused(f"Sheet “{name}”: {error}")
            continue
        return Source(f"sheet “{name}”", columns, _given(columns, rows, limits))
    raise refused or FileRefused(
        "No sheet of the workbook holds a row. Its first names the columns."
    )


def _not_empty(sheet: Iterator[list[Cell]]) -> Iterator[tuple[int, list[Cell]]]:
    for number, cells in enumerate(sheet, 1):
        if any(text_of(cell).strip() for cell in cells):
            yield number, cells


def _given(
    columns: Columns, rows: Iterator[tuple[int, list[Cell]]] | Iterator[tuple[int, list[str]]],
    limits: Limits,
) -> Iterator[Given]:  # fmt: skip
    for count, (number, cells) in enumerate(rows, 1):
        if count > limits.rows:
            raise FileRefused(
                f"The file has more than {limits.rows:,} rows. Nothing was changed. {limits.remedy}"
            )
        yield columns.row(number, cells)
