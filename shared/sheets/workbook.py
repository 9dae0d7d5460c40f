"""Reads an XLSX workbook. A small file can need much memory, so its content is counted first."""

import io
import warnings
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.utils import range_boundaries

from shared.sheets.layouts import WorksheetLayout, counted
from shared.sheets.sheet import (
    COLUMNS,
    LINES,
    CellFault,
    FileFault,
    LetterBudget,
    Sheet,
    SheetLine,
    UnreadableFile,
    cell_text,
    limited,
    long_cells,
    trimmed,
)

MERGED_CELLS = 100_000  # merged cells over several lines, in one file
# no warnings: openpyxl quotes the value of a cell with a wrong date, which may be personal data
warnings.filterwarnings("ignore", module=r"openpyxl\.")


def read(raw: bytes, most_lines: int) -> list[Sheet]:
    """Reads the visible sheets. Raises UnreadableFile."""
    try:
        layouts = counted(raw)
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        visible: list[Any] = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        # the path of the sheet's layout, which openpyxl has only in a private attribute
        paths = [sheet._worksheet_path for sheet in visible]  # noqa: SLF001
        budget = LetterBudget()
        return [
            Sheet(sheet.title, limited(lines(sheet, layouts[path]), most_lines, budget))
            for sheet, path in zip(visible, paths, strict=True)
        ]
    except UnreadableFile:
        raise
    except Exception:  # noqa: BLE001 - for malformed workbooks, openpyxl raises errors of any type
        raise UnreadableFile(FileFault.NO_SHEET) from None


def lines(sheet: Any, layout: WorksheetLayout) -> Iterator[SheetLine]:
    """Yields the lines that are not empty. A cell merged over several lines has its value in each of these lines."""
    # the stated size of a sheet may be too small, and lines would then be missing
    sheet.reset_dimensions()
    if layout.width > COLUMNS:
        raise UnreadableFile(FileFault.TOO_LARGE)
    uncomputed = faults_of(layout)
    above, covered = merged_columns(layout)
    # a merged cell from above does not make a line a row
    relevant = layout.filled | uncomputed.keys()
    values: dict[tuple[int, int], str] = {}
    # reads only up to the last line with content: an empty cell far below must not cost time
    for number, row in enumerate(sheet.iter_rows(max_row=max(relevant, default=1), max_col=COLUMNS), 1):
        if number not in relevant:
            continue
        faults = dict(uncomputed.get(number, {}))
        cells = [text_of(cell.value) for cell in row]
        faults |= {column: CellFault.ERROR for column, cell in enumerate(row) if cell.data_type == "e"}
        for column, first in above.get(number, {}).items():
            cells += [""] * (column + 1 - len(cells))
            if first == number:
                values[number, column] = cells[column]
            else:
                cells[column] = values.get((first, column), "")
        texts = trimmed(cells)
        if texts or faults:
            yield SheetLine(number, texts, long_cells(texts) | faults, covered.get(number, frozenset()))


def faults_of(layout: WorksheetLayout) -> dict[int, dict[int, CellFault]]:
    faults: dict[int, dict[int, CellFault]] = defaultdict(dict)
    for line, column in layout.uncomputed:
        faults[line][column - 1] = CellFault.FORMULA
    return faults


def merged_columns(layout: WorksheetLayout) -> tuple[dict[int, dict[int, int]], dict[int, frozenset[int]]]:
    """Returns two dictionaries about the cells that are merged over several lines.

    The first maps each line and column to the first line of its merged cell. The second maps each line to its merged
    columns.
    """
    above: dict[int, dict[int, int]] = defaultdict(dict)
    cells = 0
    for reference in layout.merged:
        left, top, _, bottom = range_boundaries(reference)
        if left is None or top is None or bottom is None or left > COLUMNS or bottom == top:
            continue
        last = min(bottom, top + LINES)
        cells += last - top
        if cells > MERGED_CELLS:
            raise UnreadableFile(FileFault.TOO_LARGE)
        for line in range(top, last + 1):
            above[line][left - 1] = top
    return above, {line: frozenset(columns) for line, columns in above.items()}


def text_of(value: object) -> str:
    """Writes a value as text: days and times in ISO format, whole numbers without a decimal point."""
    match value:
        case None:
            return ""
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "minutes")
        case date() | time():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return cell_text(str(value))
