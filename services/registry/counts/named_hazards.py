"""Decides whether two counts are of people who fled the same hazard, even if only one of the counts names a hazard.

No I/O. Forms ask which hazard people fled, but not everybody answers. Without this module, figures would add two counts
of the same people if only one of the counts names the hazard. The rules are in docs/decisions/0064.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from services.registry.reports import days_of
from shared.displacement_reasons import POSSIBLY_HAZARD
from shared.events.displacements import GroupClear
from shared.events.vocabulary import HazardType

LEFT_TOGETHER = timedelta(days=3)  # the days that two teams state for one departure may be three days apart


class CountedDeparture(NamedTuple):
    hazard_id: UUID | None
    hazard_type: HazardType | None
    has_other_cause: bool
    first: date
    last: date

    @classmethod
    def of(cls, clear: GroupClear, hazard_id: UUID | None) -> "CountedDeparture":
        is_of_hazard = hazard_id or clear.hazard_type or not POSSIBLY_HAZARD.isdisjoint(clear.reasons)
        return cls(hazard_id, clear.hazard_type, not is_of_hazard, *days_of(clear))

    def fits(self, named: "CountedDeparture") -> bool:
        """`named` has a hazard, and `self` has none.

        True if the people may have fled the hazard of `named`.
        """
        if self.has_other_cause or (self.hazard_type and named.hazard_type not in (None, self.hazard_type)):
            return False
        return self.first - LEFT_TOGETHER <= named.last and named.first - LEFT_TOGETHER <= self.last


class NamedHazards:
    """The order of the counts does not matter."""

    def __init__(self, departures: Iterable[tuple[str, CountedDeparture]]) -> None:
        self._named: defaultdict[str, set[CountedDeparture]] = defaultdict(set)
        for population, departure in departures:
            if departure.hazard_id:
                self._named[population].add(departure)

    def of(self, population: str, unnamed: CountedDeparture) -> set[UUID]:
        """Returns only hazards that other counts of the population name."""
        named = self._named.get(population, ())
        return {known.hazard_id for known in named if known.hazard_id and unnamed.fits(known)}

    def agree(self, population: str, one: CountedDeparture, other: CountedDeparture) -> bool:
        """Whether two counts are of people who fled the same hazard.

        If only one hazard fits a count without a hazard, the counted people fled this hazard.

        If several hazards fit a count without a hazard, the two counts are treated as counts of different hazards.
        """
        if one.hazard_id == other.hazard_id:
            return True
        if one.hazard_id and other.hazard_id:
            return False
        unnamed, named = (other, one) if one.hazard_id else (one, other)
        return unnamed.fits(named) and self.of(population, unnamed) <= {named.hazard_id}
