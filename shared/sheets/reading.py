"""Chooses the reader of a file by its first bytes, because names and content types of files are often wrong."""

from shared.sheets import delimited, workbook
from shared.sheets.sheet import LINES, FileFault, Sheet, UnreadableFile

BYTES = 2 * 1024 * 1024  # a body with a sheet has at most this size
# OLE is the format of workbooks of Excel 97, and of workbooks with a password
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read(raw: bytes, *, most_lines: int = LINES) -> list[Sheet]:
    """The sheets that are visible and not empty. Raises UnreadableFile."""
    if raw.startswith(OLE):
        raise UnreadableFile(FileFault.LOCKED)
    sheets = workbook.read(raw, most_lines) if raw.startswith(ZIP) else [delimited.read(raw, most_lines)]
    sheets = [sheet for sheet in sheets if sheet.lines]
    if not sheets:
        raise UnreadableFile(FileFault.EMPTY)
    return sheets
