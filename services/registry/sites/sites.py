"""Sites where displaced people stay, as the desk describes them. No I/O."""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

from pydantic import Field

from shared.events.fields import Body, Name, Phone, Version
from shared.events.sites import SiteDescription
from shared.events.vocabulary import Shelter, SiteType
from shared.places import Places
from shared.places.localities import StatedLocality, joined

Described = TypeVar("Described", bound=SiteDescription)
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

    If a change omits the field `person_in_charge`, the known person is unchanged. The value null removes the person.
    """

    version: Version
    person_in_charge: PersonInCharge | None = None

    @property
    def keeps_person(self) -> bool:
        return "person_in_charge" not in self.model_fields_set


def is_own_unit(pcode: str, areas: Iterable[str], places: Places) -> bool:
    unit = places.unit(pcode)
    is_district = unit is not None and not any(other.parent == pcode for other in places.units(2))
    return is_district and places.covers(areas, pcode)


def is_same_site(one: SiteDescription, other: SiteDescription) -> bool:
    """Two descriptions are of the same site if they have the same P-code and locality, and share a name."""
    is_same_place = one.pcode == other.pcode and locality(one).is_same(locality(other))
    return is_same_place and not names(one).isdisjoint(names(other))


def locality(site: SiteDescription) -> StatedLocality:
    return StatedLocality.of(site.locality, site.locality_pcode)


def with_settlement(site: Described, places: Places) -> Described:
    """If the gazetteer knows the typed name, the missing code of the locality is added."""
    pcode = places.locality(site.pcode, site.locality, site.locality_pcode).pcode
    return site.model_copy(update={"locality_pcode": pcode}) if pcode and pcode != site.locality_pcode else site


def is_own_settlement(site: SiteDescription, places: Places) -> bool:
    """True if the caller states no code."""
    return site.locality_pcode is None or places.covers((site.pcode,), site.locality_pcode)


def names(site: SiteDescription) -> set[str]:
    return {joined(name) for name in site.names if name}
