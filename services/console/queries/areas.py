"""The condition that a place lies in the reader's areas, as `Places.covers` decides it for the stream."""

from collections.abc import Iterable

from sqlalchemy import TextClause, text

from shared.places import Places
from shared.places.conditions import is_within


def in_areas(pcode: str, areas: Iterable[str], places: Places) -> TextClause:
    """The condition that the P-code (an SQL expression), which may be a village's, lies in one of the areas."""
    within = places.within(areas)
    known = [unit.pcode for unit in places.units()]
    return text(is_within(pcode, "within")).bindparams(within=None if within is None else sorted(within), known=known)
