"""The query for a figure: the status, the place, the period and the filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal

from services.registry.figures.age_profiles import PROFILES, AgeProfile, AnyBracket, Profile
from shared import months
from shared.confirmations import confirmed_from
from shared.country import TIME_ZONE
from shared.displacement_reasons import BY_ONSET
from shared.events.vocabulary import DISPLACED, HazardType, Mobility, Movement, Reason, Sex, Shelter, Status, SubStock
from shared.hazard_definitions import Onset
from shared.hazards import HAZARDS


class View(StrEnum):
    """Selects the place by which people are counted: origin or destination."""

    ORIGIN = "origin"
    DESTINATION = "destination"


Kind = Literal["stock", "flows"]


class MovementScope(StrEnum):
    """Whether people are in the country or abroad, and whether they crossed the border.

    The scope is unknown if nobody knows where the people are.
    """

    WITHIN = "within"
    ORIGIN_UNKNOWN = "origin_unknown"  # the people are in the country, but nobody knows where they came from
    ABROAD = "abroad"
    FROM_ABROAD = "from_abroad"
    UNKNOWN = "unknown"


NO_END = date(date.max.year, 1, 1)
IN_COUNTRY = (MovementScope.WITHIN, MovementScope.ORIGIN_UNKNOWN)


class FigureCategory(StrEnum):
    """The category of the people in a figure. Figures of different categories are never added."""

    DISPLACED = "displaced"
    ABROAD = "abroad"
    FROM_ABROAD = "from_abroad"
    UNKNOWN = "unknown"
    PLANNED_RELOCATION = "planned_relocation"
    MIGRATION = "migration"


def category_of(mobility: Mobility, scope: MovementScope) -> FigureCategory:
    if mobility not in DISPLACED:
        return FigureCategory(mobility)
    return FigureCategory.DISPLACED if scope in IN_COUNTRY else FigureCategory(scope)


class ReasonRank(StrEnum):
    """Selects which of the ranked reasons of a displacement the figures use.

    FIRST uses the first reason, and ANY uses every reason. With ONLY, a displacement is counted only if it has a single
    reason.
    """

    FIRST = "first"
    ANY = "any"
    ONLY = "only"


class Dimension(StrEnum):
    """Rows are split by a dimension only on request, because each dimension multiplies the rows."""

    HAZARD_TYPE = "hazard_type"
    ONSET = "onset"
    SHELTER = "shelter"
    EVACUATION = "evacuation"
    CONFIRMATION = "confirmation"  # only the stock of registered households has this dimension


class Summary(StrEnum):
    """The dimensions of the stored sums.

    Figures by dimensions that no summary has are computed from the displacements.
    """

    DESTINATION = "destination"
    ORIGIN = "origin"
    REASON = "reason"  # one row for each destination, combination of reasons, and hazard type
    SHELTER = "shelter"  # one row for each destination, kind of shelter and kind of evacuation
    NEED = "need"
    MOVEMENT = "movement"
    DURATION = "duration"  # completed displacements: one row for each destination and class of duration


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """If `pcodes` or `visible` is None, all places are included."""

    status: Status
    known: Sequence[str]
    visible: Sequence[str] | None = None
    pcodes: Sequence[str] | None = None
    view: View = View.DESTINATION
    level: int = 2
    since: date | None = None
    until: date | None = None  # the day after the last day of the period
    reasons: Sequence[Reason] = ()
    rank: ReasonRank = ReasonRank.FIRST
    onsets: Sequence[Onset] = ()
    hazard_types: Sequence[HazardType] = ()
    shelters: Sequence[Shelter] = ()
    by: Sequence[Dimension] = ()
    is_by_reason: bool = True
    has_cells: bool = True  # if false, figures have only the total of persons, without numbers by sex and age
    scopes: Sequence[MovementScope] = ()
    mobilities: Sequence[Mobility] = DISPLACED
    sexes: Sequence[Sex] = ()
    ages: Sequence[AnyBracket] = ()
    age_profile: AgeProfile = AgeProfile.DTM
    sub_stocks: Sequence[SubStock] = (SubStock.IN_DISPLACEMENT,)
    movements: Sequence[Movement] = ()

    @property
    def chosen(self) -> list[int]:
        return self.profile.chosen(self.sexes, self.ages)

    @property
    def profile(self) -> Profile:
        return PROFILES[self.age_profile]

    @property
    def is_whole(self) -> bool:
        return len(self.chosen) == len(self.profile.cells)

    @property
    def has_hazard_type(self) -> bool:
        """The onset of a natural disaster depends on the hazard type, too."""
        is_onset_by_reason = bool(self.onsets) and self.rank is ReasonRank.ANY
        return is_onset_by_reason or not {Dimension.HAZARD_TYPE, Dimension.ONSET}.isdisjoint(self.by)

    def summary(self, kind: Kind) -> Summary | None:
        """Return None if no summary has all dimensions of the query.

        No summary has both origin and destination. A summary has the number of persons of each sex and age, but not the
        number of their households. If a query selects sexes of a stock, the summary gives the persons, and the
        displacements give the households. If a query selects ages, households and persons are counted from the
        displacements.
        """
        if not self.is_whole and (self.ages or kind == "flows"):
            return None
        if kind == "stock" and Dimension.CONFIRMATION in self.by:
            return None
        has_reasons = self.has_hazard_type or self.is_by_hazard or self.rank is not ReasonRank.FIRST
        if self.shelters or not {Dimension.SHELTER, Dimension.EVACUATION}.isdisjoint(self.by):
            has_any_reason = has_reasons or self.is_by_reason or bool(self.reasons)
            return None if has_any_reason or self.view is View.ORIGIN or kind == "flows" else Summary.SHELTER
        if self.view is View.ORIGIN:
            return Summary.ORIGIN if self.visible is None and not has_reasons else None
        return Summary.REASON if has_reasons else Summary.DESTINATION

    @property
    def need_summary(self) -> Summary | None:
        return Summary.NEED if not (self.is_filtered or self.shelters or self.is_of_origin) else None

    @property
    def movement_summary(self) -> Summary | None:
        return None if self.is_filtered else Summary.MOVEMENT

    @property
    def duration_summary(self) -> Summary | None:
        return None if self.is_filtered or self.is_of_origin else Summary.DURATION

    @property
    def is_filtered(self) -> bool:
        return bool(self.reasons) or self.is_by_hazard or self.rank is ReasonRank.ONLY or not self.is_whole

    @property
    def is_of_origin(self) -> bool:
        """If no area is selected, both views count the same people."""
        return self.view is View.ORIGIN and self.pcodes is not None

    @property
    def is_by_hazard(self) -> bool:
        return bool(self.onsets or self.hazard_types)

    def parameters(self) -> dict[str, Any]:
        until = self.until or NO_END
        last_day, ends_at = until - timedelta(days=1), datetime.combine(until, time(), TIME_ZONE)
        return {
            "status": self.status.value,
            "visible": self.visible,
            "pcodes": self.pcodes,
            "known": self.known,
            "reasons": [reason.value for reason in self.reasons] or None,
            "onsets": [onset.value for onset in self.onsets] or None,
            "slow_reasons": [reason.value for reason in BY_ONSET[Onset.SLOW]],
            "slow_hazard_types": [hazard.code.value for hazard in HAZARDS.values() if hazard.onset is Onset.SLOW],
            "hazard_types": [hazard.value for hazard in self.hazard_types] or None,
            "shelters": [shelter.value for shelter in self.shelters] or None,
            "scopes": [scope.value for scope in self.scopes] or None,
            "sub_stocks": [sub_stock.value for sub_stock in self.sub_stocks],
            "movements": [movement.value for movement in self.movements] or None,
            "mobilities": [mobility.value for mobility in self.mobilities],
            "since": midnight(self.since),
            "until": midnight(self.until),
            "evacuated_from": confirmed_from(Mobility.EVACUATION, ends_at),
            "displaced_from": confirmed_from(Mobility.DISPLACEMENT, ends_at),
            "since_day": self.since or date.min,
            "until_day": until,
            "month_day": until.replace(day=1),
            "next_month_day": month_start_from(until),
            "year_day": until.replace(month=1, day=1),
            "next_year_day": year_start_from(month_start_from(until)),
            "last_year": last_day.year,
        }


def midnight(day: date | None) -> datetime | None:
    """The start of the day in Bishkek."""
    return None if day is None else datetime.combine(day, time(), TIME_ZONE)


def month_start_from(day: date) -> date:
    return day if day.day == 1 else months.first_day(months.after(f"{day:%Y-%m}"))


def year_start_from(day: date) -> date:
    return day if (day.month, day.day) == (1, 1) else date(day.year + 1, 1, 1)


def day_after(day: date) -> date:
    return day + timedelta(days=1)


def today(now: datetime) -> date:
    return now.astimezone(TIME_ZONE).date()
