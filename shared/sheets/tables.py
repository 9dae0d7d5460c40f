"""Writes tables with numbers and times as an XLSX workbook."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from shared.country import TIME_ZONE
from shared.sheets.refused import cells

MOMENT = "dd.mm.yyyy hh:mm"
BOLD = Font(bold=True)

Value = str | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table. `sentences` say what the table contains."""

    sentences: Sequence[str]
    labels: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[Value]]
    title: str | None = None


def workbook(tables: Iterable[SheetTable]) -> bytes:
    """Writes a sheet for each table. No text becomes a formula."""
    book = openpyxl.Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(table.title)
        for column, width in enumerate(table.widths, 1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        for sentence in table.sentences:
            sheet.append(list(cells(sheet, [sentence])))
        sheet.append(list(cells(sheet, table.labels, font=BOLD)))
        for row in table.rows:
            sheet.append([_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: Value) -> Any:
    """Makes a cell. A time is converted to the country's time zone, because Excel has no time zones."""
    match value:
        case str():
            return next(cells(sheet, [value]))
        case datetime():
            cell = WriteOnlyCell(sheet, value.astimezone(TIME_ZONE).replace(tzinfo=None))
            cell.number_format = MOMENT
            return cell
        case _:
            return WriteOnlyCell(sheet, value)
