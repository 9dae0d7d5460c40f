"""Counts the registered displaced people at each site. No I/O.

The site of a household is sealed, and no event may reveal it. Therefore the sums are over whole fives of households,
and change only after at least five households of the site have changed (docs/decisions/0078).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.registry.households.movements import beginning
from services.registry.places.registered_places import WHOLE, whole
from services.registry.subjects import Subject
from shared.events.vocabulary import DISPLACED, Status


@dataclass(frozen=True, slots=True)
class Residents:
    """The displaced people of a household at one site. This object is never stored."""

    household_id: str
    registered_at: datetime
    status: Status
    site_id: str
    persons: int

    @classmethod
    def of(cls, subject: Subject) -> tuple["Residents", ...]:
        """The residents of each site where people of the household are."""
        departure = subject.published
        if departure.clear.mobility not in DISPLACED:
            return ()
        course, persons = subject.courses.by_departure.get(departure.report_id), Counter[str]()
        for position, people in (course.parts if course else beginning(departure)).items():
            if position.is_displaced() and not position.is_abroad() and position.site_id:
                persons[position.site_id] += people.count
        return tuple(
            cls(subject.name[1], subject.registered_at, departure.clear.status, site_id, number)
            for site_id, number in persons.items()
            if number
        )


class PublishedResidents:
    """The residents of each site, as the published sums contain them.

    Changes of fewer than five households are not published until further households change. Otherwise the change of a
    sum could reveal a household that changed alone.
    """

    def __init__(self) -> None:
        self._residents: dict[str, frozenset[Residents]] = {}

    def sums(self, present: Iterable[Residents]) -> Mapping[str, tuple[int, int]]:
        """Maps each site to the numbers of persons and of households. `present` are the residents of all sites."""
        now = defaultdict[str, set[Residents]](set)
        for residents in present:
            now[residents.site_id].add(residents)
        for site_id in now.keys() | self._residents.keys():
            before = self._residents.get(site_id, frozenset())
            if len({residents.household_id for residents in before ^ now[site_id]}) >= WHOLE:
                self._residents[site_id] = frozenset(now[site_id])
        return {site_id: whole([*residents]) for site_id, residents in self._residents.items()}
