"""Writes the found rows as an XLSX workbook. Pure."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from services.console.search.lines import ResultLine
from shared.country import TIME_ZONE
from shared.sheets.refused import cells

MOST_ROWS = 5_000
WIDTHS = (18, 36, 60, 44, 16, 20, 20, 14, 60)
MOMENT = "dd.mm.yyyy hh:mm"
BOLD = Font(bold=True)


def workbook(
    sentences: Iterable[str], labels: Sequence[str], lines: Iterable[tuple[ResultLine, str, str]], origin: str
) -> bytes:
    """The workbook: sentences that say what it contains, the labels of the columns, and a row for each line.

    Each line comes with its severity and its status in words. `origin` is the beginning of the addresses.
    """
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for column, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for sentence in sentences:
        sheet.append(list(cells(sheet, [sentence])))
    sheet.append(list(cells(sheet, labels, font=BOLD)))
    for line, severity, status in lines:
        texts = (
            line.title,
            line.headline,
            line.place,
            severity,
            line.state,
            line.source,
            status,
            f"{origin}{line.path}" if line.path else "",
        )
        sheet.append([_moment(sheet, line), *cells(sheet, texts)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _moment(sheet: Any, line: ResultLine) -> Any:
    """The time in the country's time zone. Excel knows no time zones."""
    cell = WriteOnlyCell(sheet, line.at and line.at.astimezone(TIME_ZONE).replace(tzinfo=None))
    cell.number_format = MOMENT
    return cell
