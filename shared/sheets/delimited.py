"""Reads a CSV file, as Excel writes it in any language."""

import csv
import io

from shared.sheets.sheet import FileFault, Sheet, SheetLine, UnreadableFile, bounded, long_cells, trimmed

DELIMITERS = ";,\t"
ENCODINGS = ("utf-8-sig", "cp1251")  # a Russian Excel writes CSV in cp1251
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # Excel's "Unicode text"


def read(raw: bytes) -> Sheet:
    """The sheet without its empty lines. Raises UnreadableFile."""
    text = decoded(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text.lstrip().partition("\n")[0]))
    lines = []
    try:
        for number, values in enumerate(reader, 1):
            cells = trimmed([value.replace("\xa0", " ").strip() for value in values])
            if cells:
                lines.append(SheetLine(number, cells, long_cells(cells)))
    except csv.Error:
        raise UnreadableFile(FileFault.NO_SHEET) from None
    return bounded("", lines)


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
