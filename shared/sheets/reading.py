"""Chooses the reader of a file by its first bytes, because names and content types of files are often wrong."""

from shared.sheets import delimited, workbook
from shared.sheets.sheet import LINES, FileFault, Sheet, UnreadableFile

BYTES = 2 * 1024 * 1024  # limit for a body with a sheet
# OLE is the format of Excel 97, and of workbooks with a password
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read(raw: bytes, *, most_lines: int = LINES) -> list[Sheet]:
    """Leaves out hidden and empty sheets. Raises UnreadableFile."""
    if raw.startswith(OLE):
        raise UnreadableFile(FileFault.LOCKED)
    sheets = workbook.read(raw, most_lines) if raw.startswith(ZIP) else [delimited.read(raw, most_lines)]
    sheets = [sheet for sheet in sheets if sheet.lines]
    if not sheets:
        raise UnreadableFile(FileFault.EMPTY)
    return sheets
