"""Rosters say who is on duty at each time, and report gaps and overlaps.

Rosters are read from files, and exchanged as iCalendar.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from services.alerts.rosters import calendars, definitions, reports
from services.alerts.rosters.calendars import InvalidCalendar
from services.alerts.rosters.definitions import InvalidRoster
from services.alerts.rosters.duty import REPORTED, Gap, Overlap, Shift, duty, shifts_from
from services.alerts.rosters.rosters import Override, Roster
from shared.country import TIME_ZONE

DAY = timedelta(days=1)


def local(day: int, hour: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=TIME_ZONE)


def roster(*layers: Mapping[str, object]) -> Roster:
    usual = {"people": ["Aida", "Bakyt"], "start": "2026-11-30", "handover": "08:00", "shift_days": 1}
    named = [{"name": f"layer {number}", **usual, **layer} for number, layer in enumerate(layers)]
    return Roster.model_validate({"name": "centre", "layers": named})


def people(planned: Roster, *overrides: Override, begin: datetime, days: int = 2) -> list[tuple[str, datetime]]:
    shifts = duty(planned, overrides, begin, begin + days * DAY).shifts
    return [(shift.person, shift.ends_at) for shift in shifts]


def test_people_take_turns_at_the_handover() -> None:
    assert people(roster({}), begin=local(1)) == [("Aida", local(1, 8)), ("Bakyt", local(2, 8)), ("Aida", local(3))]


def test_a_higher_layer_decides_in_its_hours_only() -> None:
    nights = {"people": ["Nurlan"], "hours": ["Tue 20:00-06:00"]}
    # 1 December 2026 is a Tuesday
    assert people(roster({}, nights), begin=local(1)) == [
        ("Aida", local(1, 8)),
        ("Bakyt", local(1, 20)),
        ("Nurlan", local(2, 6)),
        ("Bakyt", local(2, 8)),
        ("Aida", local(3)),
    ]


def test_nobody_is_on_duty_before_the_start_and_on_public_holidays() -> None:
    rested = roster({"start": "2026-08-30", "not_on_holidays": True})
    begin, independence_day = local(30, month=8), local(31, month=8)
    gaps = duty(rested, (), begin, independence_day + 2 * DAY).gaps
    assert gaps == (Gap(begin, begin + timedelta(hours=8)), Gap(independence_day, independence_day + DAY))


def test_the_last_of_simultaneous_overrides_decides_and_the_overlap_is_reported() -> None:
    first = Override("Cholpon", local(1, 9), local(1, 12), "leave")
    last = Override("Dastan", local(1, 11), local(1, 14), "leave")
    planned = duty(roster({}), [first, last], local(1, 8), local(2, 8))
    assert [shift.person for shift in planned.shifts] == ["Bakyt", "Cholpon", "Dastan", "Bakyt"]
    assert planned.overlaps == (Overlap(local(1, 11), local(1, 12), ("Cholpon", "Dastan")),)
    assert planned.gaps == ()


def test_layers_with_hours_overlap_each_other_but_not_their_reserve() -> None:
    days, late = (
        {"people": ["Elnura"], "hours": ["Tue 08:00-17:00"]},
        {"people": ["Farid"], "hours": ["Tue 16:00-24:00"]},
    )
    overlaps = duty(roster({}, days, late), (), local(1), local(3)).overlaps
    assert overlaps == (Overlap(local(1, 16), local(1, 17), ("Elnura", "Farid")),)
    # the reserve layer has no hours, and is the last layer
    assert duty(roster(days, late, {}), (), local(1), local(3)).overlaps == ()


def test_the_report_says_who_is_on_duty_until_when_and_who_is_next() -> None:
    now = local(1, 12)
    shifts = shifts_from(roster({"shift_days": None, "shift_hours": 12}), (), now, REPORTED)
    assert shifts[0] == Shift("Aida", local(1, 8), local(1, 20), "layer 0")
    assert reports.on_duty(shifts, now, now + REPORTED) == "On duty now Aida until 20:00, next Bakyt."
    alone = shifts_from(roster({"people": ["Aida"]}), (), now, REPORTED)
    assert reports.on_duty(alone, now, now + REPORTED) == "On duty now Aida until at least 2027-01-26 12:00."
    later = shifts_from(roster({"hours": ["Wed 08:00-20:00"]}), (), now, REPORTED)
    assert reports.on_duty(later, now, now + REPORTED) == "On duty now nobody, next Aida from 2026-12-02 08:00."


def test_people_who_have_left_are_named() -> None:
    override = Override("Cholpon", local(1), local(2), "leave")
    assert reports.missing(roster({}), [override], {"Aida"}) == ["Bakyt", "Cholpon"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"name = ", "Invalid value"),
        (b"\xff", "UTF-8"),
        (b'name = "x"\nlayers = []', "layers: Tuple should have at least 1 item"),
        (
            b'name = "x"\n[[layers]]\nname = "a"\npeople = ["b"]\nstart = 2026-12-01\nhours = ["Mo 8-9"]',
            'layers.1.hours.1: weekday, begin and end are expected, for example "Mon 08:00-17:30"',
        ),
        (
            b'{"name": "x", "layers": [{"name": "a", "people": ["b"], "start": "2026-12-01"}]}',
            "layers.1: either shift_hours or shift_days is expected",
        ),
        (b'name = "x"\nlayer = 1\nlayers = []', "layer: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_definition_says_what_was_expected(content: bytes, expected: str) -> None:
    with pytest.raises(InvalidRoster) as error:
        definitions.read(content)
    assert expected in str(error.value)


def test_exported_shifts_are_read_as_the_same_overrides_and_keep_their_uids() -> None:
    now = local(1, 12)
    calendar = calendars.written("centre", shifts_from(roster({}), (), now, 3 * DAY), now)
    read = calendars.read(calendar, {"Aida", "Bakyt"}, now)
    assert [(override.person, override.begins_at, override.ends_at) for override in read.overrides] == [
        ("Bakyt", local(1, 8), local(2, 8)),
        ("Aida", local(2, 8), local(3, 8)),
        ("Bakyt", local(3, 8), local(4, 8)),
        ("Aida", local(4, 8), local(4, 12)),
    ]
    later = calendars.written("centre", shifts_from(roster({}), (), now + DAY, DAY), now + DAY)
    assert uids(later)[0] == uids(calendar)[1]
    assert calendars.read(calendar, {"Aida"}, now).unknown == ["Bakyt"]
    assert calendars.read(calendar, {"Aida", "Bakyt"}, local(3, 8)).past == 2


def uids(calendar: bytes) -> list[str]:
    return [str(event["uid"]) for event in Calendar.from_ical(calendar).walk("VEVENT")]


def event(*lines: str) -> bytes:
    content = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(content).encode()


def test_an_event_of_a_whole_day_is_local_and_belongs_to_its_attendee() -> None:
    whole = event("UID:1", "DTSTART;VALUE=DATE:20261205", "SUMMARY:Leave", "ATTENDEE;CN=Aida:mailto:a@mes.example")
    assert calendars.read(whole, {"Aida"}, local(1)).overrides == [
        Override("Aida", local(5), local(6), "imported calendar", "1")
    ]


def test_an_event_that_was_cancelled_or_has_ended_is_over() -> None:
    times = ("DTSTART:20261205T080000", "DTEND:20261206T080000", "SUMMARY:Aida")
    cancelled = calendars.read(event("UID:1", "STATUS:Cancelled", *times), {"Aida"}, local(1))
    assert (list(cancelled.overrides), set(cancelled.over)) == ([], {"1"})
    assert calendars.read(event("UID:1", *times), {"Aida"}, local(7)).over == {"1"}
    assert not calendars.read(event("UID:1", *times), {"Aida"}, local(1)).over


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"no calendar", "the file cannot be read"),
        (event("UID:1", "SUMMARY:Aida"), '"Aida" has no begin or no end'),
        (event("DTSTART:20261205T080000", "DTEND:20261205T070000", "SUMMARY:Aida"), '"Aida" ends before it begins'),
        (event("DTSTART:20261205T080000", "DTEND:20271207T080000", "SUMMARY:Aida"), '"Aida" lasts longer than a year'),
        (event("DTSTART:20261205T080000", "DTEND:20261205T090000", "RRULE:FREQ=DAILY"), "is a recurring event"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_refused(content: bytes, expected: str) -> None:
    with pytest.raises(InvalidCalendar) as error:
        calendars.read(content, {"Aida"}, local(1))
    assert expected in str(error.value)
