"""Shows a roster's next days as a table: whom each layer and the overrides plan, and who is on duty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from services.alerts.rosters.duty import DAY, Gap, Shift, Span, duty
from services.alerts.rosters.rosters import Override, Roster, public_holidays
from shared.country import TIME_ZONE

SHOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class DutyDay:
    """All spans lie within the day.

    `layers` has the planned shifts of each layer, in the order of the roster's layers. `overrides` has the shifts that
    come from overrides. `on_duty` has the shifts in effect. `gaps` has the times with nobody on duty.
    """

    begins_at: datetime
    is_holiday: bool
    layers: tuple[tuple[Shift, ...], ...]
    overrides: tuple[Shift, ...]
    on_duty: tuple[Shift, ...]
    gaps: tuple[Gap, ...]

    def period(self, span: Shift | Gap) -> str:
        """Returns "" if the span is the whole day."""
        if span.ends_at - span.begins_at >= DAY:
            return ""
        begin, end = (at.astimezone(TIME_ZONE) for at in (span.begins_at, span.ends_at))
        return f"{begin:%H:%M}–{'24:00' if end == self.begins_at + DAY else f'{end:%H:%M}'}"


def days(roster: Roster, overrides: Sequence[Override], now: datetime) -> list[DutyDay]:
    today = midnight(now)
    ends_at = today + SHOWN_DAYS * DAY
    layers = [duty(Roster(name=roster.name, layers=(layer,)), (), today, ends_at).shifts for layer in roster.layers]
    planned = duty(roster, overrides, today, ends_at)
    instead = [Shift(override.person, override.begins_at, override.ends_at, None) for override in overrides]
    return [
        DutyDay(
            begins_at=begin,
            is_holiday=begin.date() in public_holidays(),
            layers=tuple(of_day(shifts, begin) for shifts in layers),
            overrides=of_day(instead, begin),
            on_duty=of_day(joined(planned.shifts), begin),
            gaps=of_day(planned.gaps, begin),
        )
        for begin in (today + number * DAY for number in range(SHOWN_DAYS))
    ]


def joined(shifts: Sequence[Shift]) -> list[Shift]:
    result = list[Shift]()
    for shift in shifts:
        if result and (result[-1].person, result[-1].ends_at) == (shift.person, shift.begins_at):
            result[-1] = replace(result[-1], ends_at=shift.ends_at)
        else:
            result.append(shift)
    return result


def midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(TIME_ZONE), time(), TIME_ZONE)


def of_day(spans: Iterable[Span], begin: datetime) -> tuple[Span, ...]:
    end = begin + timedelta(days=1)
    return tuple(
        replace(span, begins_at=max(span.begins_at, begin), ends_at=min(span.ends_at, end))
        for span in spans
        if span.begins_at < end and begin < span.ends_at
    )
