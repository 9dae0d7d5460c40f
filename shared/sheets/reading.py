"""Recognises the format of a file by its first bytes. The name and the content type of a file are often wrong."""

from shared.sheets import delimited, workbook
from shared.sheets.sheet import LINES, FileFault, Sheet, UnreadableFile

BYTES = 2 * 1024 * 1024  # the largest body with a sheet
# Excel 97 writes OLE files. A workbook with a password is an OLE file too.
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read(raw: bytes, *, most_lines: int = LINES) -> list[Sheet]:
    """Reads the sheets. Hidden and empty sheets are left out. Raises UnreadableFile."""
    if raw.startswith(OLE):
        raise UnreadableFile(FileFault.LOCKED)
    sheets = workbook.read(raw, most_lines) if raw.startswith(ZIP) else [delimited.read(raw, most_lines)]
    sheets = [sheet for sheet in sheets if sheet.lines]
    if not sheets:
        raise UnreadableFile(FileFault.EMPTY)
    return sheets
