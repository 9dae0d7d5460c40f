"""The day that counts as the day when people left. Reports about the same people are found by this day."""

from datetime import date, timedelta

from shared.events.vocabulary import TO_THE_DAY, Precision

ABOUT = timedelta(days=3)  # a date with the precision WEEK ("about") may be wrong by three days


def departed_on(stated: date, precision: Precision, reported_on: date | None) -> date | None:
    """Return the day of departure, or None if the stated date is too vague.

    If the precision is WEEK, return the day of the report, limited to three days before and after the stated date.
    """
    if precision in TO_THE_DAY:
        return stated
    if precision is not Precision.WEEK:
        return None
    return min(max(reported_on or stated, stated - ABOUT), stated + ABOUT)
