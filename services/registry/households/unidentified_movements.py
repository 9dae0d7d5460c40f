"""Recognises movements that have only a short code, which belongs to no known household."""

from typing import TypeGuard

from services.registry.decisions import Held, Owner
from services.registry.reports import AnyFiled, FiledMovement

# A held movement with one of these reasons has not been judged yet. While the household is unknown, the report id of
# the movement stands for the id of the household. If the author registers a household under this id, the movement
# belongs to the household.
UNDECIDED = (Held.HOUSEHOLD_UNKNOWN, Held.EXPIRED_TOKEN, Held.REVOKED)


def is_unnamed(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """True for a movement that waits, without a judgement, because no household has its short code."""
    return isinstance(filed, FiledMovement) and filed.is_unidentified and filed.reason in UNDECIDED


def is_unidentified(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """True if the movement is held only because no household has its short code."""
    return is_unnamed(filed) and filed.reason == Held.HOUSEHOLD_UNKNOWN


def is_mistyped(older: AnyFiled, newer: FiledMovement) -> bool:
    """The older version waits, because no household has the short code in it.

    The newer version names a known household, and has the same author or team.
    """
    return is_unidentified(older) and Owner(older.author, older.team).shares(newer.author, newer.team)
