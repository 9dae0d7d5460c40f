"""Finds the names of one place, by the decisions of people at the desk. No I/O.

A place is given by a key: the key of a locality (`localities.key`), or the key of a listed site. The registry treats
joined places as one place. A decision can also join a count without a hazard to a hazard, or join two hazards of one
event. The order of the decisions does not matter.
"""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from shared.places import Places

PlaceKey = tuple[str, str]
SITE, HAZARD, COUNT = "site", "hazard", "count"


class PlacePair(NamedTuple):
    """The smaller key comes first."""

    one: PlaceKey
    other: PlaceKey

    @classmethod
    def of(cls, one: PlaceKey, other: PlaceKey) -> "PlacePair":
        return cls(*sorted((one, other)))


class SamePlaces:
    def __init__(self, pairs: Iterable[PlacePair] = ()) -> None:
        self._pairs = tuple(pairs)
        self._joined: dict[PlaceKey, frozenset[PlaceKey]] = {}
        for pair in self._pairs:
            joined = self.all_of(pair.one) | self.all_of(pair.other)
            self._joined.update(dict.fromkeys(joined, joined))

    def __bool__(self) -> bool:
        return bool(self._joined)

    def joined_by(self, pair: PlacePair) -> "SamePlaces":
        return SamePlaces((*self._pairs, pair))

    def all_of(self, place: PlaceKey) -> frozenset[PlaceKey]:
        return self._joined.get(place, frozenset((place,)))

    def key(self, place: PlaceKey) -> PlaceKey:
        """The common key of all places that are joined to this place."""
        joined = self._joined.get(place)
        return min(joined, key=lambda same: (not is_listed(same), same)) if joined else place

    def site(self, place: PlaceKey) -> UUID | None:
        kind, name = self.key(place)
        return UUID(name) if kind == SITE else None

    def hazard(self, key: PlaceKey) -> UUID | None:
        """Joined hazards have one id."""
        kind, name = self.key(key)
        return UUID(name) if kind == HAZARD else None

    def may_join(self, pair: PlacePair) -> bool:
        """True for two places that are not joined yet, and that are not two different sites or listed localities.

        Two hazards are joined only by a decision about the two hazards. No decision about a count may join two hazards.
        """
        are_listed = all(any(map(is_listed, self.all_of(place))) for place in pair)
        are_hazards = all(kind == HAZARD for kind, _ in pair)
        return self.key(pair.one) != self.key(pair.other) and (are_hazards or not are_listed)


def with_codes(pair: PlacePair, places: Places) -> PlacePair:
    """Names in a decision are replaced by codes, if the gazetteer was imported after the decision.

    Ids of sites and hazards are not replaced, even if a settlement of the gazetteer has the same name.
    """
    is_of_id = any(kind in (SITE, HAZARD) for kind, _ in pair)
    return pair if is_of_id else PlacePair.of(*(coded(place, places) for place in pair))


def coded(place: PlaceKey, places: Places) -> PlaceKey:
    """The code of the gazetteer replaces the name."""
    unit, name = place
    return place if is_listed(place) or unit == COUNT else places.locality(unit, name, None).key(unit)


def site_key(site_id: UUID) -> PlaceKey:
    return SITE, str(site_id)


def hazard_key(hazard_id: UUID) -> PlaceKey:
    return HAZARD, str(hazard_id)


def count_key(report_id: UUID | str) -> PlaceKey:
    return COUNT, str(report_id)


def is_listed(place: PlaceKey) -> bool:
    """A key is listed if it names a site, a hazard, or a locality with a code of the gazetteer."""
    unit, name = place
    return unit in (SITE, HAZARD) or not name


NONE_JOINED = SamePlaces()
