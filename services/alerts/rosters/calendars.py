"""Writes shifts as iCalendar events (RFC 5545), and reads iCalendar events as overrides."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event

from services.alerts.rosters.duty import Shift
from services.alerts.rosters.rosters import LONGEST_OVERRIDE, LONGEST_REASON, MOST_OVERRIDES, Override, are_too_many
from shared.country import TIME_ZONE
from shared.errors import DocumentedError
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault
from shared.version import VERSION

MOST_BYTES = 1024 * 1024
MOST_EVENTS = 1000
LONGEST_UID = 255
LONGEST_TITLE = 80


class InvalidCalendar(DocumentedError):
    """An iCalendar file (RFC 5545) with single events that have a begin and an end is expected."""

    def __init__(self, reason: str, **values: object) -> None:
        self.fault = Fault("file", reason, values)
        super().__init__(self.fault)


@dataclass(frozen=True, slots=True)
class ReadCalendar:
    """`unknown` has names that no receiver has.

    `past` counts the ended events. `over` has the UIDs of ended and cancelled events.
    """

    overrides: Sequence[Override]
    unknown: Sequence[str]
    past: int
    over: frozenset[str] = frozenset()


def written(roster: str, shifts: Iterable[Shift], now: datetime) -> bytes:
    """A shift that is exported again keeps its uid."""
    calendar = Calendar()
    calendar.add("prodid", f"-//Dayar//{VERSION}//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", roster)
    for shift in shifts:
        event = Event()
        begin = shift.begins_at.astimezone(UTC)
        event.add("uid", str(uuid5(NAMESPACE_URL, f"{roster}\n{begin.isoformat()}\n{shift.person}")))
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", begin)
        event.add("dtend", shift.ends_at.astimezone(UTC))
        event.add("summary", shift.person)
        event.add("description", f"{roster}: {shift.layer or 'override'}")
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def read(content: bytes, people: Collection[str], now: datetime) -> ReadCalendar:
    """Leaves out events that have ended. Raises InvalidCalendar."""
    overrides, unknown, over, past = list[Override](), set[str](), set[str | None](), 0
    for event in _events(content):
        if is_cancelled(event):
            over.add(_uid(event))
            continue
        begins_at, ends_at = _times(event)
        names = _names(event)
        person = next((name for name in names if name in people), None)
        if ends_at <= now:
            past += 1
            over.add(_uid(event))
        elif person is None:
            unknown.add(names[-1])
        else:
            overrides.append(Override(person, begins_at, ends_at, _reason(event), _uid(event)))
    uids = [override.uid for override in overrides if override.uid]
    if len(set(uids)) < len(uids):
        raise InvalidCalendar(N_("two events have the same UID"))
    return ReadCalendar(overrides, sorted(unknown), past, frozenset(filter(None, over)).difference(uids))


def missing(calendar: ReadCalendar, people: Collection[str]) -> list[str]:
    return sorted({override.person for override in calendar.overrides}.difference(people))


def refuse_too_many(calendar: ReadCalendar, known: Sequence[Override]) -> None:
    """Raises InvalidCalendar if the roster would get more than MOST_OVERRIDES overrides."""
    if are_too_many([override for override in known if override.uid not in calendar.over], calendar.overrides):
        reason = N_("with this calendar, the roster would have more than %(most)s overrides")
        raise InvalidCalendar(reason, most=MOST_OVERRIDES)


def _events(content: bytes) -> Sequence[Event]:
    if len(content) > MOST_BYTES:
        raise InvalidCalendar(N_("it has more than %(most)s KiB"), most=MOST_BYTES // 1024)
    try:
        calendar = Calendar.from_ical(content)
    except ValueError:
        raise InvalidCalendar(N_("the file cannot be read")) from None
    if not isinstance(calendar, Calendar):
        raise InvalidCalendar(N_("it has no VCALENDAR"))
    events = [event for event in calendar.walk("VEVENT") if isinstance(event, Event)]
    if len(events) > MOST_EVENTS:
        raise InvalidCalendar(N_("it has more than %(most)s events"), most=MOST_EVENTS)
    return events


def is_cancelled(event: Event) -> bool:
    return str(event.get("status", "")).upper() == "CANCELLED"


def _times(event: Event) -> tuple[datetime, datetime]:
    """A time without a zone counts as local. A whole-day event lasts from midnight to midnight."""
    title = str(event.get("summary", _uid(event)))[:LONGEST_TITLE]
    if "rrule" in event or "rdate" in event:
        raise InvalidCalendar(N_('"%(title)s" is a recurring event'), title=title)
    try:
        begins_at, ends_at = _instant(event.start), _instant(event.end)
    except (ValueError, TypeError):  # For missing or contradictory times, the library `icalendar` raises ValueErrors.
        raise InvalidCalendar(N_('"%(title)s" has no begin or no end'), title=title) from None
    if begins_at >= ends_at:
        raise InvalidCalendar(N_('"%(title)s" ends before it begins'), title=title)
    if ends_at - begins_at > LONGEST_OVERRIDE:
        raise InvalidCalendar(N_('"%(title)s" lasts longer than a year'), title=title)
    return begins_at, ends_at


def _instant(at: date | datetime) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo else at.replace(tzinfo=TIME_ZONE)).astimezone(UTC)


def _names(event: Event) -> list[str]:
    """Returns the names that may be a person's label: first those of the attendees, then the event's summary."""
    attendees = event.get("attendee", [])
    names = [
        name
        for attendee in (attendees if isinstance(attendees, list) else [attendees])
        for name in (str(attendee.params.get("CN", "")), str(attendee).removeprefix("mailto:"))
    ]
    return [name.strip() for name in (*names, str(event.get("summary", ""))) if name.strip()] or ["(no name)"]


def _reason(event: Event) -> str:
    reason = "".join(filter(str.isprintable, str(event.get("description", ""))))
    return reason[:LONGEST_REASON] or "imported calendar"


def _uid(event: Event) -> str | None:
    uid = str(event.get("uid", ""))
    return uid if 0 < len(uid) <= LONGEST_UID and uid.isprintable() else None
