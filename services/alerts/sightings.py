"""What the rules need of hazards and households, with places brought to one level: the district, or a city that has none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.events import Displacement, HouseholdRegistered, Place
from shared.events.vocabulary import Mobility, Precision, Status
from shared.places import Places


@dataclass(frozen=True, slots=True)
class Household:
    """A household as it stands; an area is None where the place is abroad or not known."""

    household_id: UUID
    sequence: int
    status: Status
    mobility: Mobility
    destination_area: str | None
    hazard_id: UUID | None


@dataclass(frozen=True, slots=True)
class Departure:
    """One displacement of a household, as its report says: from which area, and on which date."""

    report_id: UUID
    household_id: UUID
    status: Status
    mobility: Mobility
    area: str
    occurred_on: date


def household(event: HouseholdRegistered, places: Places) -> Household:
    return Household(
        event.household_id,
        event.sequence,
        event.status,
        event.mobility,
        area_of(event.destination, places),
        event.hazard_id,
    )


def departures(event: HouseholdRegistered, places: Places) -> dict[UUID, Departure | None]:
    """By report; None where the district or the date is not known."""
    told = (event,) if event.displacement is None else (event, event.displacement)
    return {one.report_id: departure(event.household_id, one, places) for one in told}


def departure(household_id: UUID, told: HouseholdRegistered | Displacement, places: Places) -> Departure | None:
    area = area_of(told.origin, places)
    if area is None or told.occurred_on_precision is not Precision.DAY:
        return None
    return Departure(told.report_id, household_id, told.status, told.mobility, area, told.occurred_on)


def area_of(place: Place, places: Places) -> str | None:
    return None if place.pcode is None else (places.adm2(place.pcode) or place.pcode)


def areas_of(pcodes: Iterable[str], places: Places) -> tuple[str, ...]:
    """The areas that a hazard lies over: an oblast is all its districts, and itself for those placed no finer."""
    found: dict[str, None] = {}
    for pcode in pcodes:
        district = places.adm2(pcode)
        found.update(dict.fromkeys([district] if district else [pcode, *places.children(pcode)]))
    return tuple(found)
