"""Whether a person has a disability, by the definition of the Washington Group. No I/O."""

from enum import IntEnum

from services.registry.reports import Content
from shared.events.vocabulary import Difficulty

DEGREES = frozenset(
    (
        Difficulty.NO_DIFFICULTY,
        Difficulty.SOME_DIFFICULTY,
        Difficulty.A_LOT_OF_DIFFICULTY,
        Difficulty.CANNOT_DO_AT_ALL,
    )
)
DISABLING = frozenset((Difficulty.A_LOT_OF_DIFFICULTY, Difficulty.CANNOT_DO_AT_ALL))


class Assessment(IntEnum):
    NOT_ASSESSED = 0
    WITHOUT_DISABILITY = 1
    WITH_DISABILITY = 2


def assessment(member: Content) -> Assessment:
    """A person with "a lot of difficulty" or more in at least one domain has a disability.

    A person who was not asked, or who refused or did not know all answers, is not assessed.
    """
    answers = DEGREES.intersection((member.get("functioning") or {}).values())
    if not answers:
        return Assessment.NOT_ASSESSED
    return Assessment.WITHOUT_DISABILITY if answers.isdisjoint(DISABLING) else Assessment.WITH_DISABILITY


def has_disability(member: Content) -> bool:
    return assessment(member) is Assessment.WITH_DISABILITY
