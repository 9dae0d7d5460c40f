"""Writes the found rows as an XLSX workbook. Pure."""

from collections.abc import Iterable, Sequence

from services.console.search.lines import ResultLine
from shared.sheets import tables
from shared.sheets.tables import SheetTable

MOST_ROWS = 5_000
WIDTHS = (18, 36, 60, 44, 16, 20, 20, 14, 60)


def workbook(
    sentences: Sequence[str], labels: Sequence[str], lines: Iterable[tuple[ResultLine, str, str]], origin: str
) -> bytes:
    """Writes the workbook. Each line comes with its severity and its status in words.

    The lines link to pages of this installation, and `origin` is the beginning of these URLs.
    """
    rows = (
        (
            line.at,
            line.title,
            line.headline,
            line.place,
            severity,
            line.state,
            line.source,
            status,
            f"{origin}{line.path}" if line.path else "",
        )
        for line, severity, status in lines
    )
    return tables.workbook([SheetTable(sentences, labels, WIDTHS, rows)])
