"""Reads a CSV file, as Excel writes it in any language."""

import csv
import io
from collections.abc import Iterator

from shared.sheets.sheet import (
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
ENCODINGS = ("utf-8-sig", "cp1251")  # a Russian Excel writes CSV in cp1251
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # Excel's "Unicode text"


def read(raw: bytes, most_lines: int) -> Sheet:
    """The sheet without its empty lines. Raises UnreadableFile."""
    text = decoded(raw)
    try:
        return Sheet("", limited(lines(text), most_lines, LetterBudget()))
    except csv.Error:
        raise UnreadableFile(FileFault.NO_SHEET) from None


def lines(text: str) -> Iterator[SheetLine]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text.lstrip().partition("\n")[0]))
    for number, values in enumerate(reader, 1):
        cells = trimmed(list(map(cell_text, values)))
        if cells:
            yield SheetLine(number, cells, long_cells(cells))


def decoded(raw: bytes) -> str:
    """The text of the file. Raises UnreadableFile."""
    for encoding in ("utf-16",) if raw.startswith(UTF_16) else ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableFile(FileFault.NO_SHEET)


def delimiter(header: str) -> str:
    """The most frequent delimiter of the first line, because Excel's delimiter depends on the computer's language."""
    return max(DELIMITERS, key=header.count)
