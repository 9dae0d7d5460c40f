"""What the rules need of hazards and households, with places brought to one level: the district, or a city that has none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.events import HouseholdRegistered, Place
from shared.events.vocabulary import Mobility, Precision, Status
from shared.places import Places


@dataclass(frozen=True, slots=True)
class Household:
    """A household as it stands; an area is None where the place is abroad or not known."""

    household_id: UUID
    sequence: int
    status: Status
    mobility: Mobility
    occurred_on: date
    is_day: bool
    origin_area: str | None
    destination_area: str | None
    hazard_id: UUID | None


def household(event: HouseholdRegistered, places: Places) -> Household:
    return Household(
        event.household_id,
        event.sequence,
        event.status,
        event.mobility,
        event.occurred_on,
        event.occurred_on_precision is Precision.DAY,
        area_of(event.origin, places),
        area_of(event.destination, places),
        event.hazard_id,
    )


def area_of(place: Place, places: Places) -> str | None:
    return None if place.pcode is None else (places.adm2(place.pcode) or place.pcode)


def areas_of(pcodes: Iterable[str], places: Places) -> tuple[str, ...]:
    """The areas that a hazard lies over: an oblast is all its districts, and itself for those placed no finer."""
    found: dict[str, None] = {}
    for pcode in pcodes:
        district = places.adm2(pcode)
        found.update(dict.fromkeys([district] if district else [pcode, *places.children(pcode)]))
    return tuple(found)
