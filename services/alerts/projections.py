"""The fields of hazards, households and groups that the rules need. Each place is stored as its district."""

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

# status, the area that people left, and the date of departure
Flight = tuple[Status, str, date]
HeldSubject = tuple[ReportKind, UUID]  # a household and a group may have the same id
Stock = tuple[Status, str | None, UUID]  # status, the district that people left, and an id


@dataclass(frozen=True, slots=True)
class DisplacedHousehold:
    """An area is None if the place is abroad or unknown.

    `destination_area` is also None when nobody in the household is still displaced. `departed_on` is None if the day
    is unknown. `has_other_cause` is true if the household names no hazard, and none of its stated reasons can be a
    hazard. `report_id` is None in rows of the previous release of Dayar.
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

    `occurred_on` is the date that decides which alert's window counts the departure. `persons` is the number of
    people who are still displaced. `destination_area` is the area where the household is now, or None if the place
    is abroad or unknown. If a movement forced the household onward, `movement_id` is the report of this movement.
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
    """A group may have several counts, each with its own report.

    `is_counted` is false if another count replaced this count, or if the report counts movements and not the people
    who are present. `departed_on` is None if the date is too vague for a window. `origin_area` is the area that the
    people left (`areas_left.py`). If `covers_site` is true, the count includes everybody who was counted at the site
    before. `counted_at` is None in rows of the previous release of Dayar. `locality_pcode` is the code of the
    people's settlement, if it is known.

    `comparison` is the registry's last comparison with registered people, with the sequence of its event. If a
    movement made the count, `movement_id` is the report of the movement, and `report_id` belongs to no report. If
    `persons_estimated` is true, `persons` was estimated from the number of families or yards.
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
    """The newest held report decides.

    `is_counted` is false if no report is held any more, or if the report counts movements and not the people who are
    present. `stock_id` is None for a household. `departed_on` is None if the date is too vague for a window.
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
    """`area` is the site's district. A site without coordinates has no point.

    `locality_pcode` is the code of the site's settlement in the gazetteer.
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
    """None stands for a departure from abroad, on an imprecise date, or of people who are no longer displaced."""
    displacements = (event,) if event.displacement is None else (event, event.displacement)
    return {displacement.report_id: departure(event, displacement, places) for displacement in displacements}


def departure(
    event: HouseholdRegistered, displacement: HouseholdRegistered | Displacement, places: Places
) -> Departure | None:
    # In HouseholdStatusChanged, `displacement` is the new displacement of people who were forced onward. If the stated
    # origin turned out to be wrong, the origin is not known.
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
    """The number of families or the number of yards is 0."""
    number = households or 0
    return (number, 0) if unit is HouseholdUnit.FAMILIES else (0, number)
