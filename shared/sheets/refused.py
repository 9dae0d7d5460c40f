"""Writes the refused rows of a sheet, with the reasons, as an XLSX workbook."""

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
    """`labels` includes the label of the column of reasons, which follows the columns of the sheet."""
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
    """Texts, and never formulas: Excel shows a text that begins with `=` or `+` as it is."""
    for text in texts:
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
        cell.data_type = "s"
        # keeps the cell a text even if a person edits it, or saves the sheet as CSV and opens the CSV file
        cell.quotePrefix = True
        for name, value in style.items():
            setattr(cell, name, value)
        yield cell
