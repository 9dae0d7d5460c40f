"""Reads an XLSX workbook.

The content is counted before openpyxl reads the workbook, because a small file could use much memory.
"""

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

MERGED_CELLS = 100_000  # limit for vertically merged cells in a file
# a warning of openpyxl about a wrong date quotes the cell's value
warnings.filterwarnings("ignore", module=r"openpyxl\.")


def read(raw: bytes, most_lines: int) -> list[Sheet]:
    """Leaves out hidden sheets. Raises UnreadableFile."""
    try:
        layouts = counted(raw)
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        visible: list[Any] = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        # identifies the sheet's layout; openpyxl keeps this path in a private attribute
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
    """Leaves out empty lines. A cell that is merged over several lines has its value in each of these lines."""
    # with a stated size that is too small, some lines would be missing
    sheet.reset_dimensions()
    if layout.width > COLUMNS:
        raise UnreadableFile(FileFault.TOO_LARGE)
    uncomputed = faults_of(layout)
    above, covered = merged_columns(layout)
    # a line is no row if its only content is a merged cell that began above
    relevant = layout.filled | uncomputed.keys()
    values: dict[tuple[int, int], str] = {}
    # only lines and columns with content, because an empty cell far away must not cost time
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
    """Two dictionaries for the lines of vertically merged cells.

    The first dictionary maps each line and column to the first line of the merged cell. The second dictionary maps each
    line to its merged columns.
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
    """Days and times are in ISO format; a whole number has no decimal point."""
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
