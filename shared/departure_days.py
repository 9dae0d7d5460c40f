"""The day that counts as people's day of departure, by which people are compared."""

from datetime import date, timedelta

from shared.events.vocabulary import TO_THE_DAY, Precision

ABOUT = timedelta(days=3)  # a date marked "about" has the precision week, and may be wrong by this time


def departed_on(stated: date, precision: Precision, reported_on: date | None) -> date | None:
    """Returns None if the stated date is too vague.

    If people left "about" a date, they count as departed on the day of their report. A report outside the week around
    the stated date counts as the nearest day of this week.
    """
    if precision in TO_THE_DAY:
        return stated
    if precision is not Precision.WEEK:
        return None
    return min(max(reported_on or stated, stated - ABOUT), stated + ABOUT)
