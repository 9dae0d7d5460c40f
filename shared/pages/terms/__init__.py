"""The words that pages show for codes, one module for each subject. The shared catalogs hold the translations."""

from collections.abc import Callable, Mapping

from shared.pages.terms import accounts, alerts, displacements, expectations, hazards, households, reports, sheets
from shared.pages.terms.translatable import N_

__all__ = ["N_", "TERMS", "term"]

TERMS: Mapping[str, Mapping[str, str]] = {
    **hazards.TERMS,
    **displacements.TERMS,
    **households.TERMS,
    **reports.TERMS,
    **alerts.TERMS,
    **accounts.TERMS,
    **sheets.TERMS,
    **expectations.TERMS,
}


def term(kind: str, code: str, gettext: Callable[[str], str]) -> str:
    """A code that is unknown to this release is returned unchanged."""
    text = TERMS[kind].get(code)
    return code if text is None else gettext(text)
