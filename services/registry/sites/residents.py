"""Sums the registered displaced people at each site. No I/O.

The site of a household is sealed, and no event may reveal it. Published sums are over multiples of five households. A
published sum changes only after at least five households of the site have changed (docs/decisions/0078).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.places.registered_places import WHOLE, whole


class Residents(NamedTuple):
    """Objects of this class must never be stored, because the site of a household is sealed."""

    household_id: str
    registered_at: datetime
    site_id: UUID
    persons: int


class PublishedResidents:
    """If fewer than five households changed, the change is published only after more households have changed.

    Without this rule, the change of a sum could reveal a household that changed alone.
    """

    def __init__(self) -> None:
        self._residents: dict[UUID, frozenset[Residents]] = {}

    def sums(self, present: Iterable[Residents]) -> Mapping[UUID, tuple[int, int]]:
        """Maps each site to the numbers of persons and of households.

        `present` are the registered residents of all sites.
        """
        now = defaultdict[UUID, set[Residents]](set)
        for residents in present:
            now[residents.site_id].add(residents)
        for site_id in now.keys() | self._residents.keys():
            before = self._residents.get(site_id, frozenset())
            if len({residents.household_id for residents in before ^ now[site_id]}) >= WHOLE:
                self._residents[site_id] = frozenset(now[site_id])
        return {site_id: whole([*residents]) for site_id, residents in self._residents.items()}
