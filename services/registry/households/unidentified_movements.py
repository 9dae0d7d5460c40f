"""Recognises movements that have only a short code, which belongs to no known household."""

from typing import TypeGuard

from services.registry.decisions import Held, Owner
from services.registry.reports import AnyFiled, FiledMovement

# A held movement with a reason in UNDECIDED has not been judged yet. While the household is not known, the report id of
# the movement stands for the household's id. If the author registers a household under this id, the movement belongs to
# the household.
UNDECIDED = (Held.HOUSEHOLD_UNKNOWN, Held.EXPIRED_TOKEN, Held.REVOKED)


def is_unnamed(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """True for a movement that is not judged yet, because no household has its short code."""
    return isinstance(filed, FiledMovement) and filed.is_unidentified and filed.reason in UNDECIDED


def is_unidentified(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """True if the report is held only because no household has its short code."""
    return is_unnamed(filed) and filed.reason == Held.HOUSEHOLD_UNKNOWN


def is_mistyped(older: AnyFiled, newer: FiledMovement) -> bool:
    """The older version has a wrong short code, and waits because no household has this code.

    The newer version names a known household, and is by the same author or team.
    """
    return is_unidentified(older) and Owner(older.author, older.team).shares(newer.author, newer.team)
