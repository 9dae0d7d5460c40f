"""Translations, read directly from the `.po` files, so that pages show the reviewed texts."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from markupsafe import Markup

SHARED = Path(__file__).parent / "locales"
SOURCE = "en"


@cache
def catalog(folder: Path, language: str) -> Catalog:
    with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language, domain="messages")


@cache
def translations(language: str, *folders: Path) -> Translations:
    """The catalogs in `folders` add texts, and override shared texts."""
    if language == SOURCE:
        return Translations()
    merged = _compiled(catalog(SHARED, language))
    for folder in folders:
        merged.merge(_compiled(catalog(folder, language)))
    return merged


def _compiled(texts: Catalog) -> Translations:
    buffer = BytesIO()
    write_mo(buffer, texts)
    buffer.seek(0)
    return Translations(buffer)


def template_functions(texts: Translations) -> dict[str, Callable[..., Markup]]:
    """The functions `_`, `gettext` and `ngettext` escape HTML.

    Jinja's own functions need the context of the template, which Jinja would copy for each text in a loop. The copies
    took a sixth of the time of a page with hundreds of rows.
    """

    def marked(text: str) -> Markup:
        return Markup(text)  # noqa: S704 - the texts are part of the program, and values are escaped

    @cache
    def without_values(message: str) -> Markup:
        return marked(texts.ugettext(message)) % {}

    def gettext(message: str, /, **values: Any) -> Markup:
        return marked(texts.ugettext(message)) % values if values else without_values(message)

    def ngettext(singular: str, plural: str, num: int, /, **values: Any) -> Markup:
        return marked(texts.ungettext(singular, plural, num)) % {"num": num, **values}

    return {"_": gettext, "gettext": gettext, "ngettext": ngettext}
