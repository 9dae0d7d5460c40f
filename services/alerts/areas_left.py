"""The area that displaced people left.

The area is the district of origin. If the origin is not known, the area's code is `ZZ` with the digits of the
present district, such as `ZZ05258000000`. If neither district is known, the code is `ZZ`. Alerts about people of
unknown origin are therefore separate from alerts about people of known origin.
"""

from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events import Place
from shared.places import Places

IN_COUNTRY = (COUNTRY, UNKNOWN_COUNTRY)  # an unknown place counts as a place in this country


def area_of(place: Place, places: Places) -> str | None:
    return None if place.pcode is None else places.district(place.pcode)


def area_left(origin: Place, present: Place, places: Places) -> str | None:
    """Returns None if the people came from abroad, or if they are abroad and their origin is not known."""
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
    """Returns None if the alert concerns the whole country."""
    if not is_of_unknown_origin(area):
        return area
    digits = area.removeprefix(UNKNOWN_COUNTRY)
    return COUNTRY + digits if digits else None
