"""Writes the refused rows of a sheet into an XLSX workbook, each with its reasons."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTH = 18


def written(labels: Sequence[str], rows: Iterable[tuple[Sequence[str], str]]) -> bytes:
    """Writes the rows. The last label is for the column with the reasons."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    for column in range(1, len(labels) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTH
    sheet.append(list(cells(sheet, labels, font=Font(bold=True))))
    for texts, reasons in rows:
        padded = [*texts, *[""] * (len(labels) - 1 - len(texts))]
        sheet.append(list(cells(sheet, [*padded[: len(labels) - 1], reasons])))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cells(sheet: Any, texts: Iterable[str], **style: Any) -> Iterator[Any]:
    """Writes texts as texts: a text that begins with `=` or `+` must not become a formula."""
    for text in texts:
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
        cell.data_type = "s"
        # a text even after a person edits the cell, or saves the sheet as CSV and opens it
        cell.quotePrefix = True
        for name, value in style.items():
            setattr(cell, name, value)
        yield cell
