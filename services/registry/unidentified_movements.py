"""Recognises movements that have only the short code of a household, and whose household is not known."""

from typing import TypeGuard

from services.registry.decisions import Held, Owner
from services.registry.reports import AnyFiled, FiledMovement

# A movement held for one of these reasons was not decided about yet. Its author may register a household with the
# report's id. If the movement was decided about for this household, it must not become a movement of another one.
UNDECIDED = (Held.HOUSEHOLD_UNKNOWN, Held.EXPIRED_TOKEN, Held.REVOKED)


def is_unnamed(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """Whether the report was not decided about yet, and has only a short code, whose household is not known."""
    return isinstance(filed, FiledMovement) and filed.is_unidentified and filed.reason in UNDECIDED


def is_unidentified(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """Whether the report waits for a household with its short code."""
    return is_unnamed(filed) and filed.reason == Held.HOUSEHOLD_UNKNOWN


def is_mistyped(older: AnyFiled, newer: FiledMovement) -> bool:
    """Whether an older version by the same author or team waits for a household with its short code.

    The newer version names a household that is known, so the code of the older version was wrong.
    """
    return is_unidentified(older) and Owner(older.author, older.team).shares(newer.author, newer.team)
