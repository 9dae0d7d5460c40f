"""Marks a text for the catalogs; the text is translated when a page shows it."""


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    return text
