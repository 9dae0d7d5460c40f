"""Marks a text as one that is translated later."""


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    return text
