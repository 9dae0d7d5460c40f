"""Names the area that displaced people left, for alerts about departures.

Normally the area that people left is the district of origin. If the origin is unknown, the code has `ZZ` and the digits
of the present district, such as `ZZ05258000000`. `ZZ` alone means that neither district is known. People of unknown
origin therefore have alerts of their own.
"""

from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events import Place
from shared.places import Places

IN_COUNTRY = (COUNTRY, UNKNOWN_COUNTRY)  # An unknown country counts as this country.


def area_of(place: Place, places: Places) -> str | None:
    return None if place.pcode is None else places.district(place.pcode)


def area_left(origin: Place, present: Place, places: Places) -> str | None:
    """Returns None for people from abroad, and for people abroad whose origin is unknown."""
    if origin.pcode is not None or origin.country not in IN_COUNTRY:
        return area_of(origin, places)
    if present.pcode is None and present.country not in IN_COUNTRY and origin.country == UNKNOWN_COUNTRY:
        return None
    return of_unknown_origin(area_of(present, places))


def of_unknown_origin(present_area: str | None) -> str:
    return UNKNOWN_COUNTRY + (present_area or "").removeprefix(COUNTRY)


def is_of_unknown_origin(area: str) -> bool:
    return area.startswith(UNKNOWN_COUNTRY)


def concerned(area: str) -> str | None:
    """Returns None for an alert about the whole country."""
    if not is_of_unknown_origin(area):
        return area
    digits = area.removeprefix(UNKNOWN_COUNTRY)
    return COUNTRY + digits if digits else None
