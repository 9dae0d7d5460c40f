"""The area that displaced people left.

The area that people left is the district of origin. If the origin is not known, the area is the district where the
people are now.

If people's origin is unknown, the code of their area is `ZZ` with the digits of the district where they are now, such
as `ZZ05258000000`. If neither district is known, the code is `ZZ`. People of unknown origin therefore have a separate
alert: they are never added to people who are known to have left the district.
"""

from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events import Place
from shared.places import Places

IN_COUNTRY = (COUNTRY, UNKNOWN_COUNTRY)  # people from an unknown place are treated as people from this country


def area_of(place: Place, places: Places) -> str | None:
    """The district of a place. Returns None if the place is abroad or not known."""
    return None if place.pcode is None else places.district(place.pcode)


def area_left(origin: Place, present: Place, places: Places) -> str | None:
    """Returns the area that people have left, if they are now at `present`.

    Returns None if the people came from abroad. Also returns None if the people are abroad, and nobody knows whether
    they left this country.
    """
    if origin.pcode is not None or origin.country not in IN_COUNTRY:
        return area_of(origin, places)
    if present.pcode is None and present.country not in IN_COUNTRY and origin.country == UNKNOWN_COUNTRY:
        return None
    return of_unknown_origin(area_of(present, places))


def of_unknown_origin(present_area: str | None) -> str:
    """The area of people of unknown origin who are now in this district. None stands for an unknown district."""
    return UNKNOWN_COUNTRY + (present_area or "").removeprefix(COUNTRY)


def is_of_unknown_origin(area: str) -> bool:
    return area.startswith(UNKNOWN_COUNTRY)


def concerned(area: str) -> str | None:
    """The district that an alert about the area concerns. Returns None if the alert concerns the whole country."""
    if not is_of_unknown_origin(area):
        return area
    digits = area.removeprefix(UNKNOWN_COUNTRY)
    return COUNTRY + digits if digits else None
