"""Chooses the reader of a file by its first bytes, because names and content types of files are often wrong."""

from shared.sheets import delimited, workbook
from shared.sheets.sheet import FileFault, Sheet, UnreadableFile

BYTES = 2 * 1024 * 1024
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # OLE: workbooks of Excel 97, and workbooks with a password


def read(raw: bytes) -> list[Sheet]:
    """The sheets that are visible and not empty. Raises UnreadableFile."""
    if len(raw) > BYTES:
        raise UnreadableFile(FileFault.TOO_LARGE)
    if raw.startswith(OLE):
        raise UnreadableFile(FileFault.LOCKED)
    sheets = workbook.read(raw) if raw.startswith(ZIP) else [delimited.read(raw)]
    sheets = [sheet for sheet in sheets if sheet.lines]
    if not sheets:
        raise UnreadableFile(FileFault.EMPTY)
    return sheets
