"""Sums the registered displaced people at each site. No I/O.

The site of a household is sealed, and no event may reveal it. The published sums are therefore over multiples of five
households. The sums change only after at least five households of the site have changed (docs/decisions/0078).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.places.registered_places import WHOLE, whole


class Residents(NamedTuple):
    """The site of a household is sealed, so this object is never stored."""

    household_id: str
    registered_at: datetime
    site_id: UUID
    persons: int


class PublishedResidents:
    """Changes of fewer than five households are not published until further households change.

    Without this rule, the change of a sum could reveal a household that changed alone.
    """

    def __init__(self) -> None:
        self._residents: dict[UUID, frozenset[Residents]] = {}

    def sums(self, present: Iterable[Residents]) -> Mapping[UUID, tuple[int, int]]:
        """Maps each site to the numbers of persons and of households. `present` are the residents of all sites."""
        now = defaultdict[UUID, set[Residents]](set)
        for residents in present:
            now[residents.site_id].add(residents)
        for site_id in now.keys() | self._residents.keys():
            before = self._residents.get(site_id, frozenset())
            if len({residents.household_id for residents in before ^ now[site_id]}) >= WHOLE:
                self._residents[site_id] = frozenset(now[site_id])
        return {site_id: whole([*residents]) for site_id, residents in self._residents.items()}
