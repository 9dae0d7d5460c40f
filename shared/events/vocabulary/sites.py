"""The codes of the sites where displaced people stay."""

from shared.events.vocabulary.codes import Code


class SiteType(Code):
    """The site types of CCCM and DTM, by building or place.

    `services/registry/sites/sites.py` maps each site type to a kind of shelter.
    """

    SCHOOL = "school"
    MOSQUE = "mosque"
    TEAHOUSE = "teahouse"
    PUBLIC_BUILDING = "public_building"
    HOSPITAL = "hospital"
    HOTEL = "hotel"
    EVACUATION_POINT = "evacuation_point"
    TENT_CAMP = "tent_camp"
    PASTURE_CAMP = "pasture_camp"
    OTHER = "other"


class SiteState(Code):
    """Whether a site can take more people."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"


class SiteNeed(Code):
    """What a site lacks."""

    WATER = "water"
    FOOD = "food"
    BEDS = "beds"
    LATRINES = "latrines"
    HEATING = "heating"
    MEDICINE = "medicine"
