"""The words that pages show for codes. There is a module for each subject.

The shared catalogs have the translations.
"""

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
    """Returns the word for a code, or the code itself if this release does not know it."""
    text = TERMS[kind].get(code)
    return code if text is None else gettext(text)
