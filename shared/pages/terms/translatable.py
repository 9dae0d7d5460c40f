"""Marks texts for the catalogs. A page translates the text when it shows the text."""


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    return text
