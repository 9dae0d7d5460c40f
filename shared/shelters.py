"""The kinds of shelter, with DTM's shelter arrangement for each kind."""

from dataclasses import dataclass
from enum import StrEnum

from shared.events.vocabulary import Shelter


class DtmShelter(StrEnum):
    HOST_COMMUNITY = "host_community"
    PRIVATE = "private"
    COLLECTIVE_CENTRE = "collective_centre"
    TRANSIT_CENTRE = "transit_centre"  # also a reception centre
    CAMP_LIKE = "camp_like"
    SELF_SETTLED = "self_settled"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ShelterDefinition:
    """`is_guess` is true if the arrangement of DTM is our own guess, without a source."""

    code: Shelter
    dtm: DtmShelter
    is_guess: bool = False


_SHELTERS = (
    ShelterDefinition(Shelter.HOST_RELATIVES, DtmShelter.HOST_COMMUNITY),
    ShelterDefinition(Shelter.HOST_OTHERS, DtmShelter.HOST_COMMUNITY),
    ShelterDefinition(Shelter.HOST_FAMILY, DtmShelter.HOST_COMMUNITY),
    ShelterDefinition(Shelter.OWN_HOUSE, DtmShelter.PRIVATE),
    ShelterDefinition(Shelter.RENTED, DtmShelter.PRIVATE),
    ShelterDefinition(Shelter.SCHOOL, DtmShelter.COLLECTIVE_CENTRE),
    ShelterDefinition(Shelter.MOSQUE, DtmShelter.COLLECTIVE_CENTRE),
    ShelterDefinition(Shelter.TEAHOUSE, DtmShelter.COLLECTIVE_CENTRE),
    ShelterDefinition(Shelter.PUBLIC_BUILDING, DtmShelter.COLLECTIVE_CENTRE),
    ShelterDefinition(Shelter.COLLECTIVE_CENTRE, DtmShelter.COLLECTIVE_CENTRE),
    ShelterDefinition(Shelter.EVACUATION_POINT, DtmShelter.TRANSIT_CENTRE),
    ShelterDefinition(Shelter.TENT, DtmShelter.CAMP_LIKE),
    ShelterDefinition(Shelter.PASTURE_CAMP, DtmShelter.CAMP_LIKE),
    ShelterDefinition(Shelter.MAKESHIFT, DtmShelter.SELF_SETTLED),
    ShelterDefinition(Shelter.OPEN_AIR, DtmShelter.SELF_SETTLED),
    ShelterDefinition(Shelter.HOTEL, DtmShelter.OTHER, is_guess=True),
    ShelterDefinition(Shelter.HOSPITAL, DtmShelter.OTHER, is_guess=True),
    ShelterDefinition(Shelter.VEHICLE, DtmShelter.OTHER, is_guess=True),
    ShelterDefinition(Shelter.OTHER, DtmShelter.OTHER),
    ShelterDefinition(Shelter.UNKNOWN, DtmShelter.UNKNOWN),
)

SHELTERS: dict[Shelter, ShelterDefinition] = {shelter.code: shelter for shelter in _SHELTERS}
BY_ARRANGEMENT: dict[DtmShelter, list[Shelter]] = {
    arrangement: [shelter.code for shelter in _SHELTERS if shelter.dtm is arrangement]
    for arrangement in DtmShelter
    if arrangement is not DtmShelter.UNKNOWN
}  # in the order of forms
