"""Selects from events about hazards, households and groups the fields that the rules need.

Places are stored as districts.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.alerts.areas_left import area_left, area_of
from shared.country import TIME_ZONE
from shared.departure_days import departed_on
from shared.displacement_reasons import POSSIBLY_HAZARD
from shared.events import (
    Displacement,
    GroupCounted,
    GroupHeld,
    HouseholdHeld,
    HouseholdRegistered,
    HouseholdStatusChanged,
    SiteChanged,
)
from shared.events.vocabulary import TO_THE_DAY, HazardType, HouseholdUnit, Measure, Mobility, ReportKind, Status
from shared.places import Places

# A flight is a status, the area that people left, and their departure date.
Flight = tuple[Status, str, date]
HeldSubject = tuple[ReportKind, UUID]  # A household and a group may have one id, so a subject also has a kind.
Stock = tuple[Status, str | None, UUID]  # A stock is a status, the district that people left, and an id.


@dataclass(frozen=True, slots=True)
class DisplacedHousehold:
    """An area is None if the place is abroad or unknown.

    `destination_area` is also None if nobody of the household is displaced any more. `departed_on` is None if the day
    of departure is unknown. `has_other_cause` is true if no stated reason can be a hazard and the household names no
    hazard. `report_id` is None in rows that the previous release of Dayar wrote.
    """

    household_id: UUID
    report_id: UUID | None
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
    """`area` is the area that the household left (`areas_left.py`).

    `occurred_on` decides in which alert's window the departure counts. `persons` counts only people who are still
    displaced. `destination_area` is the area where the household now lives, or None if this place is abroad or unknown.
    `movement_id` is the report of a movement that forced the household onward.
    """

    report_id: UUID
    household_id: UUID
    status: Status
    mobility: Mobility
    area: str
    occurred_on: date
    persons: int
    destination_area: str | None
    movement_id: UUID | None

    @property
    def flight(self) -> Flight:
        return self.status, self.area, self.occurred_on


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """Each count of a group comes from its own report, so a group may have several counts.

    `is_counted` is false for a replaced count, and for a report that counts movements and not present people.
    `departed_on` is None if the date is too vague to lie in a window. `origin_area` is the area that the people left
    (`areas_left.py`). `covers_site` is true for a count of everybody at the site, which includes all earlier counts
    there. `counted_at` is None in rows that the previous release of Dayar wrote. `locality_pcode` is the settlement's
    code, if the settlement is known.

    `comparison` is the registry's latest comparison with registered people, and its event's sequence. If the count
    comes from a movement, `movement_id` is the movement's report, and no report has the id `report_id`.
    `persons_estimated` is true if `persons` was estimated from families or yards.
    """

    report_id: UUID
    sequence: int
    status: Status
    stock_id: UUID
    is_counted: bool
    mobility: Mobility
    persons: int
    families: int
    yards: int
    origin_area: str | None
    destination_area: str | None
    departed_on: date | None
    site_id: UUID | None
    covers_site: bool
    counted_at: datetime | None
    locality_pcode: str | None
    comparison: dict[str, Any] | None
    movement_id: UUID | None
    persons_estimated: bool

    @property
    def stock(self) -> Stock:
        return self.status, self.origin_area, self.stock_id


@dataclass(frozen=True, slots=True)
class HeldPeople:
    """If there are several held reports about these people, the newest report counts.

    `is_counted` is false when no report is held any more, and for a report that counts movements and not present
    people. `stock_id` is None for a household. `departed_on` is None if the date is too vague to lie in a window.
    `origin_area` is the area that the people left (`areas_left.py`).
    """

    kind: ReportKind
    subject_id: UUID
    report_id: UUID
    sequence: int
    status: Status
    stock_id: UUID | None
    is_counted: bool
    mobility: Mobility
    persons: int
    families: int
    yards: int
    origin_area: str | None
    destination_area: str | None
    departed_on: date | None

    @property
    def subject(self) -> HeldSubject:
        return self.kind, self.subject_id

    @property
    def flight(self) -> Flight | None:
        if not self.is_counted or self.origin_area is None or self.departed_on is None:
            return None
        return self.status, self.origin_area, self.departed_on


@dataclass(frozen=True, slots=True)
class ListedSite:
    """`area` is the district of the site. A site without coordinates has no point.

    `locality_pcode` is the code of the site's settlement.
    """

    site_id: UUID
    version: int
    name_ky: str | None
    name_ru: str | None
    name_en: str | None
    pcode: str
    area: str
    locality_pcode: str | None
    lat: float | None
    lon: float | None


def household(event: HouseholdRegistered, places: Places) -> DisplacedHousehold:
    is_of_hazard = event.hazard_type or event.hazard_id or not POSSIBLY_HAZARD.isdisjoint(event.reasons)
    return DisplacedHousehold(
        household_id=event.household_id,
        report_id=event.report_id,
        sequence=event.sequence,
        status=event.status,
        mobility=event.mobility,
        destination_area=area_of(event.destination, places) if event.displaced_now else None,
        hazard_id=event.hazard_id,
        hazard_type=event.hazard_type,
        origin_area=area_of(event.origin, places),
        departed_on=event.occurred_on if event.occurred_on_precision in TO_THE_DAY else None,
        has_other_cause=not is_of_hazard,
        is_trapped=event.latest_mobility is Mobility.UNABLE_TO_MOVE,
    )


def departures(event: HouseholdRegistered, places: Places) -> dict[UUID, Departure | None]:
    """Maps a report to its departure.

    None stands for a departure from abroad, on an imprecise date, or of people who are not displaced any more.
    """
    displacements = (event,) if event.displacement is None else (event, event.displacement)
    return {displacement.report_id: departure(event, displacement, places) for displacement in displacements}


def departure(
    event: HouseholdRegistered, displacement: HouseholdRegistered | Displacement, places: Places
) -> Departure | None:
    # In HouseholdStatusChanged, `displacement` is the new displacement of a household that was forced onward. If the
    # stated origin was wrong, the origin counts as unknown.
    is_onward = displacement is not event and isinstance(event, HouseholdStatusChanged)
    origin = displacement.origin
    area = area_of(origin, places) if is_onward else area_left(origin, event.destination, places)
    persons = event.displaced_now if displacement is event or is_onward else event.persons
    day = departed_on(displacement.occurred_on, displacement.occurred_on_precision, displacement.reported_on)
    if area is None or not persons or day is None:
        return None
    return Departure(
        report_id=displacement.report_id,
        household_id=event.household_id,
        status=displacement.status,
        mobility=displacement.mobility,
        area=area,
        occurred_on=day,
        persons=persons,
        destination_area=area_of(event.destination, places),
        movement_id=displacement.movement_id if isinstance(displacement, Displacement) else None,
    )


def group(event: GroupCounted, places: Places) -> CountedGroup:
    families, yards = families_and_yards(event.household_unit, event.households_now)
    return CountedGroup(
        report_id=event.report_id,
        sequence=event.sequence,
        status=event.status,
        stock_id=event.stock_id,
        is_counted=event.superseded_by is None and event.measure is Measure.STOCK,
        mobility=event.mobility,
        persons=event.displaced_now,
        families=families,
        yards=yards,
        origin_area=area_left(event.origin, event.destination, places),
        destination_area=area_of(event.destination, places),
        departed_on=departed_on(
            event.occurred_on, event.occurred_on_precision, event.counted_at.astimezone(TIME_ZONE).date()
        ),
        site_id=event.site_id,
        covers_site=event.covers_site,
        counted_at=event.counted_at,
        locality_pcode=event.destination_locality_pcode,
        comparison=comparison(event),
        movement_id=event.movement_id,
        persons_estimated=event.persons_estimated,
    )


def comparison(event: GroupCounted) -> dict[str, Any] | None:
    if event.comparison is None:
        return None
    return {"sequence": event.sequence, **event.comparison.model_dump(mode="json")}


def site(event: SiteChanged, places: Places) -> ListedSite:
    return ListedSite(
        site_id=event.site_id,
        version=event.version,
        name_ky=event.name_ky,
        name_ru=event.name_ru,
        name_en=event.name_en,
        pcode=event.pcode,
        area=places.district(event.pcode),
        locality_pcode=event.locality_pcode,
        lat=event.lat,
        lon=event.lon,
    )


def held_people(event: HouseholdHeld | GroupHeld, places: Places) -> HeldPeople:
    group = event if isinstance(event, GroupHeld) else None
    families, yards = families_and_yards(group.household_unit, group.households) if group else (0, 0)
    return HeldPeople(
        kind=ReportKind.GROUP if group else ReportKind.HOUSEHOLD,
        subject_id=event.key,
        report_id=event.report_id,
        sequence=event.sequence,
        status=event.status,
        stock_id=group.stock_id if group else None,
        is_counted=event.is_held and (event.persons > 0 if group is None else group.measure is Measure.STOCK),
        mobility=event.mobility,
        persons=event.persons,
        families=families,
        yards=yards,
        origin_area=area_left(event.origin, event.destination, places),
        destination_area=area_of(event.destination, places),
        departed_on=departed_on(event.occurred_on, event.occurred_on_precision, event.reported_on),
    )


def families_and_yards(unit: HouseholdUnit, households: int | None) -> tuple[int, int]:
    """Returns the numbers of families and of yards, one of which is 0."""
    number = households or 0
    return (number, 0) if unit is HouseholdUnit.FAMILIES else (0, number)
