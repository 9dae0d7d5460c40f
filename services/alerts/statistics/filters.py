"""Reads the filters of the statistics from the query of a URL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared import months
from shared.country import TIME_ZONE
from shared.events.fields import PCode
from shared.events.vocabulary import HazardType, Status
from shared.months import Month
from shared.places import Places

MOST_MONTHS = 60
USUAL_MONTHS = 12


class Grouping(StrEnum):
    MONTH = "month"
    HAZARD_TYPE = "hazard_type"
    AREA = "area"


class BadPeriod(StrEnum):
    """Says why the page shows no statistics for the requested months."""

    REVERSED = "reversed"
    TOO_LONG = "too_long"


class StatisticsFilters(BaseModel):
    """The period goes from the month `since` to the month `until`, both included.

    An empty form field counts as missing, and gets its default. Without `since` and `until`, the period is the last
    twelve months.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    since: Month | None = None
    until: Month | None = None
    hazard_type: HazardType | None = None
    area: PCode | None = None
    by: Grouping = Grouping.MONTH
    page: Annotated[int, Field(ge=1, le=1_000)] = 1
    lang: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def not_empty(cls, value: Any, info: Any) -> Any:
        return cls.model_fields[info.field_name].default if value == "" else value

    def usual(self, now: datetime) -> Self:
        until = self.until or max(f"{now.astimezone(TIME_ZONE):%Y-%m}", self.since or "")
        since = self.since or _earlier(until, USUAL_MONTHS - 1)
        return self.model_copy(update={"since": since, "until": until})

    @property
    def months(self) -> list[str]:
        """Returns at most one month more than the longest period, which is enough to refuse the period."""
        assert self.since is not None
        assert self.until is not None
        period, month = list[str](), self.since
        while month <= self.until and len(period) <= MOST_MONTHS:
            period.append(month)
            month = months.after(month)
        return period

    @property
    def bad_period(self) -> BadPeriod | None:
        count = len(self.months)
        if count > MOST_MONTHS:
            return BadPeriod.TOO_LONG
        return None if count else BadPeriod.REVERSED

    def address(self, path: str = "/alerts/statistics", **changes: Any) -> str:
        """Returns the address of the first page with these filters."""
        kept = self.model_copy(update={"page": 1, **changes})
        values: Mapping[str, Any] = kept.model_dump(mode="json", exclude_none=True, exclude={"lang"})
        defaults = {"by": Grouping.MONTH, "page": 1}
        return f"{path}?{urlencode({name: value for name, value in values.items() if defaults.get(name) != value})}"


@dataclass(frozen=True, slots=True)
class StatisticsQuery:
    """`units` maps a P-code to the unit of its row. None in `visible` or `within` means all places."""

    status: Status
    begins_at: datetime
    ends_at: datetime
    by: Grouping
    now: datetime
    hazard_type: HazardType | None = None
    visible: frozenset[str] | None = None
    within: frozenset[str] | None = None
    units: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, filters: StatisticsFilters, status: Status, visible: frozenset[str] | None, places: Places, now: datetime
    ) -> Self:
        period = filters.months
        return cls(
            status,
            _midnight(period[0]),
            _midnight(months.after(period[-1])),
            filters.by,
            now,
            filters.hazard_type,
            visible,
            places.around((filters.area,)) if filters.area else None,
            units_of(places, 2 if filters.area else 1),
        )


def units_of(places: Places, level: int) -> dict[str, str]:
    """The row's unit is the oblast or, at level 2, the district.

    A place outside all units of this level has its own row.
    """
    above = places.adm1 if level == 1 else places.adm2
    return {pcode: above(pcode) or pcode for pcode in places.codes}


def _earlier(month: str, count: int) -> str:
    for _ in range(count):
        month = months.before(month)
    return month


def _midnight(month: str) -> datetime:
    return datetime.combine(months.first_day(month), time(), TIME_ZONE)
