"""Computes who is on duty at each time. Finds times with nobody on duty, and times with several planned people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import TypeVar

from services.alerts.receivers.hours import parsed
from services.alerts.rosters.rosters import LONGEST_SHIFT_DAYS, Layer, Override, Roster
from shared.country import TIME_ZONE

DAY = timedelta(days=1)
REPORTED = timedelta(weeks=8)
LONGEST_SHIFT = timedelta(days=LONGEST_SHIFT_DAYS)


@dataclass(frozen=True, slots=True)
class Shift:
    """`layer` is None for a shift from an override."""

    person: str
    begins_at: datetime
    ends_at: datetime
    layer: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of the `people`, the last one is on duty."""

    begins_at: datetime
    ends_at: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """All spans are in order, and lie within the requested period."""

    shifts: tuple[Shift, ...]
    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]


Span = TypeVar("Span", Shift, Gap, Overlap)


def duty(roster: Roster, overrides: Sequence[Override], begins_at: datetime, ends_at: datetime) -> Duty:
    """If several overrides are valid at one time, the last one decides."""
    shifts, gaps, overlaps = list[Shift](), list[Gap](), list[Overlap]()
    for begin, end in pairwise(_changes(roster, overrides, begins_at, ends_at)):
        current = [override for override in overrides if override.begins_at <= begin < override.ends_at]
        shift = _shift(roster, current, begin, end)
        if shift is None:
            _extend(gaps, Gap(begin, end))
        else:
            _extend(shifts, shift)
        people = _planned(roster, current, begin)
        if len(set(people)) > 1:
            _extend(overlaps, Overlap(begin, end, people))
    return Duty(tuple(shifts), tuple(gaps), tuple(overlaps))


def person_at(roster: Roster, overrides: Sequence[Override], at: datetime) -> str | None:
    current = [override for override in overrides if override.begins_at <= at < override.ends_at]
    shift = _shift(roster, current, at, at)
    return None if shift is None else shift.person


def shifts_from(roster: Roster, overrides: Sequence[Override], now: datetime, lasts: timedelta) -> list[Shift]:
    """The current shift begins at its real time, which is at most 31 days ago."""
    planned = duty(roster, overrides, now - LONGEST_SHIFT, now + lasts).shifts
    return [shift for shift in planned if shift.ends_at > now]


def current_and_next(shifts: Sequence[Shift], now: datetime) -> tuple[Shift | None, Shift | None]:
    current = next((shift for shift in shifts if shift.begins_at <= now < shift.ends_at), None)
    return current, next((shift for shift in shifts if shift.begins_at > now), None)


def _changes(roster: Roster, overrides: Sequence[Override], begins_at: datetime, ends_at: datetime) -> list[datetime]:
    instants = {instant for layer in roster.layers for instant in _layer_changes(layer, begins_at, ends_at)}
    instants |= {instant for override in overrides for instant in (override.begins_at, override.ends_at)}
    return sorted({begins_at, ends_at, *(instant for instant in instants if begins_at < instant < ends_at)})


def _layer_changes(layer: Layer, begins_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    handover = layer.begins_at + max((begins_at - layer.begins_at) // layer.shift, 0) * layer.shift
    while handover < ends_at:
        yield handover
        handover += layer.shift
    windows = [parsed(written) for written in layer.hours]
    midnight = datetime.combine(begins_at.astimezone(TIME_ZONE) - DAY, time(), TIME_ZONE)
    while midnight < ends_at:
        if layer.not_on_holidays:
            yield midnight
        for window in windows:
            if window.weekday == midnight.weekday():
                begin = datetime.combine(midnight, window.begin, TIME_ZONE)
                yield from (begin, begin + window.lasts)
        midnight += DAY


def _shift(roster: Roster, current: Sequence[Override], begin: datetime, end: datetime) -> Shift | None:
    if current:
        return Shift(current[-1].person, begin, end, None)
    for layer in reversed(roster.layers):
        if person := layer.person_at(begin):
            return Shift(person, begin, end, layer.name)
    return None


def _planned(roster: Roster, current: Sequence[Override], at: datetime) -> tuple[str, ...]:
    """Several people are an overlap.

    An override decides before all layers. A layer without hours decides only if no later layer has anybody on duty. A
    layer without hours therefore never overlaps with an earlier layer.
    """
    if current:
        return tuple(override.person for override in current)
    people = list[str]()
    for layer in reversed(roster.layers):
        if person := layer.person_at(at):
            if not layer.hours:
                break
            people.insert(0, person)
    return tuple(people)


def _extend(spans: list[Span], span: Span) -> None:
    if (
        spans
        and spans[-1].ends_at == span.begins_at
        and replace(span, begins_at=spans[-1].begins_at) == replace(spans[-1], ends_at=span.ends_at)
    ):
        spans[-1] = replace(spans[-1], ends_at=span.ends_at)
    else:
        spans.append(span)
