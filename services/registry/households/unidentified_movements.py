"""Recognises movements that have only a short code, which belongs to no known household."""

from typing import TypeGuard

from services.registry.decisions import Held, Owner
from services.registry.reports import AnyFiled, FiledMovement

# A held movement with one of these reasons has not been judged yet. While the household is unknown, the report id of
# the movement stands for the id of the household. The author may register a household under this id: the movement then
# belongs to the household.
UNDECIDED = (Held.HOUSEHOLD_UNKNOWN, Held.EXPIRED_TOKEN, Held.REVOKED)


def is_unnamed(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """No household has the short code of such a movement, and nobody has judged the movement."""
    return isinstance(filed, FiledMovement) and filed.is_unidentified and filed.reason in UNDECIDED


def is_unidentified(filed: AnyFiled) -> TypeGuard[FiledMovement]:
    """No household has the short code of such a movement. The movement is held for no other reason."""
    return is_unnamed(filed) and filed.reason == Held.HOUSEHOLD_UNKNOWN


def is_mistyped(older: AnyFiled, newer: FiledMovement) -> bool:
    """The older version waits, because no household has its short code.

    The newer version, by the same author or team, names a known household.
    """
    return is_unidentified(older) and Owner(older.author, older.team).shares(newer.author, newer.team)
