"""Pages for people: one layout, one stylesheet and three languages for all services."""

from shared.pages.languages import LANGUAGES, language_of
from shared.pages.pages import Pages, static
from shared.pages.terms import TERMS

__all__ = ["LANGUAGES", "TERMS", "Pages", "language_of", "static"]
