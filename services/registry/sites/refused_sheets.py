"""Writes the refused rows of a sheet of sites as a workbook, with reasons in the reader's language. No I/O."""

from collections.abc import Iterable

from services.registry.sites.imports import ImportedRow, RowVerdict
from services.registry.sites.sheets import REASONS, SiteSheet
from shared.pages.catalogs import translations
from shared.pages.terms import TERMS, term
from shared.sheets import refused


def workbook(sheet: SiteSheet, imported: Iterable[ImportedRow], language: str) -> bytes:
    gettext = translations(language).ugettext

    def text(column: str, expected: str) -> str:
        if expected in TERMS["site_cell_fault"]:
            fault = term("site_cell_fault", expected, gettext)
        else:
            fault = term("site_fault", column, gettext) if column in TERMS["site_fault"] else expected
        return ": ".join(filter(None, (label(column), fault)))

    def label(column: str) -> str:
        own = dict(zip(sheet.columns, sheet.labels, strict=True)).get(column)
        return own or (term("site_column", column, gettext) if column else "")

    rows = [
        (row.texts, "; ".join(text(*error) for error in result.errors))
        for row, result in zip(sheet.rows, imported, strict=True)
        if result.verdict is RowVerdict.REFUSED
    ]
    return refused.written([*sheet.labels, term("household_column", REASONS, gettext)], rows)
