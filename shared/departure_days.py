"""The day that counts as people's day of departure.

The registry and the alerts service compare people by their day of departure.
"""

from datetime import date, timedelta

from shared.events.vocabulary import TO_THE_DAY, Precision

ABOUT = timedelta(days=3)  # a date marked "about" has the precision week, and may be wrong by at most this time


def departed_on(stated: date, precision: Precision, reported_on: date | None) -> date | None:
    """The day on which people count as departed, or None if the stated date is too vague.

    If people left "about" a date, they count as departed on the day of their report. If the day of the report is not in
    the week around the stated date, the people count as departed on the nearest day of this week.
    """
    if precision in TO_THE_DAY:
        return stated
    if precision is not Precision.WEEK:
        return None
    return min(max(reported_on or stated, stated - ABOUT), stated + ABOUT)
