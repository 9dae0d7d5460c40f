"""The fields of hazards and households that the rules need; places are districts, or cities without a district."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.events import Displacement, HouseholdRegistered, Place
from shared.events.vocabulary import TO_THE_DAY, HazardType, Mobility, Reason, Status
from shared.places import Places

# Displacement reasons with which a hazard may be the cause even if the report names no hazard.
POSSIBLY_HAZARD = {Reason.NATURAL_DISASTER, Reason.ENVIRONMENTAL_DEGRADATION, Reason.NOT_REPORTED}


@dataclass(frozen=True, slots=True)
class DisplacedHousehold:
    """The latest state of a household. An area is None if the place is abroad or unknown.

    `departed_on` is None if the day is unknown. `has_other_cause` is true if the household names no hazard and none of
    its reasons can be a hazard.
    """

    household_id: UUID
    sequence: int
    status: Status
    mobility: Mobility
    destination_area: str | None
    hazard_id: UUID | None
    hazard_type: HazardType | None
    origin_area: str | None
    departed_on: date | None
    has_other_cause: bool
    is_trapped: bool


@dataclass(frozen=True, slots=True)
class Departure:
    """One displacement of a household as reported, with the date and the area that the household left."""

    report_id: UUID
    household_id: UUID
    status: Status
    mobility: Mobility
    area: str
    occurred_on: date


def household(event: HouseholdRegistered, places: Places) -> DisplacedHousehold:
    is_of_hazard = event.hazard_type or event.hazard_id or not POSSIBLY_HAZARD.isdisjoint(event.reasons)
    return DisplacedHousehold(
        household_id=event.household_id,
        sequence=event.sequence,
        status=event.status,
        mobility=event.mobility,
        destination_area=area_of(event.destination, places),
        hazard_id=event.hazard_id,
        hazard_type=event.hazard_type,
        origin_area=area_of(event.origin, places),
        departed_on=event.occurred_on if event.occurred_on_precision in TO_THE_DAY else None,
        has_other_cause=not is_of_hazard,
        is_trapped=event.latest_mobility is Mobility.UNABLE_TO_MOVE,
    )


def departures(event: HouseholdRegistered, places: Places) -> dict[UUID, Departure | None]:
    """The departures by report id. A departure is None if its district or date is unknown."""
    displacements = (event,) if event.displacement is None else (event, event.displacement)
    return {
        displacement.report_id: departure(event.household_id, displacement, places) for displacement in displacements
    }


def departure(household_id: UUID, displacement: HouseholdRegistered | Displacement, places: Places) -> Departure | None:
    area = area_of(displacement.origin, places)
    if area is None or displacement.occurred_on_precision not in TO_THE_DAY:
        return None
    return Departure(
        displacement.report_id, household_id, displacement.status, displacement.mobility, area, displacement.occurred_on
    )


def area_of(place: Place, places: Places) -> str | None:
    return None if place.pcode is None else (places.adm2(place.pcode) or place.pcode)


def areas_of(pcodes: Iterable[str], places: Places) -> tuple[str, ...]:
    """The areas that a hazard covers.

    An oblast gives the oblast itself and all its districts, because the place of some households is only an oblast.
    """
    areas: dict[str, None] = {}
    for pcode in pcodes:
        district = places.adm2(pcode)
        areas.update(dict.fromkeys([district] if district else [pcode, *places.children(pcode)]))
    return tuple(areas)
