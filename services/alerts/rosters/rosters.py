"""A roster has layers and overrides. The people of a layer take turns.

An override puts another person on duty for a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Self
from uuid import UUID

import holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.alerts.receivers.checks import LONGEST_LABEL
from services.alerts.receivers.hours import MOST, InvalidHours, are_open, parsed
from shared import events
from shared.country import COUNTRY, TIME_ZONE

MOST_LAYERS = 10
MOST_PEOPLE = 50
LONGEST_SHIFT_DAYS = 31
LONGEST_REASON = 200
LONGEST_OVERRIDE = timedelta(days=366)
MOST_OVERRIDES = 400  # With more overrides, the pages would be slow.
EARLIEST = date(2000, 1, 1)
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL, pattern=r"^[^\x00-\x1f]+$")]


def window(written: str) -> str:
    try:
        parsed(written)
    except InvalidHours:
        raise ValueError('weekday, begin and end are expected, for example "Mon 08:00-17:30"') from None
    return written


def minute(at: time) -> time:
    if at.tzinfo or at.second or at.microsecond:
        raise ValueError("hours and minutes in local time are expected, for example 08:00")
    return at


class Layer(BaseModel):
    """A layer is a rotation from `start` on: each of the `people` is on duty for one shift, in their order.

    Dates and hours are local. A layer is on duty only in its `hours`, or always if it has no `hours`. `not_on_holidays`
    puts the layer off duty on public holidays, from midnight to midnight.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    people: tuple[Name, ...] = Field(min_length=1, max_length=MOST_PEOPLE)
    start: date = Field(ge=EARLIEST)
    handover: Annotated[time, AfterValidator(minute)] = time(8)
    shift_hours: int | None = Field(None, ge=1, le=LONGEST_SHIFT_DAYS * 24)
    shift_days: int | None = Field(None, ge=1, le=LONGEST_SHIFT_DAYS)
    hours: tuple[Annotated[str, AfterValidator(window)], ...] = Field((), max_length=MOST)
    not_on_holidays: bool = False

    @model_validator(mode="after")
    def has_one_length(self) -> Self:
        if (self.shift_hours is None) == (self.shift_days is None):
            raise ValueError("either shift_hours or shift_days is expected")
        return self

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.start, self.handover, TIME_ZONE)

    @property
    def shift(self) -> timedelta:
        return timedelta(days=self.shift_days or 0, hours=self.shift_hours or 0)

    def person_at(self, at: datetime) -> str | None:
        if at < self.begins_at or not are_open(self.hours, at):
            return None
        local = at.astimezone(TIME_ZONE)
        if self.not_on_holidays and local.date() in public_holidays():
            return None
        return self.people[(local - self.begins_at) // self.shift % len(self.people)]


class Roster(BaseModel):
    """A roster says who is on duty for one task. If two layers plan a person, the later layer decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    layers: tuple[Layer, ...] = Field(min_length=1, max_length=MOST_LAYERS)

    @property
    def people(self) -> frozenset[str]:
        return frozenset(person for layer in self.layers for person in layer.people)

    @model_validator(mode="after")
    def has_distinct_layers(self) -> Self:
        names = [layer.name for layer in self.layers]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each layer needs another name, but these are repeated: {', '.join(repeated)}")
        return self


@dataclass(frozen=True, slots=True)
class Override:
    """`uid` is the event's id in the calendar from which the override was imported.

    Only a stored override has an `override_id`.
    """

    person: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    uid: str | None = None
    override_id: int | None = field(default=None, compare=False)


def roster_id(name: str) -> UUID:
    return events.derived_id("roster", name)


def are_too_many(known: Sequence[Override], added: Sequence[Override]) -> bool:
    """An added override and the known override that it replaces have the same uid, and count as one."""
    uids = {override.uid for override in added if override.uid is not None}
    return len(added) + sum(override.uid not in uids for override in known) > MOST_OVERRIDES


@cache
def public_holidays() -> holidays.HolidayBase:
    """The library computes a year's holidays when it first needs them."""
    return holidays.country_holidays(COUNTRY)
