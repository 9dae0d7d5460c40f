"""Translations, read directly from the `.po` files, so that pages show the reviewed texts."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

SHARED = Path(__file__).parent / "locales"
SOURCE = "en"  # the texts in code and templates are in English


@cache
def catalog(folder: Path, language: str) -> Catalog:
    with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language, domain="messages")


@cache
def translations(language: str, *folders: Path) -> Translations:
    """The translations of the shared texts. The catalogs in `folders` add texts, and override shared texts."""
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
