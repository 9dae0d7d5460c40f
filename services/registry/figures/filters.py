"""The filters of figures, read from the query of a URL."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Self

from fastapi import Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from services.registry.figures.age_profiles import PROFILES, AgeProfile, AnyBracket, Profile
from services.registry.figures.figure_values import Figure
from services.registry.figures.queries import (
    IN_COUNTRY,
    Dimension,
    FigureCategory,
    FigureQuery,
    MovementScope,
    ReasonRank,
    View,
    category_of,
    day_after,
    today,
)
from services.registry.figures.totals import rows
from services.registry.reports import MOVES
from services.registry.visibility import visibility_of, within
from shared import months
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.config import Settings
from shared.country import TIME_ZONE
from shared.events.fields import FIRST_YEAR, Day, PCode
from shared.events.vocabulary import DISPLACED, HazardType, Mobility, Reason, Sex, Shelter, SubStock
from shared.hazard_definitions import Onset
from shared.months import Month
from shared.places import Places

Caller = Annotated[Principal, Depends(tokens.current)]


def moved(mobility: Mobility) -> Mobility:
    if mobility not in MOVES:
        raise ValueError("`unable_to_move` is not a move: no figure contains it")
    return mobility


# These filters have no effect on figures of movements and of duration. Neither shelter nor scope can be a filter: a
# movement leads from one shelter to another, and often from one scope to another.
WITHOUT_EFFECT = frozenset(("shelter", "by", "scope"))


class Filters(BaseModel):
    """A form field that is sent empty gets its default value."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    view: View = View.DESTINATION
    level: Annotated[int, Field(ge=0, le=2)] = 2
    area: PCode | None = None
    reason: list[Reason] = []
    rank: ReasonRank = ReasonRank.FIRST
    onset: list[Onset] = []
    hazard_type: list[HazardType] = []
    shelter: list[Shelter] = []
    by: list[Dimension] = []
    scope: list[MovementScope] = []
    mobility: list[Annotated[Mobility, AfterValidator(moved)]] = list(DISPLACED)
    sex: list[Sex] = []
    age_profile: AgeProfile = AgeProfile.DTM
    age: list[AnyBracket] = []
    format: str | None = None
    lang: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def not_empty(cls, value: Any, info: Any) -> Any:
        default = cls.model_fields[info.field_name].default
        if isinstance(value, list):
            return [item for item in value if item != ""] or default
        return default if value == "" else value

    @model_validator(mode="after")
    def ages_fit(self) -> Self:
        if not set(self.age) <= set(self.profile.brackets):
            expected = ", ".join(self.profile.brackets)
            raise ValueError(f"with the age profile {self.age_profile}, `age` is expected to be one of {expected}")
        return self

    @property
    def profile(self) -> Profile:
        return PROFILES[self.age_profile]

    @property
    def are_all_persons(self) -> bool:
        return len(self.profile.chosen(self.sex, self.age)) == len(self.profile.cells)

    @property
    def categories(self) -> set[FigureCategory]:
        return {category_of(mobility, scope) for mobility in self.mobility for scope in self.scopes}

    @property
    def scopes(self) -> tuple[MovementScope, ...]:
        """By default, figures count displaced people only within the country.

        Figures count migrants, and all other people who are not displaced, everywhere.
        """
        return tuple(self.scope or (IN_COUNTRY if self.are_displaced else MovementScope))

    @property
    def are_displaced(self) -> bool:
        return set(self.mobility) <= set(DISPLACED)

    def query(self, settings: Settings, caller: Principal, places: Places, **period: Any) -> FigureQuery:
        visibility = visibility_of(caller, places)
        return FigureQuery(
            settings.counted_status,
            known=tuple(visibility.known),
            visible=None if visibility.pcodes is None else tuple(visibility.pcodes),
            pcodes=tuple(within(self.area, places)) if self.area else None,
            view=self.view,
            level=self.level,
            reasons=tuple(self.reason),
            rank=self.rank,
            onsets=tuple(self.onset),
            hazard_types=tuple(self.hazard_type),
            shelters=tuple(self.shelter),
            by=tuple(dict.fromkeys(self.by)),
            scopes=self.scopes,
            mobilities=tuple(self.mobility),
            sexes=tuple(self.sex),
            ages=tuple(self.age),
            age_profile=self.age_profile,
            **period,
        )

    def selects(self, figure: Figure) -> bool:
        return figure.mobility in self.mobility and figure.scope in self.scopes

    def rows(self, figures: list[Figure]) -> list[Figure]:
        return rows(figures, rank=self.rank, by=self.by, reasons=self.reason, onsets=self.onset)


class DayFilters(Filters):
    on: Annotated[Day | None, Field(alias="date")] = None


InStock = Literal[SubStock.IN_DISPLACEMENT, SubStock.IN_RETURN, SubStock.IN_SETTLEMENT]


class StockFilters(DayFilters):
    sub_stock: Annotated[list[InStock], Field(min_length=1)] = [SubStock.IN_DISPLACEMENT]

    def stock_query(self, settings: Settings, caller: Principal, places: Places, day: date, **more: Any) -> FigureQuery:
        query = self.query(settings, caller, places, until=day_after(day), sub_stocks=tuple(self.sub_stock))
        return replace(query, **more)


class FlowFilters(Filters):
    """The months `since` and `until` are included."""

    since: Month | None = None
    until: Month | None = None

    @property
    def period(self) -> dict[str, date | None]:
        return {
            "since": months.first_day(self.since) if self.since else None,
            "until": months.first_day(months.after(self.until)) if self.until else None,
        }


class PageDates(FlowFilters, DayFilters):
    @model_validator(mode="after")
    def ages_fit(self) -> Self:
        """The form may send brackets of a former profile, if the user has just changed the profile."""
        self.age = [age for age in self.age if age in self.profile.brackets]
        return self

    @property
    def ends_at(self) -> datetime:
        assert self.on is not None
        return datetime.combine(day_after(self.on), time(), TIME_ZONE)

    def usual(self, now: datetime) -> Self:
        """By default, figures of a stock are of today, and flows are of the last twelve months."""
        day = self.on or today(now)
        is_open = self.until or day.year == FIRST_YEAR  # there are no data before the first year
        since = self.since or (None if is_open else months.after(f"{day.year - 1}-{day.month:02}"))
        until = self.until or max(f"{max(day, today(now)):%Y-%m}", self.since or "")
        return self.model_copy(update={"on": day, "since": since, "until": until})
