"""Reads CSV files from Excel in any language."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from statistics import median_low

from shared.sheets.sheet import (
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

DELIMITERS = ";,\t"
ENCODINGS = ("utf-8-sig", "cp1251")  # a Russian Excel writes cp1251
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of Excel's format "Unicode text"
FIRST_LINES, FIRST_LETTERS = 15, 20_000  # the delimiter is guessed from these lines and characters
FEWEST = 2
# Excel writes ? for ө, ү and ң, which cp1251 does not have
LOST_LETTER = re.compile(r"[^\W\d_]\?+[^\W\d_]|(?<!\S)\?+[^\W\d_]")
# The limit is larger than any file. A quotation mark that is not closed makes a very long cell, which is reported as a
# fault of the cell.
csv.field_size_limit(4 * 1024 * 1024)


def read(raw: bytes, most_lines: int) -> Sheet:
    """Reads the lines that are not empty. Raises UnreadableFile."""
    text, encoding = decoded(raw)
    try:
        return Sheet("", limited(lines(text, is_lossy=encoding == "cp1251"), most_lines, LetterBudget()))
    except csv.Error:
        raise UnreadableFile(FileFault.NO_SHEET) from None


def lines(text: str, *, is_lossy: bool) -> Iterator[SheetLine]:
    first = [line for line in text[:FIRST_LETTERS].split("\n") if line.strip()][:FIRST_LINES] or [""]
    mark = delimiter(first)
    usual = median_low(line.count(mark) for line in first)
    for number, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark), 1):
        cells = trimmed(list(map(cell_text, values)))
        faults = {column: CellFault.QUOTE for column, text in enumerate(values) if has_lines(text, mark, usual)}
        if is_lossy:
            faults = {
                column: CellFault.LETTERS for column, text in enumerate(cells) if LOST_LETTER.search(text)
            } | faults
        if cells:
            yield SheetLine(number, cells, long_cells(cells) | faults)


def has_lines(text: str, mark: str, usual: int) -> bool:
    """Returns True if a cell contains further lines of the file, because its quotation mark is not closed.

    Such a cell has a line break, and about as many delimiters as a usual line.
    """
    return "\n" in text and text.count(mark) >= max(FEWEST, usual - 1)


def decoded(raw: bytes) -> tuple[str, str]:
    """Returns the text and its encoding. Raises UnreadableFile."""
    for encoding in ("utf-16",) if raw.startswith(UTF_16) else ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, encoding
    raise UnreadableFile(FileFault.NO_SHEET)


def delimiter(first: Sequence[str]) -> str:
    """Returns the delimiter that occurs in most lines. Excel chooses the delimiter by the computer's language.

    Lines are counted, because a title above the header can have other delimiters, or none.
    """
    return max(
        DELIMITERS, key=lambda mark: (sum(mark in line for line in first), sum(line.count(mark) for line in first))
    )
