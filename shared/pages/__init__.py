"""The pages for people. All services share the layout, the style sheets and the three languages."""

from shared.pages.languages import LANGUAGES, language_of
from shared.pages.pages import Pages, static
from shared.pages.terms import TERMS

__all__ = ["LANGUAGES", "TERMS", "Pages", "language_of", "static"]
