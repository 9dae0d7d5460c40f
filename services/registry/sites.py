"""Sites where displaced people stay: what the desk writes about them, and how many people are there. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import Field

from shared.events.fields import Body, Name, Phone, Version
from shared.events.sites import SiteDescription
from shared.events.vocabulary import Shelter, SiteType
from shared.places.localities import folded

# The kind of shelter of the people at a site, as VOCABULARY section 6 groups the types for DTM.
SHELTERS: Mapping[SiteType, Shelter] = {
    SiteType.SCHOOL: Shelter.COLLECTIVE_CENTRE,
    SiteType.MOSQUE: Shelter.COLLECTIVE_CENTRE,
    SiteType.TEAHOUSE: Shelter.COLLECTIVE_CENTRE,
    SiteType.PUBLIC_BUILDING: Shelter.COLLECTIVE_CENTRE,
    SiteType.EVACUATION_POINT: Shelter.COLLECTIVE_CENTRE,
    SiteType.TENT_CAMP: Shelter.TENT,
    SiteType.PASTURE_CAMP: Shelter.TENT,
    SiteType.HOSPITAL: Shelter.OTHER,
    SiteType.HOTEL: Shelter.OTHER,
    SiteType.OTHER: Shelter.OTHER,
}


class PersonInCharge(Body):
    """Who answers for a site. Stored encrypted, and shown only on request."""

    name: Annotated[Name, Field(min_length=1)]
    phone: Phone | None = None


class SiteVersion(SiteDescription, Body):
    """A site as the desk writes it: version 1 of a new site, or the next version of a known one.

    A change without the member `person_in_charge` keeps the known person; null removes the person.
    """

    version: Version
    person_in_charge: PersonInCharge | None = None

    @property
    def keeps_person(self) -> bool:
        return "person_in_charge" not in self.model_fields_set


def is_same_site(one: SiteDescription, other: SiteDescription) -> bool:
    """Whether two descriptions are of one site: the same P-code and locality, and a common name in any language."""
    return place(one) == place(other) and not names(one).isdisjoint(names(other))


def place(site: SiteDescription) -> tuple[str, str]:
    return site.pcode, joined(site.locality)


def names(site: SiteDescription) -> set[str]:
    return {joined(name) for name in site.names if name}


def joined(name: str | None) -> str:
    """Without spaces, because people write both `№5` and `№ 5`."""
    return folded(name).replace(" ", "")


class CountAtSite(NamedTuple):
    """A count in effect of people at a site. `covers_site`: a full recount that does not say where they come from."""

    site_id: UUID
    counted_at: datetime
    report_id: UUID
    stock_id: UUID
    persons: int
    covers_site: bool


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The people at a site. If teams disagree, their number lies between `lowest` and `highest`.

    `counted_at` is the time of the newest count, and `reports` are the counts that the number rests on, newest first.
    """

    lowest: int
    highest: int
    counted_at: datetime
    reports: tuple[UUID, ...]


def occupancies(counts: Iterable[CountAtSite]) -> dict[UUID, Occupancy]:
    """The occupancy of each site that was counted. `counts` has all counts in effect of these sites."""
    by_site = defaultdict[UUID, list[CountAtSite]](list)
    for count in sorted(counts, key=order, reverse=True):
        by_site[count.site_id].append(count)
    return {site_id: _occupancy(_valid(newest_first)) for site_id, newest_first in by_site.items()}


def order(count: CountAtSite) -> tuple[datetime, UUID]:
    return count.counted_at, count.report_id


def _valid(newest_first: list[CountAtSite]) -> list[CountAtSite]:
    """Without the counts before the newest count of the whole site, because it counted the same people again."""
    whole = next((count for count in newest_first if count.covers_site), None)
    if whole is None:
        return newest_first
    return [count for count in newest_first if order(count) >= order(whole) or count.stock_id == whole.stock_id]


def _occupancy(newest_first: list[CountAtSite]) -> Occupancy:
    """Counts of one stock are of the same people, so they are never added; counts of different stocks are."""
    stocks = defaultdict[UUID, list[int]](list)
    for count in newest_first:
        stocks[count.stock_id].append(count.persons)
    return Occupancy(
        lowest=sum(min(persons) for persons in stocks.values()),
        highest=sum(max(persons) for persons in stocks.values()),
        counted_at=newest_first[0].counted_at,
        reports=tuple(count.report_id for count in newest_first),
    )
