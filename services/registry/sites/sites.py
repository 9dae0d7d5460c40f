"""Sites where displaced people stay: the desk's descriptions of the sites, and the numbers of people there. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Annotated, NamedTuple, TypeVar
from uuid import UUID

from pydantic import Field

from shared.events.fields import Body, Name, Phone, Version
from shared.events.sites import SiteDescription
from shared.events.vocabulary import Shelter, SiteType
from shared.places import Places
from shared.places.localities import StatedLocality, joined
from shared.places.site_counts import Share, order, shares

Described = TypeVar("Described", bound=SiteDescription)
# The kind of shelter that people at a site of each type have.
SHELTERS: Mapping[SiteType, Shelter] = {
    SiteType.SCHOOL: Shelter.SCHOOL,
    SiteType.MOSQUE: Shelter.MOSQUE,
    SiteType.TEAHOUSE: Shelter.TEAHOUSE,
    SiteType.PUBLIC_BUILDING: Shelter.PUBLIC_BUILDING,
    SiteType.EVACUATION_POINT: Shelter.EVACUATION_POINT,
    SiteType.TENT_CAMP: Shelter.TENT,
    SiteType.PASTURE_CAMP: Shelter.PASTURE_CAMP,
    SiteType.HOSPITAL: Shelter.HOSPITAL,
    SiteType.HOTEL: Shelter.HOTEL,
    SiteType.OTHER: Shelter.OTHER,
}


class PersonInCharge(Body):
    """The person who is responsible for a site, stored encrypted and shown only on request."""

    name: Annotated[Name, Field(min_length=1)]
    phone: Phone | None = None


class SiteVersion(SiteDescription, Body):
    """A site as the desk describes it: version 1 of a new site, or the next version of a known site.

    A change without the member `person_in_charge` keeps the known person; null removes the person.
    """

    version: Version
    person_in_charge: PersonInCharge | None = None

    @property
    def keeps_person(self) -> bool:
        return "person_in_charge" not in self.model_fields_set


def is_own_unit(pcode: str, areas: Iterable[str], places: Places) -> bool:
    """Whether the unit is a district, or a city without districts, in one of the areas."""
    unit = places.unit(pcode)
    is_district = unit is not None and not any(other.parent == pcode for other in places.units(2))
    return is_district and places.covers(areas, pcode)


def is_same_site(one: SiteDescription, other: SiteDescription) -> bool:
    """Whether two descriptions are of the same site: they have the same P-code and locality, and share a name."""
    is_same_place = one.pcode == other.pcode and locality(one).is_same(locality(other))
    return is_same_place and not names(one).isdisjoint(names(other))


def locality(site: SiteDescription) -> StatedLocality:
    return StatedLocality.of(site.locality, site.locality_pcode)


def with_settlement(site: Described, places: Places) -> Described:
    """The description.

    If it lacks the code of its locality, and the gazetteer knows the typed name, the code is added.
    """
    pcode = places.locality(site.pcode, site.locality, site.locality_pcode).pcode
    return site.model_copy(update={"locality_pcode": pcode}) if pcode and pcode != site.locality_pcode else site


def is_own_settlement(site: SiteDescription, places: Places) -> bool:
    """Whether the code of the locality, if it is stated, lies in the site's unit."""
    return site.locality_pcode is None or places.covers((site.pcode,), site.locality_pcode)


def names(site: SiteDescription) -> set[str]:
    return {joined(name) for name in site.names if name}


class CountAtSite(NamedTuple):
    """A count of people at a site, in effect or replaced. `headcounts.py` explains the fields."""

    site_id: UUID
    counted_at: datetime
    reported_at: datetime
    report_id: UUID
    stock_id: UUID
    superseded_by: UUID | None
    persons: int
    covers_site: bool
    movement_id: UUID | None = None

    @property
    def is_partial(self) -> bool:
        """Whether the count has its own stock. Such a count may include people whom other counts also include."""
        return self.movement_id is None and self.stock_id == self.report_id


class SiteMove(NamedTuple):
    """Registered people who came to a site or left it by a movement of their household."""

    site_id: UUID
    is_arrival: bool
    moved_at: datetime
    persons: int


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The people at a site. If teams disagree, their number lies between `lowest` and `highest`.

    `counted_at` is the time of the newest count. `reports` are the counts whose numbers are added, newest first. If
    `has_partial_counts` is true, some of these counts are partial, so the number may be too high. `registered_came` and
    `registered_left` are the persons of registered households who came or left after the newest count. They are stated
    separately, because nobody knows whether the counts include them.
    """

    lowest: int
    highest: int
    counted_at: datetime
    reports: tuple[UUID, ...]
    has_partial_counts: bool = False
    registered_came: int = 0
    registered_left: int = 0


def occupancies(counts: Iterable[CountAtSite], moves: Iterable[SiteMove] = ()) -> dict[UUID, Occupancy]:
    """The occupancy of each site with a count. `counts` must contain all counts at these sites, also replaced ones."""
    by_site = defaultdict[UUID, list[CountAtSite]](list)
    for count in counts:
        by_site[count.site_id].append(count)
    by_share = {site_id: shares(at_site) for site_id, at_site in by_site.items()}
    moves_of = defaultdict[UUID, list[SiteMove]](list)
    for move in moves:
        moves_of[move.site_id].append(move)
    return {site_id: _occupancy(found, moves_of[site_id]) for site_id, found in by_share.items() if found}


def _occupancy(found: Sequence[Share[CountAtSite]], moves: Sequence[SiteMove]) -> Occupancy:
    ranges = [share.range(attrgetter("persons")) for share in found]
    newest_first = sorted((count for share in found for count in share.counts), key=order, reverse=True)
    later = [move for move in moves if move.moved_at > newest_first[0].counted_at]
    return Occupancy(
        lowest=sum(lowest for lowest, _ in ranges),
        highest=sum(highest for _, highest in ranges),
        counted_at=newest_first[0].counted_at,
        reports=tuple(dict.fromkeys(count.movement_id or count.report_id for count in newest_first)),
        has_partial_counts=any(count.is_partial for count in newest_first),
        registered_came=sum(move.persons for move in later if move.is_arrival),
        registered_left=sum(move.persons for move in later if not move.is_arrival),
    )
