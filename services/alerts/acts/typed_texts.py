"""Checks the names and comments that a person typed into a message or a form."""

from pydantic import ValidationError

from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.views import Comment, OnBehalf


def note_of(typed: str, *, by: str) -> BehalfNote | None:
    """Return None if the typed text is no name. `by` is the channel of the message, such as SMS."""
    try:
        return OnBehalf(name=typed, by=by).note if typed.strip() else None
    except ValidationError:
        return None


def comment_of(typed: str) -> str | None:
    try:
        return Comment(text=typed).text
    except ValidationError:
        return None
