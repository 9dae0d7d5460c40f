"""The SQL condition that a place is in the reader's areas. For the stream, `Places.covers` makes the same decision."""

from collections.abc import Iterable

from sqlalchemy import TextClause, text

from shared.places import Places
from shared.places.conditions import is_within


def in_areas(pcode: str, areas: Iterable[str], places: Places) -> TextClause:
    """The condition that a P-code is in one of the areas. `pcode` is an SQL expression, and can be a village's code."""
    within = places.within(areas)
    known = list(places.codes)
    return text(is_within(pcode, "within")).bindparams(within=None if within is None else sorted(within), known=known)
