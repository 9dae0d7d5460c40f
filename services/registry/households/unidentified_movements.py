"""Recognises movements that have only the short code of a household, and whose household is not known."""

from typing import TypeGuard

from services.registry.decisions import Held, Owner
from services.registry.reports import AnyFiled, FiledMovement

# A movement held for one of these reasons has not been judged yet. While its household is not known, the report's id
# stands for the household's id. If the author registers a household with this id, the movement is judged for that
# household, and must then not become a movement of another one.
UNDECIDED = (Held.HOUSEHOLD_UNKNOWN, Held.EXPIRED_TOKEN, Held.REVOKED)


def is_unnamed(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """Whether the report has not been judged yet, and the household with its short code is not known."""
    return isinstance(filed, FiledMovement) and filed.is_unidentified and filed.reason in UNDECIDED


def is_unidentified(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """Whether the report waits for a household with its short code."""
    return is_unnamed(filed) and filed.reason == Held.HOUSEHOLD_UNKNOWN


def is_mistyped(older: AnyFiled, newer: FiledMovement) -> bool:
    """Whether the older version has a wrong short code: no household has this code, so the older version still waits.

    The newer version, which names a known household, must be by the same author or team.
    """
    return is_unidentified(older) and Owner(older.author, older.team).shares(newer.author, newer.team)
