"""Recognises movements that have only the short code of a household, and whose household is not known."""

from typing import TypeGuard

from services.registry.decisions import Held, Owner
from services.registry.reports import AnyFiled, FiledMovement

# A movement held for one of these reasons has not been judged yet. While the household is not known, the movement's
# report id is stored in place of the household's id. The author may register a household under the same id. The
# movement then belongs to that household. The movement is then judged, and no longer waits for another household.
UNDECIDED = (Held.HOUSEHOLD_UNKNOWN, Held.EXPIRED_TOKEN, Held.REVOKED)


def is_unnamed(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """Whether the report is a movement that was not judged yet, because no household with its short code is known."""
    return isinstance(filed, FiledMovement) and filed.is_unidentified and filed.reason in UNDECIDED


def is_unidentified(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """Whether the report is held only because no household with its short code is known."""
    return is_unnamed(filed) and filed.reason == Held.HOUSEHOLD_UNKNOWN


def is_mistyped(older: AnyFiled, newer: FiledMovement) -> bool:
    """Whether the older version had a wrong short code, which the newer version corrects.

    The older version still waits, because no household has its code. The newer version names a known household, and is
    by the same author or team.
    """
    return is_unidentified(older) and Owner(older.author, older.team).shares(newer.author, newer.team)
