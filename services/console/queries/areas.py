"""Writes the SQL condition for a place in the reader's areas.

`Places.covers` applies the same rule to the event stream.
"""

from collections.abc import Iterable

from sqlalchemy import TextClause, text

from shared.places import Places
from shared.places.conditions import is_within


def in_areas(pcode: str, areas: Iterable[str], places: Places) -> TextClause:
    """Returns the condition that the SQL expression `pcode` is a unit or a village in the areas."""
    within = places.within(areas)
    known = list(places.codes)
    return text(is_within(pcode, "within")).bindparams(within=None if within is None else sorted(within), known=known)
