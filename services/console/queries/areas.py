"""The SQL condition that a place is in the reader's areas.

For the event stream, `Places.covers` decides by the same rule.
"""

from collections.abc import Iterable

from sqlalchemy import TextClause, text

from shared.places import Places
from shared.places.conditions import is_within


def in_areas(pcode: str, areas: Iterable[str], places: Places) -> TextClause:
    """`pcode` is an SQL expression.

    The value of the expression may be the code of a village.
    """
    within = places.within(areas)
    known = list(places.codes)
    return text(is_within(pcode, "within")).bindparams(within=None if within is None else sorted(within), known=known)
