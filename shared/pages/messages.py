"""`make messages`: updates every catalog from the code and the templates. A new text is empty until its translation."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
TRANSLATED = ("ky", "ru")
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"silent": "false"}}  # a template that cannot be parsed is an error
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
UNKEPT = tuple(f'"{name}' for name in ("POT-", "PO-", "Report-", "Last-", "Language-T", "Project-", "Generated-"))
REVIEW = "Reviewed by:"
HEADER = "# {language} texts of {place}.\n# Reviewed by: not yet reviewed by a native speaker."


def main() -> None:
    for place in places():
        for language in TRANSLATED:
            update(place, language)


def places() -> Iterator[Path]:
    """Yields the folders with catalogs: shared/pages, and each service with pages."""
    for folder in [ROOT / "shared/pages", *sorted((ROOT / "services").iterdir())]:
        if (folder / "locales").is_dir():
            yield folder


def extracted(place: Path) -> Catalog:
    template = Catalog(domain="messages", charset="utf-8")
    for _, _, text, comments, context in extract_from_dir(
        str(place), METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("i18n:",)
    ):
        template.add(text, auto_comments=comments, context=context)
    return template


def known(place: Path, language: str) -> Catalog:
    file = file_of(place, language)
    if not file.exists():
        return Catalog(locale=language, domain="messages")
    with file.open("rb") as stream:
        return read_po(stream, locale=language, domain="messages")


def update(place: Path, language: str) -> None:
    texts = known(place, language)
    texts.update(extracted(place), no_fuzzy_matching=True)
    write(place, language, texts)


def write(place: Path, language: str, texts: Catalog) -> None:
    """Writes a catalog without dates in its header, so that the file changes only if a text changes."""
    texts.fuzzy = False
    if REVIEW not in texts.header_comment:  # a header with a reviewer's name stays
        texts.header_comment = HEADER.format(language=language, place=place.relative_to(ROOT))
    lines = io.BytesIO()
    write_po(lines, texts, width=110, sort_output=True, ignore_obsolete=True)
    kept = [line for line in lines.getvalue().decode().splitlines() if not line.startswith(UNKEPT)]
    file = file_of(place, language)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(kept).rstrip() + "\n", encoding="utf-8")


def file_of(place: Path, language: str) -> Path:
    return place / "locales" / language / "LC_MESSAGES" / "messages.po"


if __name__ == "__main__":
    main()
