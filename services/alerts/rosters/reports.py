"""Writes for the terminal who is on duty, where a roster has gaps and overlaps, and which people have left."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter

from services.alerts.rosters.duty import Duty, Gap, Overlap, Shift, current_and_next
from services.alerts.rosters.rosters import Override, Roster
from shared.country import TIME_ZONE

MOST_LINES = 20


def missing(roster: Roster, overrides: Iterable[Override], people: Collection[str]) -> list[str]:
    return sorted((roster.people | {override.person for override in overrides}).difference(people))


def absences(roster: Roster, overrides: Iterable[Override], people: Collection[str]) -> Iterator[str]:
    if left := missing(roster, overrides, people):
        yield f"No longer among the people who receive alerts, or account disabled: {', '.join(left)}."
        yield "They do not count as on duty."


def on_duty(shifts: Sequence[Shift], now: datetime, computed_until: datetime) -> str:
    current, following = current_and_next(shifts, now)
    text = "On duty now nobody"
    if current:
        at_least = "at least " if current.ends_at >= computed_until else ""
        text = f"On duty now {current.person} until {at_least}{clock(current.ends_at, now)}"
    if following is None:
        return f"{text}."
    is_later = current is None or following.begins_at > current.ends_at
    return f"{text}, next {following.person}{f' from {clock(following.begins_at, now)}' if is_later else ''}."


def clock(at: datetime, now: datetime) -> str:
    """Leaves out the date if it is today."""
    local = at.astimezone(TIME_ZONE)
    is_today = local.date() == now.astimezone(TIME_ZONE).date()
    return f"{local:%H:%M}" if is_today else f"{local:%Y-%m-%d %H:%M}"


def findings(duty: Duty) -> list[str]:
    """If the list would be too long, the last line counts the gaps and overlaps that are missing."""
    spans: list[Gap | Overlap] = [*duty.gaps, *duty.overlaps]
    spans.sort(key=attrgetter("begins_at"))
    rest = [f"and {len(spans) - MOST_LINES} more gaps and overlaps"] if len(spans) > MOST_LINES else []
    return [*map(finding, spans[:MOST_LINES]), *rest]


def finding(span: Gap | Overlap) -> str:
    time = period(span.begins_at, span.ends_at)
    if isinstance(span, Gap):
        return f"Gap: nobody is on duty {time}."
    return f"Overlap: {', '.join(dict.fromkeys(span.people))} are planned {time}; {span.people[-1]} is on duty."


def period(begins_at: datetime, ends_at: datetime) -> str:
    return f"{begins_at.astimezone(TIME_ZONE):%a %Y-%m-%d %H:%M} to {ends_at.astimezone(TIME_ZONE):%a %Y-%m-%d %H:%M}"


def lines(shifts: Iterable[Shift]) -> Iterator[str]:
    for shift in shifts:
        yield f"{period(shift.begins_at, shift.ends_at)}  {shift.person}  ({shift.layer or 'override'})"
